import Graph
import Statistics
import Testing

@testable import Datasets

@Suite struct MetricTests {
  private func output(_ floats: [Float]) -> TensorValue {
    TensorValue(floats: floats, sizes: [1, floats.count])
  }

  @Test func topOneCountsTheFirstOfEqualOutputs() throws {
    var metric = Metric(.top1)
    try metric.add(output([0.1, 0.5, 0.5]), label: .classIndex(1), name: "a")
    try metric.add(output([0.1, 0.5, 0.5]), label: .classIndex(2), name: "b")
    try metric.add(output([0.1, 0.2, .nan]), label: .classIndex(1), name: "c")
    let result = metric.result
    #expect(result.correct == 1 && result.count == 3 && result.notFinite == 1)
  }

  @Test func topFiveAndOneHotLabels() throws {
    var metric = Metric(.top5)
    try metric.add(output([6, 5, 4, 3, 2, 1]), label: .classIndex(4), name: "a")
    try metric.add(output([6, 5, 4, 3, 2, 1]), label: .array(output([0, 0, 0, 0, 0, 1])), name: "b")
    #expect(metric.result.value == 0.5)
  }

  @Test func aLabelOutsideTheClassesIsExplained() {
    var metric = Metric(.top1)
    let found = diagnostic { try metric.add(output([1, 2, 3]), label: .classIndex(3), name: "x[7]") }
    #expect(found?.message == "the label of 'x[7]' is 3, the model's output has 3 classes")
  }

  @Test func areaUnderTheCurveCountsTiesHalf() throws {
    var metric = Metric(.auc)
    let scores: [(Float, Int)] = [(0.1, 0), (0.4, 0), (0.4, 1), (0.8, 1), (0.35, 1)]
    for (score, label) in scores { try metric.add(output([score]), label: .classIndex(label), name: "") }
    // Pairs: (0.4, 0.8, 0.35) against 0.1 win 3; against 0.4: a tie, a win, a loss.
    #expect((metric.result.value - 4.5 / 6).magnitude < 1e-12)
  }

  @Test func errorsAndRatios() throws {
    var results: [MetricKind: Double] = [:]
    for kind in [MetricKind.mse, .mae, .psnr, .sqnr, .cosine] {
      var metric = Metric(kind)
      try metric.add(output([1, 2]), label: .array(output([1, 4])), name: "")
      try metric.add(output([3, 4]), label: .array(output([3, 3])), name: "")
      results[kind] = metric.result.value
    }
    #expect(results[.mse] == (2 + 0.5) / 2)
    #expect(results[.mae] == (1 + 0.5) / 2)
    // 10 log10(1 / 2) and 10 log10(1 / 0.5) cancel.
    #expect(results[.psnr]!.magnitude < 1e-12)
    // 35 of power over 5 of noise.
    #expect((results[.sqnr]! - 8.450980400142567).magnitude < 1e-12)
    let cosine = (9 / (5.0.squareRoot() * 17.0.squareRoot()) + 21 / (5 * 18.0.squareRoot())) / 2
    #expect((results[.cosine]! - cosine).magnitude < 1e-12)
  }

  @Test func whatIsNotFiniteIsAsWrongAsCanBe() throws {
    let worst: [MetricKind: Double] = [
      .mse: .infinity, .mae: .infinity, .psnr: -100, .sqnr: -100, .cosine: -1, .auc: 0, .miou: 0,
    ]
    for (kind, value) in worst {
      var metric = Metric(kind)
      let label: Label =
        kind == .auc
        ? .classIndex(1)
        : .array(TensorValue(integers: [1, 1], type: .uint8, sizes: [1, 2]))
      for bad in [Float.nan, .infinity] {
        try metric.add(output(kind == .auc ? [bad] : [1, bad]), label: label, name: "")
      }
      if kind == .auc { try metric.add(output([-1e30]), label: .classIndex(0), name: "") }
      #expect(metric.result.notFinite == 2, "\(kind)")
      #expect((metric.result.value - value).magnitude < 1e-9 || metric.result.value == value, "\(kind)")
    }
  }

  @Test func anIntervalWidensWithItsConfidence() throws {
    for kind in [MetricKind.mse, .mae, .psnr, .sqnr, .cosine] {
      var metric = Metric(kind)
      for index in 0..<20 {
        let wanted = [Float(index % 5) + 1, 2]
        let given = [wanted[0] + Float(index % 3) / 10 + 0.1, 2]
        try metric.add(output(given), label: .array(output(wanted)), name: "")
      }
      let (usual, sure) = (metric.result(.usual), metric.result(Confidence(0.99)))
      #expect(sure.low < usual.low && usual.low < usual.value && usual.value < usual.high, "\(kind)")
      #expect(usual.high < sure.high || sure.high == 1, "\(kind)")
    }
  }

  @Test func overlapTakesEitherAxisForClasses() throws {
    let labels = TensorValue(integers: [0, 1, 1, 2], type: .uint8, sizes: [2, 2])
    // Predicted 0 1 2 2: IoU of 1, 1/2, 1/2.
    let first = TensorValue(floats: [9, 0, 0, 0, 0, 9, 0, 0, 0, 0, 9, 9], sizes: [1, 3, 2, 2])
    let last = first.permuted([0, 2, 3, 1])
    for output in [first, last] {
      var metric = Metric(.miou)
      try metric.add(output, label: .array(labels), name: "")
      #expect((metric.result.value - 2.0 / 3).magnitude < 1e-12)
    }
  }
}
