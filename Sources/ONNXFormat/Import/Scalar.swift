import Graph

/// One number of shape arithmetic: a constant part, and a part that grows with the batch size N.
struct Scalar: Hashable {
  /// Sizes are whole numbers; scales and ratios are real ones. Both forms never mix unseen: a cast converts.
  enum Form: Hashable {
    case whole(Int, perBatch: Int)
    case real(Double, perBatch: Double)
  }
  var form: Form

  init(_ value: Int) { form = .whole(value, perBatch: 0) }
  init(_ value: Double) { form = .real(value, perBatch: 0) }
  init(_ form: Form) { self.form = form }
  init(_ extent: Extent) {
    switch extent {
    case .fixed(let size): form = .whole(size, perBatch: 0)
    case .batch(let factor): form = .whole(0, perBatch: factor)
    }
  }

  /// The whole number, when the batch does not enter.
  var integer: Int? {
    if case .whole(let value, 0) = form { return value }
    return nil
  }

  var isConstant: Bool {
    switch form {
    case .whole(_, let factor): factor == 0
    case .real(_, let factor): factor == 0
    }
  }

  /// As a tensor's extent; nil for a mix such as N + 1.
  var extent: Extent? {
    switch form {
    case .whole(let size, 0): .fixed(size)
    case .whole(0, let factor) where factor > 0: .batch(factor)
    default: nil
    }
  }

  var constantPart: Double {
    switch form {
    case .whole(let value, _): Double(value)
    case .real(let value, _): value
    }
  }

  var batchPart: Double {
    switch form {
    case .whole(_, let factor): Double(factor)
    case .real(_, let factor): factor
    }
  }
}

// MARK: Arithmetic. nil: the result is no longer of the form a + b·N.

extension Scalar {
  static func add(_ left: Scalar, _ right: Scalar) -> Scalar? { combine(left, right, subtracts: false) }
  static func subtract(_ left: Scalar, _ right: Scalar) -> Scalar? { combine(left, right, subtracts: true) }

  private static func combine(_ left: Scalar, _ right: Scalar, subtracts: Bool) -> Scalar? {
    switch (left.form, right.form) {
    case (.whole(let a, let n), .whole(let b, let m)):
      let (sum, first) = subtracts ? a.subtractingReportingOverflow(b) : a.addingReportingOverflow(b)
      let (factor, second) = subtracts ? n.subtractingReportingOverflow(m) : n.addingReportingOverflow(m)
      return first || second ? nil : Scalar(.whole(sum, perBatch: factor))
    case (.real(let a, let n), .real(let b, let m)):
      return Scalar(.real(subtracts ? a - b : a + b, perBatch: subtracts ? n - m : n + m))
    default: return nil
    }
  }

  static func multiply(_ left: Scalar, _ right: Scalar) -> Scalar? {
    if !left.isConstant && !right.isConstant { return nil }
    switch (left.form, right.form) {
    case (.whole(let a, let n), .whole(let b, let m)):
      let (product, first) = a.multipliedReportingOverflow(by: b)
      let (factor, second) = (n == 0 ? m : n).multipliedReportingOverflow(by: n == 0 ? a : b)
      return first || second ? nil : Scalar(.whole(product, perBatch: factor))
    case (.real(let a, let n), .real(let b, let m)):
      return Scalar(.real(a * b, perBatch: n == 0 ? m * a : n * b))
    default: return nil
    }
  }

  /// Whole numbers truncate toward zero; with the batch in the dividend, both parts must divide evenly.
  static func divide(_ left: Scalar, _ right: Scalar) -> Scalar? {
    // N/N and the like: a ratio that the batch leaves.
    if left == right, left.batchPart != 0, left.constantPart == 0 {
      if case .whole = left.form { return Scalar(1) } else { return Scalar(1.0) }
    }
    guard right.isConstant else { return nil }
    switch (left.form, right.form) {
    case (.whole(let a, let n), .whole(let b, _)):
      guard b != 0, !(a == Int.min && b == -1) else { return nil }
      if n == 0 { return Scalar(a / b) }
      return a % b == 0 && n % b == 0 ? Scalar(.whole(a / b, perBatch: n / b)) : nil
    case (.real(let a, let n), .real(let b, _)):
      return b == 0 ? nil : Scalar(.real(a / b, perBatch: n / b))
    default: return nil
    }
  }

  /// Python's remainder (the divisor's sign), or C's for `truncates`.
  static func modulo(_ left: Scalar, _ right: Scalar, truncates: Bool) -> Scalar? {
    guard case .whole(let a, let n) = left.form, let b = right.integer, b != 0, b != -1, n % b == 0,
      n == 0 || a >= 0
    else { return nil }
    let remainder = a % b
    return Scalar(!truncates && remainder != 0 && (remainder < 0) != (b < 0) ? remainder + b : remainder)
  }

  /// The sign of left − right for every batch size from 1 on; nil when it depends on the batch.
  static func order(_ left: Scalar, _ right: Scalar) -> Int? {
    let constant: Double
    let factor: Double
    if let a = left.integer, let b = right.integer { return a < b ? -1 : a > b ? 1 : 0 }
    constant = left.constantPart - right.constantPart
    factor = left.batchPart - right.batchPart
    if factor == 0 { return constant < 0 ? -1 : constant > 0 ? 1 : 0 }
    if factor > 0 { return constant + factor > 0 ? 1 : nil }
    return constant + factor < 0 ? -1 : nil
  }

  static func minimum(_ left: Scalar, _ right: Scalar) -> Scalar? {
    order(left, right).map { $0 <= 0 ? left : right }
  }

  static func maximum(_ left: Scalar, _ right: Scalar) -> Scalar? {
    order(left, right).map { $0 >= 0 ? left : right }
  }

  /// Rounds by `rule`; the batch's part must be whole already.
  func rounded(_ rule: FloatingPointRoundingRule) -> Scalar? {
    guard case .real(let value, let factor) = form else { return self }
    return factor == factor.rounded() ? Scalar(.real(value.rounded(rule), perBatch: factor)) : nil
  }

  func cast(to type: ElementType) -> Scalar? {
    switch (form, type) {
    case (_, .bool):
      return Scalar.order(self, Scalar(0)).map { Scalar($0 == 0 ? 0 : 1) }
    case (.whole(let value, let factor), .float32):
      return Scalar(.real(Double(value), perBatch: Double(factor)))
    case (.whole, _), (.real, .float32): return self
    case (.real(let value, let factor), _):
      guard let whole = Int(exactly: value.rounded(.towardZero)),
        let wholeFactor = Int(exactly: factor),
        factor == 0 || value == value.rounded()
      else { return nil }
      return Scalar(.whole(whole, perBatch: wholeFactor))
    }
  }
}
