/// What a model must keep to: as flags of `check`, under `gates:` in a recipe, and in a report.
///
///     var limits = GateLimits()
///     try limits.set("max-drop", to: "0.5")
///     let results = try limits.judge(report)
public struct GateLimits: Sendable, Hashable {
  public var maxDrop: DropLimit?
  public var minMetric: MetricLimit?
  public var maxClassDrop: PointsLimit?
  public var minAgreement: ShareLimit?
  public var minSqnr: DecibelLimit?
  public var maxSize: SizeLimit?
  public var maxFlash: SizeLimit?
  public var maxArena: SizeLimit?
  public var maxMacs: CountLimit?
  public var maxLatency: TimeLimit?
  public var fitsTarget = false
  public var noWarnings = false
  /// How sure a drop must be to count as more than chance.
  public var confidence = ConfidenceLevel.usual
  /// A drop that chance alone explains does not fail.
  public var significant = false

  public init() {}

  /// Whether there is nothing to judge; ``confidence`` and ``significant`` are no gates by themselves.
  public var isEmpty: Bool {
    var bare = GateLimits()
    (bare.confidence, bare.significant) = (confidence, significant)
    return self == bare
  }

  // MARK: - By name

  /// A gate as it is typed: `--max-drop 0.5`, or `max-drop: 0.5` in a recipe.
  public struct Key: Sendable, Hashable {
    public enum Form: Sendable, Hashable {
      /// Text or a number that matches the (JSON Schema's) pattern.
      case text(pattern: String)
      case flag
    }
    public var name: String
    public var form: Form
    /// What a value looks like, for messages: "percentage points, 0 or more, such as 5".
    public var expected: String
    /// One sentence for help texts and editors.
    public var help: String
  }

  private static let number = "[0-9]+(\\.[0-9]+)?"
  private static let size = "^[+-]? *\(number) *([kKmMgG]?[iI]?[bB]?|%)$"

  public static let keys: [Key] = [
    Key(
      name: "max-drop", form: .text(pattern: "^\\+?\(number) *(points?|pp|[dD][bB]|%)?$"),
      expected: DropLimit.expected,
      help:
        "How much worse the metric may get: points for top1, top5, auc and miou, dB for psnr and sqnr, a number (0.01) for cosine, percent (2%) for mse and mae."
    ),
    Key(
      name: "min-metric", form: .text(pattern: "^[+-]?\(number) *([dD][bB]|%)?$"),
      expected: MetricLimit.expected,
      help:
        "How good the metric must be at least, such as 85% (a number for cosine, such as 0.99); for mse and mae how large it may be at most."
    ),
    Key(
      name: "max-class-drop", form: .text(pattern: "^\\+?\(number) *(points?|pp)?$"),
      expected: PointsLimit.expected,
      help: "How many points the accuracy of any single class may fall."),
    Key(
      name: "min-agreement", form: .text(pattern: "^\\+?\(number) *%?$"), expected: ShareLimit.expected,
      help: "The share of samples for which both models must choose the same class, such as 99%."),
    Key(
      name: "min-sqnr", form: .text(pattern: "^[+-]?\(number) *([dD][bB])?$"),
      expected: DecibelLimit.expected,
      help: "The least signal to noise of the outputs beside the model before, in dB."),
    Key(
      name: "max-size", form: .text(pattern: size), expected: SizeLimit.expected,
      help:
        "How large the model file may be: 64k (k is 1,024 bytes), or +2% against the baseline or the model before."
    ),
    Key(
      name: "max-flash", form: .text(pattern: size), expected: SizeLimit.expected,
      help: "How much flash the model may take, as the target counts it: 128k or +2%."),
    Key(
      name: "max-arena", form: .text(pattern: size), expected: SizeLimit.expected,
      help: "How large the smallest tensor arena may be: 64k or +2%."),
    Key(
      name: "max-macs",
      form: .text(pattern: "^[+-]? *\(number) *([kKmMgG]?([mM][aA][cC][sS]?)?|%)$"),
      expected: CountLimit.expected,
      help: "How many multiply-accumulates an inference may take: 1.5M (k is 1,000) or +2%."),
    Key(
      name: "max-latency", form: .text(pattern: "^\\+?\(number) *([uU][sS]|µ[sS]|[mM]?[sS])$"),
      expected: TimeLimit.expected,
      help: "How long an inference may take by the target's cost model: 10ms."),
    Key(
      name: "fits-target", form: .flag, expected: "true or false",
      help: "The model must fit the flash and the SRAM of the target."),
    Key(
      name: "no-warnings", form: .flag, expected: "true or false",
      help: "Fails on any warning."),
    Key(
      name: "confidence", form: .text(pattern: "^\(number) *%?$"), expected: ConfidenceLevel.expected,
      help: "How sure a drop must be to count as more than chance."),
    Key(
      name: "significant", form: .flag, expected: "true or false",
      help: "A drop that is inside the noise of the sample size does not fail."),
  ]

  /// Sets a gate by its name; names that are none are refused like values that are none.
  public mutating func set(_ name: String, to text: String) throws(InvalidLimit) {
    switch name {
    case "max-drop": maxDrop = try DropLimit(text)
    case "min-metric": minMetric = try MetricLimit(text)
    case "max-class-drop": maxClassDrop = try PointsLimit(text)
    case "min-agreement": minAgreement = try ShareLimit(text)
    case "min-sqnr": minSqnr = try DecibelLimit(text)
    case "max-size": maxSize = try SizeLimit(text)
    case "max-flash": maxFlash = try SizeLimit(text)
    case "max-arena": maxArena = try SizeLimit(text)
    case "max-macs": maxMacs = try CountLimit(text)
    case "max-latency": maxLatency = try TimeLimit(text)
    case "fits-target": fitsTarget = try Self.truth(text)
    case "no-warnings": noWarnings = try Self.truth(text)
    case "confidence": confidence = try ConfidenceLevel(text)
    case "significant": significant = try Self.truth(text)
    default: throw InvalidLimit("one of " + Self.keys.map(\.name).joined(separator: ", "))
    }
  }

  private static func truth(_ text: String) throws(InvalidLimit) -> Bool {
    switch text.lowercased() {
    case "true", "yes", "on": true
    case "false", "no", "off": false
    default: throw InvalidLimit("true or false")
    }
  }

  /// These limits, and `other`'s where it has any: flags go before what a recipe says.
  public func overridden(by other: GateLimits) -> GateLimits {
    var result = self
    result.maxDrop = other.maxDrop ?? maxDrop
    result.minMetric = other.minMetric ?? minMetric
    result.maxClassDrop = other.maxClassDrop ?? maxClassDrop
    result.minAgreement = other.minAgreement ?? minAgreement
    result.minSqnr = other.minSqnr ?? minSqnr
    result.maxSize = other.maxSize ?? maxSize
    result.maxFlash = other.maxFlash ?? maxFlash
    result.maxArena = other.maxArena ?? maxArena
    result.maxMacs = other.maxMacs ?? maxMacs
    result.maxLatency = other.maxLatency ?? maxLatency
    result.fitsTarget = fitsTarget || other.fitsTarget
    result.noWarnings = noWarnings || other.noWarnings
    result.significant = significant || other.significant
    if other.confidence != .usual { result.confidence = other.confidence }
    return result
  }
}

extension GateLimits: Codable {
  private enum CodingKeys: String, CodingKey {
    case maxDrop, minMetric, maxClassDrop, minAgreement, minSqnr, maxSize, maxFlash, maxArena, maxMacs
    case maxLatency, fitsTarget, noWarnings, confidence, significant
  }

  public init(from decoder: any Decoder) throws {
    let members = try decoder.container(keyedBy: CodingKeys.self)
    maxDrop = try members.decodeIfPresent(DropLimit.self, forKey: .maxDrop)
    minMetric = try members.decodeIfPresent(MetricLimit.self, forKey: .minMetric)
    maxClassDrop = try members.decodeIfPresent(PointsLimit.self, forKey: .maxClassDrop)
    minAgreement = try members.decodeIfPresent(ShareLimit.self, forKey: .minAgreement)
    minSqnr = try members.decodeIfPresent(DecibelLimit.self, forKey: .minSqnr)
    maxSize = try members.decodeIfPresent(SizeLimit.self, forKey: .maxSize)
    maxFlash = try members.decodeIfPresent(SizeLimit.self, forKey: .maxFlash)
    maxArena = try members.decodeIfPresent(SizeLimit.self, forKey: .maxArena)
    maxMacs = try members.decodeIfPresent(CountLimit.self, forKey: .maxMacs)
    maxLatency = try members.decodeIfPresent(TimeLimit.self, forKey: .maxLatency)
    fitsTarget = try members.decodeIfPresent(Bool.self, forKey: .fitsTarget) ?? false
    noWarnings = try members.decodeIfPresent(Bool.self, forKey: .noWarnings) ?? false
    confidence = try members.decodeIfPresent(ConfidenceLevel.self, forKey: .confidence) ?? .usual
    significant = try members.decodeIfPresent(Bool.self, forKey: .significant) ?? false
  }
}
