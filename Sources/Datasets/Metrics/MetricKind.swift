/// How good outputs are, in one number.
public enum MetricKind: String, Sendable, Hashable, CaseIterable {
  /// The share of samples whose largest output is the right class.
  case top1
  /// The share of samples whose right class is among the five largest outputs.
  case top5
  /// The area under the ROC curve; for more than two classes the mean of one against the rest.
  case auc
  /// The mean of squared differences.
  case mse
  /// The mean of absolute differences.
  case mae
  /// Peak signal to noise ratio, in dB: the mean over samples.
  case psnr
  /// Intersection over union of the predicted and the right pixels, mean over classes that occur.
  case miou
  /// Signal to quantization noise ratio, in dB: power of the reference over power of the difference, of all
  /// samples together.
  case sqnr
  /// The mean over samples of the cosine of the angle between output and reference.
  case cosine

  /// Shares are printed in percent.
  public var isShare: Bool { [.top1, .top5, .auc, .miou].contains(self) }
  public var isDecibel: Bool { self == .psnr || self == .sqnr }
}

/// A metric's value with the range that holds the true one with 95 % confidence.
public struct MetricResult: Sendable, Hashable {
  public var kind: MetricKind
  public var value: Double
  public var low: Double
  public var high: Double
  /// Samples that were counted.
  public var count: Int
  /// For shares of samples: those that were right.
  public var correct: Int?
  /// Samples whose outputs were not all finite; they count as wrong.
  public var notFinite: Int

  public init(
    kind: MetricKind, value: Double, low: Double, high: Double, count: Int, correct: Int? = nil,
    notFinite: Int = 0
  ) {
    self.kind = kind
    self.value = value
    self.low = low
    self.high = high
    self.count = count
    self.correct = correct
    self.notFinite = notFinite
  }
}
