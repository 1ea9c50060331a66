/// Element types that a kernel takes together.
///
///     TypeSignature([.int8, .int8, .int32], .int8).description  // "int8, int8, int32 → int8"
public struct TypeSignature: Sendable, Hashable, CustomStringConvertible {
  /// By operand, nil where the kernel does not look. The last stands for all further ones.
  public var operands: [MicroType?]
  /// The last stands for all further ones.
  public var results: [MicroType?]

  public init(_ operands: [MicroType?], _ results: MicroType?...) {
    self.operands = operands
    self.results = results
  }

  /// One signature for each type, which all operands and results have; `then` are operands of other types behind them.
  static func each(_ types: [MicroType], then others: [MicroType?] = []) -> [TypeSignature] {
    types.map { TypeSignature([$0] + others, $0) }
  }

  /// Absent operands fit.
  func fits(operands given: [MicroType?], results made: [MicroType]) -> Bool {
    let takes = given.enumerated().allSatisfy { index, type in
      guard let type, let wanted = operands[min(index, operands.count - 1)] else { return true }
      return type == wanted
    }
    return takes
      && made.enumerated().allSatisfy { index, type in
        results[min(index, results.count - 1)].map { $0 == type } ?? true
      }
  }

  public var description: String {
    let named = operands.compactMap(\.self)
    let data = Set(named + results.compactMap(\.self))
    if data.count == 1, let type = data.first { return "\(type)" }
    let left = operands.map { $0.map { "\($0)" } ?? "any" }.joined(separator: ", ")
    return "\(left) → \(results.map { $0.map { "\($0)" } ?? "any" }.joined(separator: ", "))"
  }
}
