/// How much worse a metric may get: points for shares (top1, top5, auc, miou), decibels for psnr and sqnr, a plain number for
/// cosine, a part of the value for mse and mae.
///
///     try DropLimit("0.5")  // half a percentage point of top1, or half a decibel of psnr
///     try DropLimit("2%")   // mse may grow by a fiftieth
public struct DropLimit: GateLimit {
  public enum Unit: String, Sendable, Hashable {
    /// Whatever the metric has.
    case own = ""
    case points, decibels = "dB", percent = "%"
  }

  static let expected =
    "0 or more: points for top1, top5, auc and miou (0.5), dB for psnr and sqnr (1), a number for cosine (0.01), "
    + "or a share for mse and mae (2%)"

  public var size: Double
  public var unit: Unit

  public init(_ text: String) throws(InvalidLimit) {
    guard let quantity = SignedQuantity(text), quantity.sign != "-" else { throw InvalidLimit(Self.expected) }
    size = quantity.size
    switch quantity.unit {
    case "": unit = .own
    case "point", "points", "pp": unit = .points
    case "db": unit = .decibels
    case "%": unit = .percent
    default: throw InvalidLimit(Self.expected)
    }
  }

  public var text: String {
    let number = SignedQuantity.text(size)
    return unit == .points ? NumberFormat.points(number) : number + unit.rawValue
  }
}

/// How good a metric must be at least: a share, decibels or a plain number; for mse and mae how large it may be at most.
///
///     try MetricLimit("85%")
///     try MetricLimit("30 dB")
public struct MetricLimit: GateLimit {
  static let expected = "a share (85% or 0.85), decibels (30dB), or for mse, mae and cosine a number (0.01)"

  /// Shares from 0 to 1.
  public var value: Double
  public var unit: DropLimit.Unit

  public init(_ text: String) throws(InvalidLimit) {
    guard let quantity = SignedQuantity(text) else { throw InvalidLimit(Self.expected) }
    switch quantity.unit {
    case "": (value, unit) = (quantity.value, .own)
    case "db": (value, unit) = (quantity.value, .decibels)
    case "%" where (0...100).contains(quantity.value): (value, unit) = (quantity.value / 100, .percent)
    default: throw InvalidLimit(Self.expected)
    }
  }

  public var text: String {
    switch unit {
    case .percent: SignedQuantity.text((value * 1e12).rounded() / 1e10) + "%"
    default: SignedQuantity.text(value) + unit.rawValue
    }
  }
}

/// A share of samples: "99%" or "0.99".
public struct ShareLimit: GateLimit {
  static let expected = "a share, such as 99% or 0.99"

  /// From 0 to 1.
  public var value: Double

  public init(_ text: String) throws(InvalidLimit) {
    guard let quantity = SignedQuantity(text), quantity.sign != "-" else { throw InvalidLimit(Self.expected) }
    switch quantity.unit {
    case "%" where quantity.size <= 100: value = quantity.size / 100
    case "" where quantity.size <= 1: value = quantity.size
    default: throw InvalidLimit(Self.expected)
    }
  }

  public var text: String { SignedQuantity.text((value * 1e12).rounded() / 1e10) + "%" }
}

/// Percentage points: "5".
public struct PointsLimit: GateLimit {
  static let expected = "percentage points, 0 or more, such as 5"

  public var points: Double

  public init(_ text: String) throws(InvalidLimit) {
    guard let quantity = SignedQuantity(text), quantity.sign != "-", quantity.size <= 100,
      ["", "point", "points", "pp"].contains(quantity.unit)
    else { throw InvalidLimit(Self.expected) }
    points = quantity.size
  }

  public var text: String { SignedQuantity.text(points) }
}

/// Decibels: "30" or "30dB".
public struct DecibelLimit: GateLimit {
  static let expected = "decibels, such as 30"

  public var decibels: Double

  public init(_ text: String) throws(InvalidLimit) {
    guard let quantity = SignedQuantity(text), ["", "db"].contains(quantity.unit) else {
      throw InvalidLimit(Self.expected)
    }
    decibels = quantity.value
  }

  public var text: String { SignedQuantity.text(decibels) }
}

/// How sure a verdict is to be: "0.95" or "95%".
public struct ConfidenceLevel: GateLimit {
  static let expected = "a confidence from 0.5 to 0.9999, such as 0.95 or 95%"

  public static let usual = ConfidenceLevel(level: 0.95)

  public var level: Double

  private init(level: Double) { self.level = level }

  public init(_ text: String) throws(InvalidLimit) {
    guard let quantity = SignedQuantity(text), quantity.sign == nil else { throw InvalidLimit(Self.expected) }
    let level = quantity.unit == "%" ? quantity.size / 100 : quantity.size
    guard ["", "%"].contains(quantity.unit), (0.5...0.9999).contains(level) else {
      throw InvalidLimit(Self.expected)
    }
    self.level = level
  }

  public var text: String { SignedQuantity.text(level) }
}
