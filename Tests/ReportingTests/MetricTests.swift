import Graph
import Reporting
import Testing

/// Runs `samples` of output and label through a metric.
private func measure(_ metric: Metric, _ samples: [([Float], ExpectedAnswer)]) throws -> MetricResult {
  var accumulator = MetricAccumulator(metric)
  for (index, sample) in samples.enumerated() {
    let output = TensorValue(floats: sample.0, sizes: [1, sample.0.count])
    try accumulator.add(output: output, expected: sample.1, named: "x[\(index)]")
  }
  return accumulator.result
}

private func floats(_ values: Float...) -> ExpectedAnswer {
  .array(TensorValue(floats: values, sizes: [values.count]))
}

@Suite struct ClassMetricTests {
  @Test func theFirstOfEqualScoresIsTheBestClass() throws {
    let result = try measure(
      .top1,
      [
        ([0, 1, 1], .classIndex(1)), ([0, 1, 1], .classIndex(2)), ([5, 1, 1], floats(1, 0, 0)),
        ([.nan, 1], .classIndex(1)),
      ])
    #expect(result.correctCount == 2 && result.value == 0.5)
  }

  @Test func fiveGuessesCountForTop5() throws {
    let output: [Float] = [9, 8, 7, 6, 5, 4]
    #expect(try measure(.top5, [(output, .classIndex(4)), (output, .classIndex(5))]).correctCount == 1)
  }

  @Test func theIntervalIsWilsons() throws {
    // 8,719 of 10,000: statsmodels' proportion_confint(method="wilson") gives 0.865210 and 0.878304.
    let samples: [([Float], ExpectedAnswer)] = (0..<10_000).map { ([1, 0], .classIndex($0 < 8719 ? 0 : 1)) }
    let result = try measure(.top1, samples)
    #expect(result.text == "87.19 % (8,719 of 10,000), 95 % interval 86.52 % to 87.83 %")
  }

  @Test func labelsThatDoNotFitAreExplained() {
    #expect(throws: Diagnostic.self) { try measure(.top1, [([0, 1], .classIndex(2))]) }
    #expect(throws: Diagnostic.self) { try measure(.top1, [([0, 1], .classIndex(-1))]) }
    #expect(throws: Diagnostic.self) { try measure(.top1, [([0.5], .classIndex(1))]) }
    #expect(throws: Diagnostic.self) { try measure(.top1, [([0, 1], floats(1, 0, 0))]) }
    #expect(throws: Diagnostic.self) { try measure(.mse, [([0, 1], .classIndex(1))]) }
    #expect(throws: Diagnostic.self) { try measure(.mse, [([0, 1], floats(1))]) }
  }

  @Test func aucCountsPairsInTheRightOrder() throws {
    let samples: [([Float], ExpectedAnswer)] = [
      ([0.1], .classIndex(0)), ([0.4], .classIndex(0)), ([0.35], .classIndex(1)), ([0.8], .classIndex(1)),
    ]
    #expect(try measure(.auc, samples).value == 0.75)
    #expect(try measure(.auc, [([1], .classIndex(0)), ([1], .classIndex(1))]).value == 0.5)
    #expect(try measure(.auc, [([1], .classIndex(0))]).value == nil)
  }

  @Test func segmentsAreComparedClassByClass() throws {
    var accumulator = MetricAccumulator(.miou)
    // Two classes, channels first, four pixels: found 0 0 1 1, truth 0 1 1 1.
    try accumulator.add(
      output: TensorValue(floats: [1, 1, 0, 0, 0, 0, 1, 1], sizes: [1, 2, 2, 2]),
      expected: .array(TensorValue(integers: [0, 1, 1, 1], type: .uint8, sizes: [2, 2])), named: "x")
    #expect(abs(accumulator.result.value! - (1.0 / 2 + 2.0 / 3) / 2) < 1e-12)
  }
}

@Suite struct DifferenceMetricTests {
  @Test func differencesAreAveraged() throws {
    let samples: [([Float], ExpectedAnswer)] = [([1, 2], floats(1, 4)), ([0, 0], floats(1, 1))]
    #expect(try measure(.mse, samples).value == 1.5)
    #expect(try measure(.mae, samples).value == 1)
    #expect(abs(try measure(.sqnr, samples).value! - 10 * 0.500_602_35) < 1e-6)
  }

  @Test func psnrAveragesOverSamplesWithAPeakOfOne() throws {
    let samples: [([Float], ExpectedAnswer)] = [([0.1], floats(0)), ([0.99], floats(1))]
    #expect(abs(try measure(.psnr, samples).value! - 30) < 1e-5)
    #expect(try measure(.psnr, [([1], floats(1))]).value == .infinity)
  }

  @Test func cosineIsOneForTheSameDirection() throws {
    #expect(abs(try measure(.cosine, [([1, 2], floats(2, 4))]).value! - 1) < 1e-12)
    #expect(try measure(.cosine, [([0, 0], floats(0, 0))]).value == 1)
  }

  @Test func intervalsNeedSeveralSamples() throws {
    #expect(try measure(.mse, [([1], floats(2))]).interval == nil)
    let many = (0..<40).map { ([Float($0 % 4)], floats(0)) }
    let interval = try #require(try measure(.mse, many).interval)
    #expect(interval.contains(3.5))
    #expect(try measure(.sqnr, (1..<50).map { ([Float($0)], floats(Float($0) + 0.5)) }).interval != nil)
  }
}
