import Foundation
import Graph
import Testing

@testable import ONNXFormat

/// Weights in files beside the model.
@Suite struct ExternalDataTests {
  private func model(_ places: [(location: String, offset: Int, length: Int)]) -> TestModel {
    var graph = TestGraph(inputs: [TestValue("x", [4])])
    var last = "x"
    for (index, place) in places.enumerated() {
      var tensor = TestTensor(name: "w\(index)", sizes: [4], type: 1, raw: [])
      tensor.external = [
        ("location", place.location), ("offset", "\(place.offset)"), ("length", "\(place.length)"),
      ]
      graph.initializers.append(tensor)
      graph.nodes.append(TestNode("Add", [last, "w\(index)"], ["y\(index)"]))
      last = "y\(index)"
    }
    graph.outputs = [TestValue(last, [4])]
    return TestModel(graph: graph)
  }

  private func outcome(
    _ places: [(String, Int, Int)], prepare: (TemporaryFolder) throws -> Void = { _ in }
  ) throws -> Result<Graph, Diagnostic> {
    let folder = try TemporaryFolder()
    _ = try folder.write(TestTensor.floats("", [8], [1, 2, 3, 4, 5, 6, 7, 8]).raw, as: "weights.bin")
    try prepare(folder)
    let path = try folder.write(model(places).bytes)
    let importer = ONNXImporter(options: ImportOptions(), evaluator: NoEvaluator())
    return Result { () throws(Diagnostic) in try importer.importModel(path: path) }
  }

  private func problem(_ places: [(String, Int, Int)]) throws -> Diagnostic? {
    if case .failure(let problem) = try outcome(places) { return problem }
    return nil
  }

  @Test func weightsAreReadWhereTheyStand() throws {
    let graph = try outcome([("weights.bin", 16, 16), ("weights.bin", 0, 16)]).get()
    let weights = graph.operators.map { graph[$0.inputs[1]!].constant!.realized().floats.array }
    #expect(weights == [[5, 6, 7, 8], [1, 2, 3, 4]])
  }

  @Test func missingFilesAreNamed() throws {
    let problem = try #require(try problem([("gone.bin", 0, 16)]))
    #expect(
      problem.kind == .missing && problem.message.contains("gone.bin") && problem.message.contains("'w0'"))
  }

  @Test(arguments: ["../weights.bin", "/etc/passwd", "a/../../weights.bin", ""])
  func pathsMustStayInTheFolder(_ location: String) throws {
    #expect(try problem([(location, 0, 16)])?.kind == .badData)
  }

  /// Whoever only asks which files belong to a model gets no names that lead elsewhere: files are read and written there.
  @Test(arguments: [
    "../weights.bin", "/etc/passwd", "a/../../weights.bin", "", "..", "a/..", "..//weights.bin",
    // A slash with a combining mark is one character, and still a slash for the system.
    "../\u{338}weights.bin", "..\u{0}",
  ])
  func summariesNameNoFilesElsewhere(_ location: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(model([("weights.bin", 0, 16), (location, 0, 16)]).bytes)
    let problem = #expect(throws: Diagnostic.self) { try ONNXModelSummary(path: path) }
    #expect(problem?.message.contains("'w1'") == true && problem?.message.contains("leaves") == true)
    #expect(try self.problem([(location, 0, 16)])?.kind == .badData)
  }

  @Test(arguments: ["weights.bin", "a/b.bin", "..a", "a..", "a/..b", "./weights.bin"])
  func summariesNameFilesBeside(_ location: String) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(model([(location, 0, 16), (location, 16, 16)]).bytes)
    #expect(try ONNXModelSummary(path: path).externalFiles == [location])
  }

  @Test func linksMustStayInTheFolder() throws {
    let result = try outcome([("link.bin", 0, 16)]) { folder in
      try FileManager.default.createSymbolicLink(
        atPath: folder.path + "/link.bin", withDestinationPath: "/etc/passwd")
    }
    guard case .failure(let problem) = result else { return #expect(Bool(false)) }
    #expect(problem.message.contains("link.bin") && problem.message.contains("leaves"))
  }

  @Test(arguments: [(24, 16), (-16, 16), (Int.max - 8, 16), (0, 12)])
  func rangesMustLieInTheFile(offset: Int, length: Int) throws {
    #expect(try problem([("weights.bin", offset, length)])?.message.contains("'w0'") == true)
  }

  @Test func rangesMustNotOverlap() throws {
    #expect(
      try problem([("weights.bin", 0, 16), ("weights.bin", 8, 16)])?.message.contains("overlap") == true)
    // The same bytes twice are shared weights.
    #expect(try problem([("weights.bin", 0, 16), ("weights.bin", 0, 16)]) == nil)
  }
}
