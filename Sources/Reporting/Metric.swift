/// How good a model's answers are.
public enum Metric: String, CaseIterable, Sendable, Hashable {
  /// The share of samples whose best class is the right one.
  case top1
  /// The share of samples whose right class is among the five best.
  case top5
  /// The area under the receiver operating characteristic.
  case auc
  /// The mean squared difference.
  case mse
  /// The mean absolute difference.
  case mae
  /// The peak signal to noise ratio in decibels, averaged over samples.
  case psnr
  /// The intersection over union of segments, averaged over classes.
  case miou
  /// The ratio of the expected answers' power to the power of the difference, in decibels.
  case sqnr
  /// The cosine of the angle between answer and expected answer, averaged over samples.
  case cosine

  /// Whether a larger value is a better one.
  public var isBetterWhenLarger: Bool { self != .mse && self != .mae }

  /// What stands behind the number.
  public var unit: String {
    switch self {
    case .top1, .top5: "%"
    case .psnr, .sqnr: "dB"
    default: ""
    }
  }

  /// The value for people: shares as percentages.
  public func text(_ value: Double) -> String {
    switch self {
    case .top1, .top5: NumberFormat.fixed(value * 100, digits: 2) + " %"
    case .psnr, .sqnr: NumberFormat.fixed(value, digits: 2) + " dB"
    case .auc, .miou: NumberFormat.fixed(value, digits: 4)
    case .mse, .mae, .cosine: NumberFormat.significant(value, digits: 6)
    }
  }
}

/// A metric over a data set.
public struct MetricResult: Sendable, Hashable {
  public var metric: Metric
  /// A share for top1 and top5; nil when it is not defined (no samples, a single class for auc).
  public var value: Double?
  /// Holds the true value with a probability of 95 %, for samples like these.
  public var interval: ClosedRange<Double>?
  public var sampleCount: Int
  /// Right answers, for top1 and top5.
  public var correctCount: Int?

  /// "87.19 % (8,719 of 10,000), 95 % interval 86.52 % to 87.83 %".
  public var text: String {
    guard let value else { return "not defined for these samples" }
    var text = metric.text(value)
    if let correctCount {
      text += " (\(NumberFormat.count(correctCount)) of \(NumberFormat.count(sampleCount)))"
    }
    if let interval {
      text += ", 95 % interval \(metric.text(interval.lowerBound)) to \(metric.text(interval.upperBound))"
    }
    return text
  }

  public var json: JSON {
    .object([
      "metric": .string(metric.rawValue), "value": .optional(value, JSON.number),
      "interval95": .optional(interval) { [.number($0.lowerBound), .number($0.upperBound)] },
      "samples": .integer(sampleCount), "correct": .optional(correctCount, JSON.integer),
    ])
  }
}

extension NumberFormat {
  /// A number with so many telling digits, in powers of ten where it is very small or large.
  public static func significant(_ value: Double, digits: Int) -> String {
    guard value.isFinite, value != 0 else { return fixed(value, digits: value == 0 ? digits - 1 : 0) }
    var exponent = 0
    var scaled = abs(value)
    while scaled >= 10 { (scaled, exponent) = (scaled / 10, exponent + 1) }
    while scaled < 1 { (scaled, exponent) = (scaled * 10, exponent - 1) }
    if exponent < -4 || exponent >= 12 {
      return (value < 0 ? "-" : "") + fixed(scaled, digits: digits - 1) + "e\(exponent)"
    }
    return fixed(value, digits: max(0, digits - 1 - exponent))
  }
}
