import Foundation
import JSONText
import Reporting
import Testing

/// `Documentation/report.md` against a report that has every field.
@Suite("Documentation of the report") struct ReportDocumentationTests {
  /// A row of the document's tables.
  private struct Row {
    var path: String
    var type: String
    /// The path with names that stand for several replaced.
    var places: [String]
  }

  private static func rows() throws -> [Row] {
    let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Documentation/report.md")
    let lines = try String(contentsOf: file.standardized, encoding: .utf8).split(separator: "\n")
    let cells = lines.filter { $0.hasPrefix("| `") }.map { line in
      line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    var names: [String: [String]] = [:]
    for row in cells where row[1] == "stands for" {
      names[bare(row[0])] = row[2].components(separatedBy: ", ").map(bare)
    }
    return cells.filter { $0[1] != "stands for" }.map { row in
      let path = bare(row[0])
      return Row(path: path, type: row[1], places: places(of: path, names))
    }
  }

  private static func bare(_ cell: String) -> String { cell.filter { $0 != "`" } }

  private static func places(of path: String, _ names: [String: [String]]) -> [String] {
    let parts = path.split(separator: ".", maxSplits: 1).map(String.init)
    guard let meanings = names[parts[0]] else { return [path] }
    return meanings.flatMap { places(of: ([$0] + parts.dropFirst()).joined(separator: "."), names) }
  }

  /// Every field's path with the types that its values have.
  private static func fields(of document: JSON, at path: String = "") -> [String: Set<String>] {
    var result: [String: Set<String>] = [:]
    switch document {
    case .members(let members):
      for member in members {
        let place = path.isEmpty ? member.name : "\(path).\(member.name)"
        result[place, default: []].insert(type(of: member.value))
        result.merge(fields(of: member.value, at: place)) { $0.union($1) }
      }
    case .array(let elements):
      for element in elements { result.merge(fields(of: element, at: path + "[]")) { $0.union($1) } }
    default: break
    }
    return result
  }

  private static func type(of value: JSON) -> String {
    switch value {
    case .null, .number: return "number"
    case .bool: return "boolean"
    case .integer: return "integer"
    case .string: return "text"
    case .members: return "object"
    case .array(let elements):
      switch elements.first.map(type) {
      case nil: return "list"
      case "text": return "list of texts"
      case "integer": return "list of integers"
      case "object": return "list of objects"
      default: return "list of lists"
      }
    }
  }

  @Test("Every field is documented, with its type")
  func complete() throws {
    let rows = try Self.rows()
    let documented = Dictionary(
      rows.flatMap { row in row.places.map { ($0, row.type) } }, uniquingKeysWith: { first, _ in first })
    for (path, types) in Self.fields(of: SampleReport.full.json).sorted(by: { $0.key < $1.key }) {
      guard let type = documented[path] else {
        Issue.record("Documentation/report.md does not know '\(path)'")
        continue
      }
      // Lists that are empty here tell nothing of their elements.
      #expect(types.subtracting(["list"]).isSubset(of: [type]), "'\(path)' is \(types.sorted()), not \(type)")
    }
  }

  @Test("No field is documented that does not exist, and none twice")
  func current() throws {
    let rows = try Self.rows()
    #expect(rows.count > 150)
    let fields = Self.fields(of: SampleReport.full.json)
    for row in rows where !row.places.contains(where: { fields[$0] != nil }) {
      Issue.record("Documentation/report.md knows '\(row.path)', reports do not")
    }
    let paths = rows.flatMap(\.places)
    #expect(Set(paths).count == paths.count)
  }
}
