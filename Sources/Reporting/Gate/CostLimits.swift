/// How large something may be: a size, or how much it may grow against the baseline (without one: the model before).
///
///     try SizeLimit("64k")    // 65,536 bytes: k is 1,024, as for linkers
///     try SizeLimit("+2%")    // a fiftieth larger
///     try SizeLimit("-1 kB")  // at least 1,024 bytes smaller
public struct SizeLimit: GateLimit {
  static let expected =
    "bytes (65536, 64k, 64kB, 0.5M; k is 1,024), or a growth with its sign (+2%, +512, -1k)"

  public var bound: Bound

  public init(_ text: String) throws(InvalidLimit) {
    bound = try Bound(text, kilo: 1024, units: ["b"], expected: Self.expected)
  }

  public var text: String { bound.text }
}

/// How many of something there may be: as ``SizeLimit``, but k is 1,000.
///
///     try CountLimit("1.5M")
public struct CountLimit: GateLimit {
  static let expected = "a number (500000, 500k, 1.5M; k is 1,000), or a growth with its sign (+2%, +10k)"

  public var bound: Bound

  public init(_ text: String) throws(InvalidLimit) {
    bound = try Bound(text, kilo: 1000, units: ["mac", "macs"], expected: Self.expected)
  }

  public var text: String { bound.text }
}

/// A number that something may not exceed, or how far it may exceed another.
public enum Bound: Sendable, Hashable {
  case absolute(Int)
  case growth(Int)
  /// In percent.
  case relative(Double)

  fileprivate init(_ text: String, kilo: Double, units: [String], expected: String) throws(InvalidLimit) {
    guard let quantity = SignedQuantity(text) else { throw InvalidLimit(expected) }
    if quantity.unit == "%" {
      guard quantity.value > -100, quantity.value <= 100_000 else { throw InvalidLimit(expected) }
      self = .relative(quantity.value)
      return
    }
    var unit = quantity.unit
    for name in units where unit.hasSuffix(name) {
      unit.removeLast(name.count)
      break
    }
    if kilo == 1024, unit.hasSuffix("i") { unit.removeLast() }
    let scales = ["": 1, "k": kilo, "m": kilo * kilo, "g": kilo * kilo * kilo]
    guard let scale = scales[unit] else { throw InvalidLimit(expected) }
    let number = (quantity.value * scale).rounded(.down)
    guard abs(number) < 1e15 else { throw InvalidLimit(expected) }
    self = quantity.sign == nil ? .absolute(Int(number)) : .growth(Int(number))
  }

  /// The greatest number that is still right; `reference` is what growth counts from.
  func greatest(from reference: Int) -> Int {
    switch self {
    case .absolute(let number): number
    case .growth(let number): reference + number
    // What is a whole number but for rounding stays one.
    case .relative(let percent): Int((Double(reference) * (100 + percent) / 100 + 1e-6).rounded(.down))
    }
  }

  var isAbsolute: Bool {
    if case .absolute = self { true } else { false }
  }

  var text: String {
    switch self {
    case .absolute(let number): "\(number)"
    case .growth(let number): number < 0 ? "\(number)" : "+\(number)"
    case .relative(let percent): (percent < 0 ? "" : "+") + SignedQuantity.text(percent) + "%"
    }
  }
}

/// A time: "10ms", "0.2s".
public struct TimeLimit: GateLimit {
  static let expected = "a time with its unit, such as 10ms or 0.2s"

  public var milliseconds: Double

  public init(_ text: String) throws(InvalidLimit) {
    guard let quantity = SignedQuantity(text), quantity.sign != "-",
      let scale = ["us": 0.001, "µs": 0.001, "ms": 1, "s": 1000][quantity.unit]
    else { throw InvalidLimit(Self.expected) }
    milliseconds = quantity.size * scale
  }

  public var text: String { SignedQuantity.text(milliseconds) + "ms" }
}
