extension Report {
  /// How good the models are on labeled samples, and how far they agree.
  public struct Quality: Codable, Sendable, Hashable {
    /// "top1", "mse", … as `--metric` takes it; nil where nothing was labeled.
    public var metric: String?
    public var data: [String] = []
    public var samples = 0
    /// Of all intervals: 0.95.
    public var confidence = 0.95
    public var before: Measurement?
    public var after: Measurement?
    public var difference: Difference?
    /// Samples on which both models choose the same class, with or without labels.
    public var agreement: Share?
    /// Signal to noise of the outputs of the model after beside the model before, in dB.
    public var outputSqnr: Double?
    /// Samples behind ``outputSqnr``.
    public var outputSqnrSamples: Int?
    public var classes: [ClassAccuracy] = []
    public var confusion: Confusion?
    /// Of the model after (of a single model: of that), for top1 and top5.
    public var outcomes: Outcomes?

    public init() {}
  }

  /// A metric's value. Shares (top1, top5, auc, miou) are from 0 to 1.
  public struct Measurement: Codable, Sendable, Hashable {
    public var value: Double
    public var low: Double
    public var high: Double
    /// Samples that are right, for top1 and top5.
    public var correct: Int?
    /// Samples whose outputs were not all finite; they count as wrong.
    public var notFinite = 0

    public init(value: Double, low: Double, high: Double, correct: Int? = nil, notFinite: Int = 0) {
      self.value = value
      self.low = low
      self.high = high
      self.correct = correct
      self.notFinite = notFinite
    }
  }

  /// After minus before, sample by sample, in the metric's own unit.
  public struct Difference: Codable, Sendable, Hashable {
    public var value: Double
    public var low: Double
    public var high: Double
    /// How likely a difference this large is by chance alone when both models are equally good.
    public var pValue: Double
    /// The least ``pValue`` that the test can give, however clear the difference; nil where that is as near to 0 as it may be.
    public var leastPValue: Double?
    /// "McNemar, exact", "paired bootstrap"
    public var test: String
    /// ``pValue`` below 1 − ``Quality/confidence``.
    public var isSignificant: Bool
    /// Samples that only the model before has right, and those that only the model after has.
    public var broken: Int?
    public var mended: Int?

    public init(
      value: Double, low: Double, high: Double, pValue: Double, test: String, isSignificant: Bool,
      leastPValue: Double? = nil, broken: Int? = nil, mended: Int? = nil
    ) {
      self.value = value
      self.low = low
      self.high = high
      self.pValue = pValue
      self.leastPValue = leastPValue
      self.test = test
      self.isSignificant = isSignificant
      self.broken = broken
      self.mended = mended
    }
  }

  public struct Share: Codable, Sendable, Hashable {
    public var value: Double
    public var low: Double
    public var high: Double
    public var count: Int

    public init(value: Double, low: Double, high: Double, count: Int) {
      self.value = value
      self.low = low
      self.high = high
      self.count = count
    }
  }

  /// In the order of the classes.
  public struct ClassAccuracy: Codable, Sendable, Hashable {
    public var index: Int
    /// From the data; nil where classes are numbers.
    public var name: String?
    public var samples: Int
    public var correctBefore: Int?
    public var correctAfter: Int?
    /// Samples of the class that only one of the models has right.
    public var broken: Int?
    public var mended: Int?

    public init(
      index: Int, name: String? = nil, samples: Int, correctBefore: Int? = nil, correctAfter: Int? = nil,
      broken: Int? = nil, mended: Int? = nil
    ) {
      self.index = index
      self.name = name
      self.samples = samples
      self.correctBefore = correctBefore
      self.correctAfter = correctAfter
      self.broken = broken
      self.mended = mended
    }
  }

  /// Rows are true classes, columns predicted ones; left out where there are more than 64 classes.
  public struct Confusion: Codable, Sendable, Hashable {
    public var before: [[Int]]?
    public var after: [[Int]]?

    public init(before: [[Int]]?, after: [[Int]]?) {
      self.before = before
      self.after = after
    }
  }
}
