/// What is wrong or odd about calibration data, in plain words.
///
///     for finding in report.findings { print(finding.message) }
public struct DoctorReport: Sendable, Hashable {
  public enum Severity: String, Sendable, Hashable { case note, warning }

  public struct Finding: Sendable, Hashable {
    public var severity: Severity
    /// One sentence or two: what was found, and what was expected.
    public var message: String
    /// What to do about it.
    public var hint: String?

    public init(_ severity: Severity, _ message: String, hint: String? = nil) {
      self.severity = severity
      self.message = message
      self.hint = hint
    }
  }

  public var findings: [Finding] = []
  /// Whether the ranges hardly grew in the second half of the samples, so that more would not matter.
  public var hasConverged = true

  public init() {}
}
