import Foundation
import Graph
import JSONText
import Testing

@testable import Reporting

/// Reports that were changed by hand or by accident: each is refused with a message, or shown and judged without harm.
@Suite struct HostileReportTests {
  private static let document: JSON = {
    var report = SampleReport.full
    report.layers = Array(report.layers.prefix(1))
    for keyPath in [\Report.Layer.weights, \Report.Layer.activations] {
      report.layers[0][keyPath: keyPath]?.counts = [1, 2, 3]
    }
    report.quality?.confusion = Report.Confusion(before: [[1]], after: nil)
    report.quality?.classes = Array(SampleReport.full.quality!.classes.prefix(3))
    report.after?.arena?.timeline = Array(SampleReport.full.after!.arena!.timeline.prefix(6))
    report.after?.arena?.buffers = Array(SampleReport.full.after!.arena!.buffers.prefix(6))
    report.limits = limits
    return report.json
  }()

  private static let limits: GateLimits = {
    var limits = GateLimits()
    let values = [
      "max-drop": "1", "min-metric": "50%", "max-class-drop": "5", "min-agreement": "99%", "min-sqnr": "30",
      "max-size": "+2%", "max-flash": "-5%", "max-arena": "64k", "max-macs": "+1k", "max-latency": "10ms",
      "fits-target": "true", "no-warnings": "true",
    ]
    for (name, value) in values { try? limits.set(name, to: value) }
    return limits
  }()

  /// Every name of a member, however deep.
  private static func names(_ document: JSON) -> Set<String> {
    switch document {
    case .members(let members):
      members.reduce(into: Set(members.map(\.name))) { $0.formUnion(names($1.value)) }
    case .array(let values): values.reduce(into: []) { $0.formUnion(names($1)) }
    default: []
    }
  }

  /// The document with another value for every member of this name.
  private static func replacing(_ name: String, with value: JSON?, in document: JSON) -> JSON {
    switch document {
    case .members(let members):
      .members(
        members.compactMap { member in
          guard member.name == name else {
            return JSON.Member(name: member.name, value: replacing(name, with: value, in: member.value))
          }
          return value.map { JSON.Member(name: name, value: $0) }
        })
    case .array(let values): .array(values.map { replacing(name, with: value, in: $0) })
    default: document
    }
  }

  private static let values: [JSON?] = [
    nil, .null, .integer(-1), .integer(.max), .integer(1_000_000_000_000_000), .number(1e308),
    .string("\u{0}|`<b>@x\n"), .array([]),
  ]

  @Test func everyFieldMayBeAnything() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "hostile-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "r.json").path
    var refused = 0
    var taken = 0
    for name in Self.names(Self.document).sorted() {
      for value in Self.values {
        try Self.replacing(name, with: value, in: Self.document).text()
          .write(toFile: path, atomically: false, encoding: .utf8)
        do {
          let report = try Report(path: path)
          taken += 1
          if let baseline = try? BaselineFile(path: path) { judge(report, baseline) } else { show(report) }
        } catch {
          refused += 1
          #expect(error.kind == .badData && error.message.contains("r.json"), "\(error)")
        }
      }
    }
    #expect(refused > 300 && taken > 300, "\(refused) refused, \(taken) taken")
  }

  private func show(_ report: Report) {
    let markdown = MarkdownReport(report).text()
    #expect(markdown.utf8.count <= MarkdownReport.commentLimit && !markdown.contains("\u{0}"))
    #expect(!JUnitReport(report).text().contains("\u{0}"))
    #expect(!TerminalReport(report, width: 80).text().contains("\u{0}"))
    #expect(ReportValues(report).text.split(separator: "\n").allSatisfy { $0.contains("=") })
  }

  private func judge(_ report: Report, _ baseline: BaselineFile) {
    var judged = report
    for entry in [nil, baseline.models.first] {
      // A metric that is none is refused.
      guard let results = try? Self.limits.judge(report, against: entry) else { continue }
      #expect(results.count == 12)
      judged.gates = results
      let annotations = GateAnnotations(judged, place: .init(path: report.name))
      #expect(annotations.workflowCommands.split(separator: "\n").allSatisfy { $0.hasPrefix("::") })
      _ = annotations.codeQuality.text()
    }
    show(judged)
  }
}
