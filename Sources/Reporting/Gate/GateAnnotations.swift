import JSONText
import Storage

/// Gates as messages that a code host shows beside the code.
///
///     let annotations = GateAnnotations(report, place: .init(path: "recipe.yaml", lines: ["max-drop": 12]))
///     print(annotations.workflowCommands, annotations.codeQuality.text())
public struct GateAnnotations: Sendable {
  /// Where messages point to.
  public struct Place: Sendable {
    /// Relative to the repository, for hosts that shall find it.
    public var path: String
    /// Of gates by name, where the file says which line limits what.
    public var lines: [String: Int]

    public init(path: String, lines: [String: Int] = [:]) {
      self.path = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
      self.lines = lines
    }
  }

  public let report: Report
  public let place: Place

  public init(_ report: Report, place: Place) {
    self.report = report
    self.place = place
  }

  // MARK: - GitHub

  /// Of one kind, a step shows ten.
  private static let limit = 10

  /// Lines that GitHub's runner reads from a job's output and shows as annotations. Nothing else may stand in them: what a
  /// report says cannot become a command.
  public var workflowCommands: String {
    var lines: [String] = []
    let failed = report.gates.filter { !$0.passes }
    lines += shortened(
      "error", failed.map { command("error", gate: $0.gate, $0.sentence) }, "gates that fail")
    let noisy = report.gates.filter { $0.outcome == .withinNoise }.map {
      command("warning", gate: $0.gate, $0.sentence)
    }
    let warnings = report.warnings.map { command("warning", gate: nil, $0.message) }
    lines += shortened("warning", noisy + warnings, "warnings")
    lines.append(command("notice", gate: nil, "\(report.name): \(report.gateVerdict)"))
    return lines.map { $0 + "\n" }.joined()
  }

  private func shortened(_ kind: String, _ commands: [String], _ what: String) -> [String] {
    guard commands.count > Self.limit else { return commands }
    let rest = commands.count - Self.limit + 1
    return commands.prefix(Self.limit - 1) + [command(kind, gate: nil, "and \(rest) more \(what)")]
  }

  private func command(_ kind: String, gate: String?, _ message: String) -> String {
    let title = gate.map { "edgeopt: \($0)" } ?? "edgeopt"
    var properties = "file=\(property(place.path))"
    if let line = gate.flatMap({ place.lines[$0] }) { properties += ",line=\(line)" }
    return "::\(kind) \(properties),title=\(property(title))::\(escaped(message))"
  }

  private func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { result, scalar in
      switch scalar {
      case "%": result += "%25"
      case "\r": result += "%0D"
      case "\n": result += "%0A"
      default: result.unicodeScalars.append(scalar)
      }
    }.printable()
  }

  private func property(_ text: String) -> String {
    escaped(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
  }

  // MARK: - GitLab

  /// GitLab's Code Quality report: an entry for everything that fails, and for what chance alone explains.
  public var codeQuality: JSON {
    var seen: [String: Int] = [:]
    return .array(
      report.gates.filter { $0.outcome != .holds }.map { gate in
        let severity = gate.outcome == .withinNoise ? "minor" : "major"
        return entry(
          "edgeopt/\(gate.gate)", gate.sentence, severity, key: gate.gate, line: place.lines[gate.gate])
      }
        + report.warnings.map { warning in
          // GitLab shows one of those whose fingerprints are equal.
          seen[warning.message, default: 0] += 1
          let count = seen[warning.message] ?? 1
          let key = count == 1 ? warning.message : "\(warning.message)\u{1F}\(count)"
          return entry("edgeopt/warning", warning.message, "info", key: key, line: nil)
        })
  }

  /// The fingerprint is the same from run to run, whatever was measured, so that an old problem is no new one.
  private func entry(
    _ check: String, _ description: String, _ severity: String, key: String, line: Int?
  ) -> JSON {
    var digest = SHA256()
    digest.add([place.path, report.name, check, key].joined(separator: "\u{1F}"))
    return .object([
      "description": .string("\(report.name): \(description)".printable()), "check_name": .string(check),
      "fingerprint": .string(digest.hexadecimal), "severity": .string(severity),
      "location": .object([
        "path": .string(place.path), "lines": .object(["begin": .integer(max(1, line ?? 1))]),
      ]),
    ])
  }
}
