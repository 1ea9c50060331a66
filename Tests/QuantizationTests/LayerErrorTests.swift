import Graph
import Lowering
import Runtime
import Storage
import TensorMath
import Testing

@testable import Quantization

/// The error that each operator alone makes.
@Suite struct LayerErrorTests {
  private func plan(_ graph: Graph, perChannel: Bool = true) throws -> (Graph, QuantizationPlan) {
    let legal = try graph.legalized(for: .int8)
    let found = try ModelCalibration(legal, method: .minmax).run(
      SmallModel.noise(graph, count: 40), threads: 1)
    var options = QuantizerOptions()
    options.isPerChannel = perChannel
    return (legal.graph, try Quantizer(legal).plan(found.ranges, options).plan)
  }

  private func place(_ source: String, in graph: Graph) throws -> Int {
    try #require(graph.operators.firstIndex { $0.sources == [source] })
  }

  @Test func itIsWhatOneRoundedOperatorDoesToTheOutputs() throws {
    let (graph, plan) = try plan(try SmallModel.residual())
    let samples = SmallModel.noise(graph, count: 3)
    let found = try LayerErrors(graph, plan).measure(samples, at: [0, 2], threads: 1)
    let index = try place("dense", in: graph)
    // By hand: the same network with the rounded matrix, and only this result rounded.
    var changed = graph
    let matrix = try #require(graph[graph.operators[index].inputs[1]!].constant).realized()
    changed.operators[index].inputs[1] = changed.addConstant(
      Constant(WeightRounding(matrix, axis: 0).integers().reals), name: "rounded")
    let grid = try #require(plan.activations[graph.tensor("scores")]?.grid)
    var error = 0.0
    for place in [0, 2] {
      let inputs = try samples.batch(place..<place + 1)
      let expected = try Program(graph).makeSession().run(inputs)[0]
      let session = try Program(changed, fusesSteps: false).makeSession()
      session.onTensor = { (id, value) throws(Diagnostic) in
        if id == graph.tensor("scores") {
          grid.round(value.floats, into: value.floats, on: Workers(threads: 1))
        }
      }
      let rounded = try session.run(inputs)[0]
      let difference = zip(expected.floats.array, rounded.floats.array).reduce(0.0) {
        $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
      }
      error += difference / expected.floats.array.reduce(0.0) { $0 + Double($1) * Double($1) }
    }
    #expect(error > 0 && abs(found[index] / error - 1) < 1e-6)
  }

  @Test func whatOnlyMovesIntegersMakesNone() throws {
    let (graph, plan) = try plan(try SmallModel.residual())
    let found = try LayerErrors(graph, plan).measure(
      SmallModel.noise(graph, count: 2), at: [0, 1], threads: 1)
    #expect(found.count == graph.operators.count)
    for source in ["pool", "flatten"] { #expect(found[try place(source, in: graph)] == 0) }
    for source in ["first", "second", "add", "dense", "softmax"] {
      #expect(found[try place(source, in: graph)] > 0)
    }
  }

  @Test(arguments: [2, 3]) func threadsMakeNoDifference(_ threads: Int) throws {
    let (graph, plan) = try plan(try SmallModel.residual())
    let errors = try LayerErrors(graph, plan)
    let samples = SmallModel.noise(graph, count: 4)
    let one = try errors.measure(samples, at: [0, 1, 3], threads: 1)
    #expect(try errors.measure(samples, at: [0, 1, 3], threads: threads) == one)
  }

  /// One channel is always zero; the huge weights that it meets change nothing but the scale of all others.
  @Test func theDamagedLayerIsFound() throws {
    var graph = try SmallModel.residual()
    let (first, second) = (try place("first", in: graph), try place("second", in: graph))
    func change(_ operand: Int, of index: Int, _ change: (View<Float>) -> Void) {
      let id = graph.operators[index].inputs[operand]!
      let value = graph[id].constant!.realized()
      let copy = TensorValue(floats: value.floats.array, sizes: value.sizes)
      change(copy.floats)
      graph.operators[index].inputs[operand] = graph.addConstant(Constant(copy), name: graph[id].name)
    }
    change(2, of: first) { $0[3] = -1000 }
    let sound = try shares(graph)
    change(1, of: second) { weights in
      for place in stride(from: 3, to: weights.count, by: 4) { weights[place] = 300 }
    }
    let damaged = try shares(graph)
    #expect(damaged.max() == damaged[second] && damaged[second] > 0.9 && sound[second] < 0.6)
  }

  private func shares(_ graph: Graph) throws -> [Double] {
    let (legal, plan) = try plan(graph, perChannel: false)
    let found = try LayerErrors(legal, plan).measure(
      SmallModel.noise(legal, count: 8), at: Array(0..<8), threads: 2)
    return found.map { $0 / found.reduce(0, +) }
  }
}

@Suite struct HistogramBinTests {
  private func bins(_ values: [Float], atMost limit: Int = 64) -> (
    start: Double, width: Double, counts: [Int]
  ) {
    ValueHistogram(of: View(values)).bins(atMost: limit)
  }

  @Test func everyNumberIsCountedInABinThatReachesOverIt() {
    let values = (0..<1000).map { Float($0 % 37) / 7 - 2 } + [0, 0, 0, 4.1, -2.5]
    for limit in [1, 2, 5, 64, 5000] {
      let (start, width, counts) = bins(values, atMost: limit)
      #expect(counts.count <= limit && counts.reduce(0, +) == values.count)
      #expect(start <= -2.5 && start + width * Double(counts.count) > 4.1)
      #expect(counts.first! > 0 && counts.last! > 0)
    }
    let (start, width, counts) = bins(values)
    for (index, count) in counts.enumerated() {
      let low = start + width * Double(index)
      #expect(values.count { Double($0) >= low && Double($0) < low + width } == count)
    }
    #expect(counts.count > 16)
  }

  @Test func zerosAloneAndNothingAtAll() {
    #expect(bins([0, 0]).counts == [2])
    #expect(bins([]).counts.isEmpty)
    #expect(bins([3]).counts == [1] && bins([3]).start <= 3)
  }
}
