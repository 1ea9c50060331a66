import Storage
import Testing

@Suite struct StorageTests {
  @Test func ownedMemoryIsZeroedAndShared() {
    let storage = Storage(byteCount: 40)
    let floats = storage.view(of: Float.self)
    #expect(floats.count == 10)
    #expect(floats.array.allSatisfy { $0 == 0 })
    floats[3] = 7
    #expect(floats[2..<5].array == [0, 7, 0])
    #expect(floats.reinterpreted(as: UInt32.self)[3] == Float(7).bitPattern)
  }

  @Test func largeBlocksWork() {
    let view = View<UInt8>(count: 3 << 20)
    view[(3 << 20) - 1] = 9
    #expect(view[(3 << 20) - 1] == 9 && view[0] == 0)
  }

  @Test func aDirectoryAndAMissingFileAreToldApart() {
    #expect(throws: StorageError.missing("/nonexistent/x")) { try Storage(mapping: "/nonexistent/x") }
    #expect(throws: StorageError.isDirectory("/")) { try Storage(mapping: "/") }
  }
}
