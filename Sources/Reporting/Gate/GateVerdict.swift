/// What `check` found, as a document.
///
///     GateVerdict(report, path: "r.json", baseline: nil).passes
public struct GateVerdict: Codable, Sendable, Hashable {
  /// The model's name.
  public var name: String
  /// Whether every gate holds.
  public var passes: Bool
  public var report: String
  public var baseline: String?
  public var limits: GateLimits?
  public var gates: [Report.GateResult]

  /// `report` has been judged.
  public init(_ report: Report, path: String, baseline: String?) {
    name = report.name
    passes = report.gates.allSatisfy(\.passes)
    self.report = path
    self.baseline = baseline
    limits = report.limits
    gates = report.gates
  }
}
