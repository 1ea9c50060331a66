/// A model's numbers that gates compare with: what a team agreed on, without times and paths of this machine.
///
///     let entry = BaselineEntry(report)
public struct BaselineEntry: Codable, Sendable, Hashable {
  /// The report's: by it the model is found among others.
  public var name: String
  /// "edgeopt 0.1.0"
  public var madeBy: String
  /// Of the model file that was made, and of the one that it was made from.
  public var sha256: String
  public var sourceSha256: String?
  public var fileBytes: Int
  public var compressedBytes: Int
  /// Weights and graph.
  public var flashBytes: Int
  public var arenaBytes: Int?
  public var macs: Int
  public var parameters: Int
  public var target: Target?
  public var quality: Quality?
  /// From 0 to 1.
  public var agreement: Double?
  /// In dB.
  public var outputSqnr: Double?

  /// As the target's profile counts.
  public struct Target: Codable, Sendable, Hashable {
    public var name: String
    public var flashBytes: Int
    public var memoryBytes: Int
    public var latencyMilliseconds: Double?
  }

  public struct Quality: Codable, Sendable, Hashable {
    public var metric: String
    public var value: Double
    public var low: Double
    public var high: Double
    /// Of the interval.
    public var confidence: Double
    public var correct: Int?
    public var samples: Int
    public var data: [String]
    /// For the comparison sample by sample.
    public var outcomes: Report.Outcomes?
  }

  /// nil for a report without a model.
  public init?(_ report: Report) {
    guard let model = report.after ?? report.before else { return nil }
    name = report.name
    madeBy = "\(report.tool.name) \(report.tool.version)"
    sha256 = model.sha256
    sourceSha256 = report.after == nil ? nil : report.before?.sha256
    fileBytes = model.fileBytes
    compressedBytes = model.compressedBytes
    flashBytes = model.weightBytes + model.graphBytes
    arenaBytes = model.arena?.minimum
    macs = model.macs
    parameters = model.parameters
    target = report.target.map {
      Target(
        name: $0.name, flashBytes: $0.flash.used, memoryBytes: $0.memory.used,
        latencyMilliseconds: $0.latency?.milliseconds)
    }
    if let quality = report.quality {
      agreement = quality.agreement?.value
      outputSqnr = quality.outputSqnr.flatMap { $0.isFinite ? $0 : nil }
      if let metric = quality.metric, let found = quality.after ?? quality.before, found.value.isFinite {
        self.quality = Quality(
          metric: metric, value: found.value, low: found.low, high: found.high,
          confidence: quality.confidence, correct: found.correct, samples: quality.samples,
          data: quality.data, outcomes: quality.outcomes)
      }
    }
  }
}
