import Foundation
import Graph
import Micro
import TFLiteFormat
import Testing

/// The arena of real files beside what was executed: the Python package prints its head and tail; the numbers of the
/// plain interpreter were taken on a 64-bit host and on an emulated Cortex-M7.
///
/// `arenas.csv` holds the small vectors of single operators that stand in the repository, and the networks that
/// `EDGEOPT_SHARED` names.
@Suite("Arena numbers") struct ArenaNumbersTests {
  struct Row: Sendable, CustomTestStringConvertible {
    var file: String
    var path: String
    var numbers: [Int]
    var testDescription: String { file }
  }

  private static let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  private static let shared = ProcessInfo.processInfo.environment["EDGEOPT_SHARED"]

  static let rows: [Row] = {
    let text = (try? String(contentsOf: here.appendingPathComponent("arenas.csv"), encoding: .utf8)) ?? ""
    let vectors = here.deletingLastPathComponent().appendingPathComponent("MicroRuntimeTests/Vectors").path
    return text.split(separator: "\n").dropFirst().compactMap { line in
      let cells = line.split(separator: ",").map(String.init)
      let folders = [vectors] + (shared.map { [$0 + "/corpus/reference_tflite"] } ?? [])
      let path = folders.map { "\($0)/\(cells[0])" }.first(where: FileManager.default.fileExists)
      return path.map { Row(file: cells[0], path: $0, numbers: cells.dropFirst().compactMap(Int.init)) }
    }
  }()

  @Test("All vectors are there") func count() {
    #expect(Self.rows.count >= 135)
  }

  @Test(
    "The networks are there", .enabled(if: shared != nil, "EDGEOPT_SHARED is not set"))
  func networks() {
    #expect(Self.rows.count == 143)
  }

  @Test("Head, tail and minimum are those that were executed", arguments: rows)
  func numbers(row: Row) throws {
    let model = try TFLiteReader(path: row.path).model()
    let python = try ArenaPrediction(model, platform: .pythonInterpreter)
    var found = [python.head, python.tail]
    for platform in [ArenaPlatform.host64, .cortexM, .cortexMWideEnums] {
      let arena = try ArenaPrediction(model, platform: platform)
      found += [arena.head, arena.tail, arena.minimum]
      #expect(arena.unknownOperators.isEmpty)
      #expect(arena.tailParts.reduce(0) { $0 + $1.byteCount } == arena.tail)
      #expect(arena.overlaps.isEmpty)
    }
    #expect(found == row.numbers)
  }
}
