import Reporting

/// How long operators take, by public figures of others.
public struct CostModel: Sendable, Hashable {
  /// Cycles for each multiply-accumulate; everything that has none counts as nothing.
  public var convolution: Double
  public var depthwise: Double
  public var dense: Double
  /// Cycles for each operator, whatever it computes.
  public var perOperator = 0.0
  /// How far a time may be off, as a share: 0.3 is 30 %.
  public var uncertainty: Double
  /// Who published the figures, and what was measured.
  public var source: String

  /// The time of one run, in milliseconds.
  public func milliseconds(for work: Workload, megahertz: Double) -> Double {
    let cycles =
      Double(work.convolution) * convolution + Double(work.depthwise) * depthwise
      + Double(work.dense) * dense + Double(work.operators) * perOperator
    return cycles / (megahertz * 1000)
  }
}

/// Multiply-accumulates of a model for the device, by kind.
public struct Workload: Sendable, Hashable {
  public var convolution = 0
  public var depthwise = 0
  public var dense = 0
  public var operators = 0

  public init() {}

  public init(_ layers: [Report.Layer]) {
    for layer in layers { add(layer.operator, macs: layer.macs) }
  }

  public init(_ cost: DeviceCost) {
    for layer in cost.layers { add(layer.operatorName, macs: layer.macs) }
  }

  mutating func add(_ name: String, macs: Int) {
    operators += 1
    switch name {
    case "CONV_2D", "TRANSPOSE_CONV": convolution += macs
    case "DEPTHWISE_CONV_2D": depthwise += macs
    default: dense += macs
    }
  }
}
