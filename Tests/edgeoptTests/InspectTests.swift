import Foundation

#if canImport(FoundationXML)
  import FoundationXML
#endif
import Testing

@Suite struct InspectTests {
  @Test func theTableListsLayersAndTotals() throws {
    let run = try ProgramRun("inspect", ProgramRun.model)
    #expect(run.status == 0 && run.error.isEmpty)
    for word in ["image", "opset", "depthwise conv + relu", "total", "weights as int8", "pytorch"] {
      #expect(run.output.contains(word), "\(word)")
    }
    // Not a terminal: no color, no progress.
    #expect(!run.output.contains("\u{1B}"))
  }

  @Test func theTableFitsTheTerminal() throws {
    let output = try ProgramRun("inspect", ProgramRun.model, environment: ["COLUMNS": "90"]).output
    for line in output.split(separator: "\n") where !line.hasPrefix("note:") && !line.contains(".onnx") {
      #expect(line.count <= 90, "\(line)")
    }
  }

  @Test func jsonIsOneDocumentWithTheSameFigures() throws {
    let document = try ProgramRun("inspect", ProgramRun.model, "--json").json()
    let layers = try #require(document["layers"] as? [[String: Any]])
    #expect(document["operators"] as? Int == layers.count)
    #expect(layers.reduce(0) { $0 + ($1["macs"] as? Int ?? 0) } == document["macs"] as? Int)
    #expect((document["inputs"] as? [[String: Any]])?.first?["name"] as? String == "image")
  }

  @Test func theResultCanGoToAFile() throws {
    let folder = try TemporaryFolder()
    let run = try ProgramRun("inspect", ProgramRun.model, "-o", folder.path("report.txt"))
    #expect(run.status == 0 && run.output.isEmpty)
    #expect(try String(contentsOfFile: folder.path("report.txt"), encoding: .utf8).contains("total"))
  }

  @Test func thePictureShowsEveryLayer() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("graph.svg")
    let run = try ProgramRun("inspect", ProgramRun.model, "--graph", path, "--json")
    let layers = try #require(try run.json()["layers"] as? [[String: Any]])
    let svg = try String(contentsOfFile: path, encoding: .utf8)
    #expect(XMLParser(data: Data(svg.utf8)).parse())
    for layer in layers { #expect(svg.contains(layer["operator"] as? String ?? "?")) }
  }

  @Test func theGraphIsDumpedAfterAPass() throws {
    let before = try ProgramRun("inspect", ProgramRun.model, "--dump-graph", "after:simplify").output
    let after = try ProgramRun("inspect", ProgramRun.model, "--dump-graph", "after:cleanup").output
    #expect(before.hasPrefix("graph '") && after.hasPrefix("graph '") && before != after)
  }
}
