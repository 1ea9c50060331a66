import Arguments
import Recipes
import Reporting

/// The limits of `check`, as flags.
struct GateOptions: ArgumentGroup {
  @Option(Self.help("max-drop"), value: "AMOUNT") var maxDrop: DropLimit?
  @Option(Self.help("min-metric"), value: "VALUE") var minMetric: MetricLimit?
  @Option(Self.help("max-class-drop"), value: "POINTS") var maxClassDrop: PointsLimit?
  @Option(Self.help("min-agreement"), value: "SHARE") var minAgreement: ShareLimit?
  @Option(Self.help("min-sqnr"), value: "DB") var minSqnr: DecibelLimit?
  @Option(Self.help("max-size"), value: "BYTES") var maxSize: SizeLimit?
  @Option(Self.help("max-flash"), value: "BYTES") var maxFlash: SizeLimit?
  @Option(Self.help("max-arena"), value: "BYTES") var maxArena: SizeLimit?
  @Option(Self.help("max-macs"), value: "COUNT") var maxMacs: CountLimit?
  @Option(Self.help("max-latency"), value: "TIME") var maxLatency: TimeLimit?
  @Flag(Self.help("fits-target")) var fitsTarget = false
  @Flag(Self.help("no-warnings")) var noWarnings = false
  @Option(Self.help("confidence"), value: "LEVEL", defaultText: "0.95") var confidence: ConfidenceLevel?
  @Flag(Self.help("significant")) var significant = false

  var limits: GateLimits {
    var limits = GateLimits()
    limits.maxDrop = maxDrop
    limits.minMetric = minMetric
    limits.maxClassDrop = maxClassDrop
    limits.minAgreement = minAgreement
    limits.minSqnr = minSqnr
    limits.maxSize = maxSize
    limits.maxFlash = maxFlash
    limits.maxArena = maxArena
    limits.maxMacs = maxMacs
    limits.maxLatency = maxLatency
    limits.fitsTarget = fitsTarget
    limits.noWarnings = noWarnings
    limits.confidence = confidence ?? .usual
    limits.significant = significant
    return limits
  }

  private static func help(_ name: String) -> String {
    GateLimits.keys.first { $0.name == name }?.help ?? ""
  }
}

extension GateLimit {
  public init(argument: String) throws(InvalidValue) {
    do throws(InvalidLimit) {
      try self.init(argument)
    } catch {
      throw InvalidValue(error.expected)
    }
  }
  public var argumentText: String { text }
}

extension DropLimit: ArgumentValue {}
extension MetricLimit: ArgumentValue {}
extension PointsLimit: ArgumentValue {}
extension ShareLimit: ArgumentValue {}
extension DecibelLimit: ArgumentValue {}
extension SizeLimit: ArgumentValue {}
extension CountLimit: ArgumentValue {}
extension TimeLimit: ArgumentValue {}
extension ConfidenceLevel: ArgumentValue {}

/// A gate did not hold: the program leaves with 1.
///
///     if !report.gates.allSatisfy(\.passes) { throw GateFailure(report) }
struct GateFailure: Error {
  /// "2 of 4 gates fail"
  var message: String

  init(_ report: Report) { message = "\(report.name): \(report.gateVerdict)" }
}
