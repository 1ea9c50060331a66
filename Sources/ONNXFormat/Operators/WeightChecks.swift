import Graph
import Storage

extension Importing {
  /// Refuses weights that are not numbers: one of them makes every result worthless.
  mutating func checkFinite(_ id: TensorID, _ node: Node, _ what: String) throws(Diagnostic) {
    guard checkedWeights.insert(id).inserted, let source = graph[id].constant?.source else { return }
    guard let index = Self.firstNonFinite(source) else { return }
    throw node.problem(
      "has \(what) '\(graph[id].name)' with a NaN or an infinity (element \(index))",
      hint: "the training went wrong or the file is damaged; export a model with finite weights")
  }

  /// Scans in pieces and hands mapped pages back, so that a large model does not stay in memory.
  private static func firstNonFinite(_ source: Constant.Source) -> Int? {
    switch source.type {
    case .float32: scan(source, as: UInt32.self) { $0 & 0x7F80_0000 == 0x7F80_0000 }
    case .float64: scan(source, as: UInt64.self) { $0 & 0x7FF0_0000_0000_0000 == 0x7FF0_0000_0000_0000 }
    case .float16: scan(source, as: UInt16.self) { $0 & 0x7C00 == 0x7C00 }
    case .bfloat16: scan(source, as: UInt16.self) { $0 & 0x7F80 == 0x7F80 }
    default: nil
    }
  }

  private static func scan<Bits: FixedWidthInteger & BitwiseCopyable>(
    _ source: Constant.Source, as _: Bits.Type, _ isNonFinite: (Bits) -> Bool
  ) -> Int? {
    let bits = source.bytes.reinterpreted(as: Bits.self)
    let step = (16 << 20) / MemoryLayout<Bits>.size
    var start = 0
    while start < bits.count {
      let piece = start..<min(bits.count, start + step)
      for index in piece where isNonFinite(bits[index]) { return index }
      source.bytes[piece.lowerBound * MemoryLayout<Bits>.size..<piece.upperBound * MemoryLayout<Bits>.size]
        .release()
      start = piece.upperBound
    }
    return nil
  }
}
