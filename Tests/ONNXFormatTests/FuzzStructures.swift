/// Files that are wrong on purpose.
enum StructuredCase: String, CaseIterable, Sendable {
  case deepGraphs, deepTypes, manyNodes, repeatedGraphs, manyDimensions, manyInputs, hugeClaim, manyAttributes
  case longVarint, doublingFunctions

  var bytes: [UInt8] {
    switch self {
    case .deepGraphs: header + field(7, nested([6, 5, 1], 100_000))
    case .deepTypes: header + field(7, field(11, nested([1, 4, 2], 100_000)))
    case .manyNodes: header + field(7, repeated(field(1, [0x22, 0x04] + Array("Relu".utf8)), 1_000_000))
    case .repeatedGraphs: header + repeated(field(7, [0x12, 0x01, 0x67]), 100_000)
    case .manyDimensions: header + field(7, field(5, repeated([0x08, 0x01], 2_000_000)))
    case .manyInputs: header + field(7, repeated(field(11, [0x0A, 0x01, 0x78]), 1_000_000))
    case .hugeClaim: header + [0x3A, 0x80, 0xC8, 0xAF, 0xA0, 0x25, 0x0A]
    case .manyAttributes: header + field(7, field(1, repeated(field(5, [0x0A, 0x01, 0x61]), 500_000)))
    case .longVarint: header + [0x3A] + [UInt8](repeating: 0xFF, count: 100)
    case .doublingFunctions: Self.doubling
    }
  }

  private var header: [UInt8] { [0x08, 0x08, 0x42, 0x02, 0x10, 0x11] }

  private func field(_ number: Int, _ content: [UInt8]) -> [UInt8] {
    var writer = MessageWriter()
    writer.bytes(number, content)
    return writer.bytes
  }

  private func repeated(_ piece: [UInt8], _ count: Int) -> [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(piece.count * count)
    for _ in 0..<count { result += piece }
    return result
  }

  /// Messages inside each other, built from the inside.
  private func nested(_ numbers: [Int], _ depth: Int) -> [UInt8] {
    var heads: [[UInt8]] = []
    var length = 0
    for level in 0..<depth {
      var head = MessageWriter()
      head.varint(UInt64(numbers[level % numbers.count]) << 3 | 2)
      head.varint(UInt64(length))
      heads.append(head.bytes)
      length += head.bytes.count
    }
    return heads.reversed().flatMap { $0 }
  }

  /// Each function calls the next one twice.
  private static var doubling: [UInt8] {
    let functions = (0..<30).map { level in
      let (name, domain) = level == 29 ? ("Relu", "") : ("F\(level + 1)", "local")
      return TestFunction(
        name: "F\(level)", inputs: ["a"], outputs: ["b"],
        nodes: [
          TestNode(name, ["a"], ["m"], domain: domain), TestNode(name, ["m"], ["b"], domain: domain),
        ])
    }
    let graph = TestGraph(
      nodes: [TestNode("F0", ["x"], ["y"], domain: "local")], inputs: [TestValue("x", [1])],
      outputs: [TestValue("y", [1])])
    return TestModel(graph: graph, functions: functions).bytes
  }
}
