/// How values of a metric are written, and which direction is better.
///
///     MetricScale("top1").change(-0.0034)  // "-0.34 points"
public struct MetricScale: Sendable, Hashable {
  public enum Unit: Sendable, Hashable {
    /// From 0 to 1, written in percent; differences are in percentage points.
    case share
    case decibel
    /// The cosine: a plain number, the greater the better.
    case similarity
    /// A plain number, the smaller the better; differences are relative.
    case error
    /// A metric that this version does not know.
    case unknown
  }

  public let name: String
  public let unit: Unit

  public init(_ name: String) {
    self.name = name
    unit =
      switch name {
      case "top1", "top5", "auc", "miou": .share
      case "psnr", "sqnr": .decibel
      case "cosine": .similarity
      case "mse", "mae": .error
      default: .unknown
      }
  }

  public var prefersSmaller: Bool { unit == .error }

  /// "98.99 %", "35.52 dB", "0.00123457"
  public func text(_ value: Double, digits: Int = 6) -> String {
    switch unit {
    case .share: NumberFormat.fixed(value * 100, digits: 2) + " %"
    case .decibel: NumberFormat.fixed(value, digits: 2) + " dB"
    default: NumberFormat.significant(value, digits: digits)
    }
  }

  /// Without a sign: "0.34 points", "1.20 dB".
  public func amount(_ difference: Double) -> String {
    let size = abs(difference)
    return switch unit {
    case .share: NumberFormat.fixed(size * 100, digits: 2) + " points"
    case .decibel: NumberFormat.fixed(size, digits: 2) + " dB"
    default: NumberFormat.significant(size, digits: 3)
    }
  }

  /// With a sign: "-0.34 points".
  public func change(_ difference: Double) -> String {
    let text = amount(difference)
    // What is written as zero has no sign.
    guard difference != 0, text.contains(where: { ("1"..."9").contains($0) || $0 == "i" }) else {
      return text
    }
    return (difference < 0 ? "-" : "+") + text
  }

  /// "-1.17 to +0.50 points"
  func changes(_ low: Double, _ high: Double) -> String {
    let unit = unit == .share ? " points" : unit == .decibel ? " dB" : ""
    return "\(change(low).replacing(unit, with: "")) to \(change(high))"
  }

  /// "97.82 % to 99.54 %"; empty where nothing is known of the ends.
  public func interval(_ low: Double, _ high: Double) -> String {
    guard low.isFinite || high.isFinite else { return "" }
    return "\(text(low, digits: 4)) to \(text(high, digits: 4))"
  }
}

extension NumberFormat {
  /// How much a number has grown, signed: "-64.0 %"; nothing where there is nothing to compare.
  public static func growth(from before: Int, to after: Int) -> String {
    if before == after { return "same" }
    guard before > 0 else { return "" }
    let percent = (Double(after) - Double(before)) / Double(before) * 100
    if abs(percent) < 0.005 { return percent < 0 ? "-0.01 %" : "+0.01 %" }
    let text = fixed(percent, digits: abs(percent) < 0.1 ? 2 : 1) + " %"
    return percent > 0 ? "+\(text)" : text
  }

  /// Bytes to the last one, as limits count them: "7,568 B".
  public static func exactBytes(_ value: Int) -> String { "\(count(value)) B" }

  /// Percentage points, whose number is written already: "1 point", "0.5 points", "1.00 points".
  static func points(_ number: String) -> String { number == "1" ? "1 point" : "\(number) points" }

  /// How likely something is by chance alone: "p = 0.625", "p < 0.001".
  public static func probability(_ value: Double) -> String {
    value < 0.001 ? "p < 0.001" : "p = \(significant(min(value, 1), digits: value < 0.1 ? 2 : 3))"
  }

  /// "95 %", "99.9 %"
  public static func confidence(_ value: Double) -> String {
    let percent = value * 100
    let isWhole = abs(percent - percent.rounded()) < 1e-9
    return fixed(percent, digits: isWhole ? 0 : abs(percent * 10 - (percent * 10).rounded()) < 1e-9 ? 1 : 2)
      + " %"
  }
}
