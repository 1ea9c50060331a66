import Foundation
import Graph
import Testing

@testable import ONNXFormat

/// Real models of several exporters, where they are at hand (EDGEOPT_SHARED names the folder).
@Suite struct CorpusTests {
  private static let folder = ProcessInfo.processInfo.environment["EDGEOPT_SHARED"].map {
    $0 + "/corpus/models"
  }

  private static var models: [String] {
    guard let folder, let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
      return []
    }
    return names.filter { $0.hasSuffix(".onnx") }.sorted().map { folder + "/" + $0 }
  }

  @Test(.enabled(if: folder != nil, "EDGEOPT_SHARED is not set"), arguments: models)
  func everyModelImports(path: String) throws {
    for batch in [ImportOptions.Batch.asDeclared, .symbolic] {
      var options = ImportOptions()
      options.batch = batch
      let graph = try ONNXImporter(options: options, evaluator: NoEvaluator()).importModel(path: path)
      try graph.verify()
      if batch == .symbolic {
        #expect(graph.inputs.allSatisfy { $0.declaredShape[0] == .batch(1) })
        #expect(graph.outputs.allSatisfy { $0.declaredShape[0] == .batch(1) })
      }
    }
  }
}
