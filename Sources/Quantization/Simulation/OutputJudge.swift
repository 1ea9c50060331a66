import Graph
import Lowering
import Runtime
import Storage
import TensorMath

/// Judges whole plans by what they do to the outputs of the network, on samples that were held back.
struct OutputJudge {
  let legal: Legalization
  /// The float network, its steps not fused.
  let program: Program
  let samples: CalibrationSamples
  let ranges: [Range<Int>]
  let threads: Int

  init(
    _ legal: Legalization, _ program: Program, _ samples: CalibrationSamples, _ ranges: [Range<Int>],
    threads: Int
  ) {
    self.legal = legal
    self.program = program
    self.samples = samples
    self.ranges = ranges
    self.threads = threads
  }

  /// Whether the first plan holds against the second: it is better on a third of the samples at least.
  ///
  /// Samples are counted, not summed up: at the end of a classifier a few samples between two classes make most of the
  /// error, and whether they do is chance.
  func holds(_ plan: QuantizationPlan, against other: QuantizationPlan) throws(Diagnostic) -> Bool {
    let errors = try errors([plan, other])
    return 3 * errors.count { $0[0] <= $0[1] } >= errors.count
  }

  /// For each range of samples the relative squared error of each plan, summed over the outputs.
  private func errors(_ plans: [QuantizationPlan]) throws(Diagnostic) -> [[Double]] {
    let simulations = try plans.map { plan throws(Diagnostic) in try PlanSimulation(legal.graph, plan) }
    typealias Place = (place: Int, distances: [[SquaredDistance]])
    let shares = try SampleShares(ranges: ranges, threads: threads).run {
      (next) throws(Diagnostic) -> [Place] in
      var result: [Place] = []
      while let place = next() {
        let inputs = try samples.batch(ranges[place])
        let count = ranges[place].count
        let expected = try program.makeSession(batch: count).run(inputs)
        var distances: [[SquaredDistance]] = []
        for simulation in simulations {
          let found = try simulation.makeSession(batch: count).run(inputs)
          distances.append(
            zip(expected, found).map { real, rounded in
              var distance = SquaredDistance()
              if real.type == .float32 { distance.add(expected: real.floats, found: rounded.floats) }
              return distance
            })
        }
        result.append((place, distances))
      }
      return result
    }
    return shares.flatMap { $0 }.sorted { $0.place < $1.place }.map { place in
      place.distances.map { outputs in outputs.reduce(0) { $0 + $1.relative } }
    }
  }
}
