import Graph
import Storage
import Testing

@testable import Datasets

@Suite struct NPYTests {
  @Test(arguments: [SourceType.float32, .float64, .float16])
  func whatIsWrittenIsRead(_ type: SourceType) throws {
    let scratch = Scratch()
    let value = TensorValue(
      floats: [0, -1.5, 65504, 0.25, 6.103515625e-05, 5.9604644775390625e-08], sizes: [3, 2])
    let path = try scratch.write("x.npy", value, as: type)
    let file = try NPYFile(path)
    #expect(file.type == type && file.sizes == [3, 2])
    #expect(file.value().floats.array == value.floats.array)
    #expect(file.sample(at: 1).floats.array == [65504, 0.25])
  }

  @Test(arguments: ElementType.allCases.filter { $0 != .float32 && $0 != .int4 })
  func integersOfEachTypeAreRead(_ type: ElementType) throws {
    let scratch = Scratch()
    let value = TensorValue(integers: [1, 0, 1, 1, 0, 0], type: type, sizes: [2, 3])
    let file = try NPYFile(try scratch.write("x.npy", value))
    #expect(file.value().type == type)
    #expect(file.sample(at: 1).integers == [1, 0, 0])
  }

  @Test(arguments: [1, 2, 3] as [UInt8])
  func headersOfAllVersionsAreRead(_ version: UInt8) throws {
    let scratch = Scratch()
    let path = try scratch.write("x.npy", npy("<f4", "(2,)", bytes([1, 2] as [Float]), version: version))
    #expect(try NPYFile(path).value().floats.array == [1, 2])
  }

  @Test func otherByteOrderIsTurned() throws {
    let scratch = Scratch()
    let path = try scratch.write("x.npy", npy(">i2", "(2, 2)", [0, 1, 1, 0, 255, 255, 0, 7]))
    #expect(try NPYFile(path).value().integers == [1, 256, -1, 7])
    #expect(try NPYFile(path).sample(at: 1).integers == [-1, 7])
  }

  @Test func columnMajorArraysAreRead() throws {
    let scratch = Scratch()
    // The array [[[0,1,2],[3,4,5]],[[6,7,8],[9,10,11]]], its first index fastest.
    let stored: [Float] = [0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11]
    let file = try NPYFile(try scratch.write("x.npy", npy("<f4", fortran: true, "(2, 2, 3)", bytes(stored))))
    #expect(file.value().floats.array == (0..<12).map(Float.init))
    #expect(file.sample(at: 1).floats.array == (6..<12).map(Float.init))
  }

  @Test func oneBitsOfHeaderTextDoNotMatter() throws {
    let scratch = Scratch()
    let header = Array("{\"shape\":(2L,), 'fortran_order':False,'descr':'<f4'}   \n".utf8)
    let path = try scratch.write(
      "x.npy", NPYHeader.magic + [1, 0, UInt8(header.count), 0] + header + bytes([1, 2] as [Float]))
    #expect(try NPYFile(path).value().floats.array == [1, 2])
  }

  @Test func badFilesAreExplained() throws {
    let scratch = Scratch()
    let cases: [(String, [UInt8], String)] = [
      ("empty", [], "is empty"),
      ("object", npy("|O", "(2,)", [0, 0]), "Python objects"),
      ("text", npy("<U8", "(2,)", [UInt8](repeating: 0, count: 64)), "text"),
      ("complex", npy("<c8", "(1,)", [UInt8](repeating: 0, count: 8)), "complex"),
      ("lie", npy("<f4", "(2684354560,)", [0, 0, 0, 0]), "claims"),
      ("overflow", npy("<f4", "(4611686018427387904, 4611686018427387904)", [0]), "claims"),
      ("hidden", npy("<f4", "(0, 4611686018427387904)", []), "claims"),
      ("digits", npy("<f4", "(99999999999999999999999,)", []), "dictionary"),
      ("short", npy("<f4", "(4,)", [0, 0]), "claims"),
      ("deep", npy("<f4", "(1,1,1,1,1,1,1,1,1,1,1)", [0, 0, 0, 0]), "dimensions"),
      ("version", npy("<f4", "(1,)", [0, 0, 0, 0], version: 9), "version"),
      ("cut", Array(npy("<f4", "(1,)", [0, 0, 0, 0]).prefix(20)), "header"),
    ]
    for (name, bytes, expected) in cases {
      let path = try scratch.write("\(name).npy", bytes)
      let found = diagnostic { _ = try NPYFile(path) }
      #expect(found?.kind == .badData, "\(name)")
      #expect(found?.message.contains(expected) == true, "\(name): \(found?.message ?? "nothing")")
      #expect(found?.message.contains(path) == true)
    }
    #expect(diagnostic { _ = try NPYFile(scratch.path + "/none.npy") }?.kind == .missing)
  }
}
