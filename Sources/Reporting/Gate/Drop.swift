/// How much worse a metric got, in the unit that limits of it have.
struct Drop {
  let before: Double
  let after: Double
  /// Positive when it got worse; for mse and mae as a part of the value before.
  let size: Double
  private let scale: MetricScale

  init(from before: Double, to after: Double, _ scale: MetricScale) {
    self.before = before
    self.after = after
    self.scale = scale
    let worse = scale.prefersSmaller ? after - before : before - after
    size = scale.unit != .error ? worse : worse == 0 ? 0 : before > 0 ? worse / before : .infinity
  }

  /// A limit in the same unit.
  func size(of limit: DropLimit) -> Double {
    scale.unit == .share || scale.unit == .error ? limit.size / 100 : limit.size
  }

  /// "0.34 points", "1.2 dB", "2.0 %"
  func text(_ size: Double, digits: Int = 2) -> String {
    scale.unit == .error
      ? "\(NumberFormat.fixed(size * 100, digits: digits)) %" : scale.amount(size, decimals: digits)
  }

  /// Whether an amount is more than zero when written so.
  func shows(_ size: Double, digits: Int) -> Bool {
    !size.isFinite || text(size, digits: digits).contains { ("1"..."9").contains($0) }
  }
}

extension DropLimit {
  /// "0.5 points", "1 dB", "2 %"
  func words(for scale: MetricScale) -> String {
    let number = SignedQuantity.text(size)
    return switch scale.unit {
    case .share: NumberFormat.points(number)
    case .decibel: "\(number) dB"
    case .error: "\(number) %"
    default: text
    }
  }
}

extension MetricScale {
  /// As ``text(_:digits:)``, with so many digits behind the point where the metric has a fixed number of them.
  func text(_ value: Double, decimals: Int) -> String {
    switch unit {
    case .share: NumberFormat.fixed(value * 100, digits: decimals) + " %"
    case .decibel: NumberFormat.fixed(value, digits: decimals) + " dB"
    default: NumberFormat.significant(value, digits: decimals + 4)
    }
  }

  func amount(_ difference: Double, decimals: Int) -> String {
    let size = abs(difference)
    return switch unit {
    case .share: NumberFormat.fixed(size * 100, digits: decimals) + " points"
    case .decibel: NumberFormat.fixed(size, digits: decimals) + " dB"
    default: NumberFormat.significant(size, digits: 3)
    }
  }

  /// Whether an amount is more than zero when written so.
  func shows(_ difference: Double, digits: Int) -> Bool {
    amount(difference, decimals: digits).contains { ("1"..."9").contains($0) }
  }
}
