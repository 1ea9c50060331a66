import Graph
import Micro
import Storage

/// EQUAL and its kin, LOGICAL_AND, LOGICAL_OR, LOGICAL_NOT, SELECT_V2.
extension OperatorContext {
  func comparison() throws(Diagnostic) -> KernelBody {
    let (a, b, y) = (try input(0), try input(1), try output())
    try requireSameType(a, b)
    guard y.type == .bool else { throw noKernel(for: a, b, y) }
    switch a.type {
    case .bool:
      guard operation.code == .equal || operation.code == .notEqual else { throw noKernel(for: a, b, y) }
      return try comparing(a, b, y, as: UInt8.self) { $0 != 0 ? 1 : 0 }
    case .float32: return try comparingFloats(a, b, y)
    case .int32: return try comparing(a, b, y, as: Int32.self) { $0 }
    case .int64: return try comparing(a, b, y, as: Int64.self) { $0 }
    case .int8:
      try requireQuantized(a, b)
      for operand in [a, b] where operand.grid.scale >= 1 {
        throw unsupported(
          "'\(operand.name)' has the scale \(operand.grid.scale), and TFLM stops at 1 and above")
      }
      let (left, right) = (try Self.commonTerm(a), try Self.commonTerm(b))
      let relation = relation
      return try combining(a, b, to: y) { (a: Int8, b: Int8) -> UInt8 in
        relation.holds(left(Int32(a)), right(Int32(b))) ? 1 : 0
      }
    default: throw noKernel(for: a, b, y)
    }
  }

  private static func commonTerm(_ operand: Operand) throws(Diagnostic) -> FineSum.Term {
    FineSum.Term(
      zeroPoint: operand.grid.zeroPoint, leftShift: 8, multiplier: try Multiplier(Double(operand.grid.scale)))
  }

  private func comparing<Element: FixedWidthInteger & BitwiseCopyable & Sendable>(
    _ a: Operand, _ b: Operand, _ y: Operand, as _: Element.Type,
    _ prepare: @escaping @Sendable (Element) -> Element
  ) throws(Diagnostic) -> KernelBody {
    let relation = relation
    return try combining(a, b, to: y) { (a: Element, b: Element) -> UInt8 in
      relation.holds(prepare(a), prepare(b)) ? 1 : 0
    }
  }

  private func comparingFloats(_ a: Operand, _ b: Operand, _ y: Operand) throws(Diagnostic) -> KernelBody {
    let relation = relation
    return try combining(a, b, to: y) { (a: Float, b: Float) -> UInt8 in relation.holds(a, b) ? 1 : 0 }
  }

  private var relation: Relation {
    switch operation.code {
    case .equal: .equal
    case .notEqual: .notEqual
    case .greater: .greater
    case .greaterEqual: .greaterEqual
    case .less: .less
    default: .lessEqual
    }
  }

  private enum Relation {
    case equal, notEqual, greater, greaterEqual, less, lessEqual

    @inline(__always)
    func holds<Element: Comparable>(_ a: Element, _ b: Element) -> Bool {
      switch self {
      case .equal: a == b
      case .notEqual: a != b
      case .greater: a > b
      case .greaterEqual: a >= b
      case .less: a < b
      case .lessEqual: a <= b
      }
    }
  }

  func logic() throws(Diagnostic) -> KernelBody {
    let (a, y) = (try input(0), try output())
    guard a.type == .bool, y.type == .bool else { throw noKernel(for: a, y) }
    if operation.code == .logicalNot {
      return try mapping(a, to: y) { (a: UInt8) -> UInt8 in a == 0 ? 1 : 0 }
    }
    let b = try input(1)
    guard b.type == .bool else { throw noKernel(for: a, b, y) }
    let isAnd = operation.code == .logicalAnd
    return try combining(a, b, to: y) { (a: UInt8, b: UInt8) -> UInt8 in
      (isAnd ? a != 0 && b != 0 : a != 0 || b != 0) ? 1 : 0
    }
  }

  func selection() throws(Diagnostic) -> KernelBody {
    let (condition, a, b, y) = (try input(0), try input(1), try input(2), try output())
    try requireSameType(a, y)
    try requireSameType(b, y)
    guard condition.type == .bool, [.float32, .int8, .int16].contains(y.type) else {
      throw noKernel(for: condition, a, b, y)
    }
    let broadcast = try broadcast(condition, a, b, to: y)
    let width = y.type.byteCount ?? 1
    return { memory in
      let (choice, first, second) = (
        memory.bytes[condition.index], memory.bytes[a.index], memory.bytes[b.index]
      )
      let result = memory.bytes[y.index]
      var place = 0
      for index in broadcast.starts[0].indices {
        for step in 0..<broadcast.run {
          func at(_ operand: Int) -> Int {
            Int(broadcast.starts[operand][index]) + step * broadcast.steps[operand]
          }
          let isFirst = choice[at(0)] != 0
          let (source, start) = isFirst ? (first, at(1) * width) : (second, at(2) * width)
          for byte in 0..<width { result[place + byte] = source[start + byte] }
          place += width
        }
      }
    }
  }
}
