import Graph
import Storage
import Testing

@testable import ONNXFormat

/// The ways in which a file may hold a tensor's elements.
@Suite struct TensorDataTests {
  /// A constant of these fields, as the graph has it.
  private func constant(_ type: Int, _ sizes: [Int], _ write: (inout MessageWriter) -> Void) throws
    -> TensorValue
  {
    var writer = MessageWriter()
    write(&writer)
    let tensor = TestTensor(name: "w", sizes: sizes, type: type, raw: [], typed: writer.bytes)
    let graph = try imported(
      TestModel(
        graph: TestGraph(
          nodes: [TestNode("Identity", ["w"], ["y"])], outputs: [TestValue("y", nil, type: type)],
          initializers: [tensor])))
    return try #require(graph[graph.outputs[0].tensor].constant).realized()
  }

  private func packed(_ values: [UInt64]) -> [UInt8] {
    var writer = MessageWriter()
    values.forEach { writer.varint($0) }
    return writer.bytes
  }

  @Test func floatsComePackedOrOneByOne() throws {
    let one = try constant(1, [3]) { writer in [1.5, -2, 0.25].forEach { writer.float(4, $0) } }
    #expect(one.floats.array == [1.5, -2, 0.25])
    let bytes = View([Float(1.5), -2, 0.25]).reinterpreted(as: UInt8.self).array
    let all = try constant(1, [3]) { $0.bytes(4, bytes) }
    #expect(all.floats.array == [1.5, -2, 0.25])
    let pieces = try constant(1, [3]) {
      $0.bytes(4, Array(bytes[..<4]))
      $0.bytes(4, Array(bytes[4...]))
    }
    #expect(pieces.floats.array == [1.5, -2, 0.25])
  }

  @Test func halvesAreWidened() throws {
    let half = try constant(10, [2]) { $0.bytes(5, packed([0x3C00, 0xC100])) }
    #expect(half.floats.array == [1, -2.5])
    let brain = try constant(16, [2]) { $0.bytes(9, [0x80, 0x3F, 0x20, 0xC0]) }
    #expect(brain.floats.array == [1, -2.5])
  }

  @Test func doublesAreNarrowed() throws {
    let bytes = View([1.5, -3.0]).reinterpreted(as: UInt8.self).array
    #expect(try constant(11, [2]) { $0.bytes(10, bytes) }.floats.array == [1.5, -3])
  }

  @Test func integersOfAllWidths() throws {
    let minusOne = UInt64(bitPattern: -1)
    #expect(try constant(7, [2]) { $0.bytes(7, packed([minusOne, 5])) }.integers == [-1, 5])
    #expect(try constant(6, [2]) { $0.bytes(5, packed([minusOne, 5])) }.integers == [-1, 5])
    #expect(try constant(3, [2]) { $0.bytes(5, packed([minusOne, 5])) }.integers == [-1, 5])
    #expect(try constant(12, [1]) { $0.bytes(11, packed([0xFFFF_FFFF])) }.integers == [0xFFFF_FFFF])
    #expect(try constant(9, [2]) { $0.bytes(5, packed([1, 0])) }.integers == [1, 0])
    // Two nibbles in a byte, the first one low.
    #expect(try constant(22, [3]) { $0.bytes(9, [0x8F, 0x07]) }.integers == [-1, -8, 7])
  }

  @Test func wrongCountsAreRefused() throws {
    #expect(throws: Diagnostic.self) { try constant(7, [3]) { $0.bytes(7, packed([1, 2])) } }
    #expect(throws: Diagnostic.self) { try constant(7, [1]) { $0.bytes(7, packed([1, 2])) } }
    #expect(throws: Diagnostic.self) { try constant(1, [2]) { $0.bytes(9, [0, 0, 0]) } }
    #expect(throws: Diagnostic.self) { try constant(1, [2]) { $0.bytes(7, packed([1, 2])) } }
  }
}
