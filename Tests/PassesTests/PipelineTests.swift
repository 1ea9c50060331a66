import Graph
import Runtime
import Testing

@testable import Passes

/// The pipelines keep what networks compute.
///
/// Budget: 2e-5 of the range of an output. Folding rounds weights once more and sums run in another order (2^-24 each, over
/// at most some thousand terms and twenty layers); nothing else may differ.
@Suite struct PipelineTests {
  private static let budget: Float = 2e-5

  private func check(_ seed: UInt64, operatorCount: Int, _ pipeline: Pipeline) throws {
    let graph = try RandomNetwork(seed: seed, operatorCount: operatorCount).graph
    try graph.verify()
    let inputs = noiseInputs(graph, batch: 2, seed: seed)
    let expected = try execute(graph, inputs, batch: 2)
    var optimized = graph
    try pipeline.run(on: &optimized, verifies: true)
    let found = try execute(optimized, inputs, batch: 2)
    for (before, after) in zip(expected, found) {
      #expect(deviation(before, after) <= Self.budget, "seed \(seed)\n\(graph.dump())\n\(optimized.dump())")
    }
  }

  @Test(arguments: 1...150) func executionKeepsResults(seed: UInt64) throws {
    try check(seed, operatorCount: 3 + Int(seed % 14), .forExecution())
  }

  @Test(arguments: 1...50) func executionWithKeptPortsKeepsResults(seed: UInt64) throws {
    try check(seed + 1000, operatorCount: 3 + Int(seed % 14), .forExecution(keepsPortLayout: true))
  }

  @Test(arguments: 1...50) func exportKeepsResults(seed: UInt64) throws {
    var both = Pipeline.forExecution(keepsPortLayout: true)
    both.passes += Pipeline.forExport.passes
    try check(seed + 2000, operatorCount: 3 + Int(seed % 14), both)
  }
}
