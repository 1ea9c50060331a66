import Graph
import Statistics
import Testing

@testable import Datasets

@Suite struct PairedMetricTests {
  private func tensor(_ floats: [Float]) -> TensorValue {
    TensorValue(floats: floats, sizes: [1, floats.count])
  }

  /// `count` samples whose outputs are `wanted` with errors of these sizes.
  private func paired(
    _ kind: MetricKind, errors: (before: Float, after: Float), count: Int = 60
  ) throws -> PairedMetric {
    var metric = PairedMetric(kind)
    for index in 0..<count {
      let wanted = (0..<8).map { Float((index * 31 + $0 * 17) % 23) / 10 + 0.2 }
      func off(_ size: Float, _ step: Int) -> TensorValue {
        tensor(wanted.enumerated().map { $1 + size * (Float((index * step + $0 * 5) % 7) - 3) })
      }
      let label = Label.array(tensor(wanted))
      metric.add(
        before: try metric.before.score(off(errors.before, 11), label: label, name: ""),
        after: try metric.before.score(off(errors.after, 13), label: label, name: ""))
    }
    return metric
  }

  @Test(arguments: [MetricKind.mse, .mae, .psnr, .sqnr, .cosine])
  func aClearChangeIsSignificant(kind: MetricKind) throws {
    let metric = try paired(kind, errors: (0.05, 0.1))
    let difference = try #require(metric.difference(.usual))
    let value = metric.after.result.value - metric.before.result.value
    #expect(difference.value == value)
    #expect(difference.interval.contains(value) && !difference.interval.contains(0))
    #expect(difference.significance.isSignificant(at: 0.95))
    #expect(difference.significance.test == "paired bootstrap")
    // Twice the error is four times the power: 6 dB.
    if kind == .psnr || kind == .sqnr { #expect((value + 6.02).magnitude < 0.5) }
  }

  @Test(arguments: [0.999, 0.9999])
  func aClearChangeIsSignificantHoweverSureItIsToBe(level: Double) throws {
    let difference = try #require(paired(.mse, errors: (0.05, 0.5)).difference(Confidence(level)))
    #expect(difference.significance.isKnown(at: level) && difference.significance.isSignificant(at: level))
    #expect(!difference.interval.contains(0) && difference.interval.low.isFinite)
  }

  @Test(arguments: [MetricKind.mse, .mae, .psnr, .sqnr, .cosine])
  func equalErrorsAreNoChange(kind: MetricKind) throws {
    // A ratio without noise is infinite, and has no difference.
    let same = try paired(kind, errors: (0, 0)).difference(.usual)
    #expect(
      same?.value == (kind == .sqnr ? nil : 0) && same?.significance.pValue == (kind == .sqnr ? nil : 1))
    let noise = try #require(paired(kind, errors: (0.1, 0.1)).difference(.usual))
    #expect(noise.interval.contains(0) && !noise.significance.isSignificant(at: 0.95))
  }

  @Test func samplesAreCountedByOutcome() throws {
    var metric = PairedMetric(.top1)
    let right = tensor([0, 1, 0])
    let wrong = tensor([1, 0, 0])
    let none = tensor([0, .nan, 0])
    for (before, after) in [(right, right), (right, wrong), (right, none), (wrong, right), (none, none)] {
      metric.add(
        before: try metric.before.score(before, label: .classIndex(1), name: ""),
        after: try metric.before.score(after, label: .classIndex(1), name: ""))
    }
    #expect(metric.outcomes == PairedOutcomes(both: 1, broken: 2, mended: 1, neither: 1))
    #expect(metric.before.result.notFinite == 1 && metric.after.result.notFinite == 2)
    let difference = try #require(metric.difference(.usual))
    #expect((difference.value + 0.2).magnitude < 1e-12 && difference.significance.test == "McNemar, exact")
  }

  @Test func areasGoByDeLong() throws {
    var metric = PairedMetric(.auc)
    for index in 0..<60 {
      let label = Label.classIndex(index % 3)
      func scores(_ step: Int, _ gain: Float) -> TensorValue {
        tensor((0..<3).map { Float((index * step + $0 * 7) % 19) + ($0 == index % 3 ? gain : 0) })
      }
      metric.add(
        before: try metric.before.score(scores(5, 3), label: label, name: ""),
        after: try metric.before.score(scores(5, 12), label: label, name: ""))
    }
    let difference = try #require(metric.difference(.usual))
    let value = metric.after.result.value - metric.before.result.value
    #expect(value > 0.1 && (difference.value - value).magnitude < 1e-12)
    #expect(difference.interval.low > 0 && difference.significance.pValue < 0.001)
  }

  @Test func overlapsAreDrawnSampleBySample() throws {
    var metric = PairedMetric(.miou)
    for index in 0..<40 {
      let truth = (0..<16).map { ($0 + index) % 3 }
      func predicted(_ wrong: Int) -> TensorValue {
        TensorValue(
          integers: truth.enumerated().map { ($0 * 5 + index) % 16 < wrong ? ($1 + 1) % 3 : $1 },
          type: .uint8,
          sizes: [4, 4])
      }
      let label = Label.array(TensorValue(integers: truth, type: .uint8, sizes: [4, 4]))
      metric.add(
        before: try metric.before.score(predicted(2 + index % 2), label: label, name: ""),
        after: try metric.before.score(predicted(5 + index % 3), label: label, name: ""))
    }
    let difference = try #require(metric.difference(.usual))
    let value = metric.after.result.value - metric.before.result.value
    #expect(difference.value == value && value < -0.1)
    #expect(difference.interval.contains(value) && difference.interval.high < 0)
  }

  @Test func withoutSamplesThereIsNoDifference() {
    for kind in MetricKind.allCases { #expect(PairedMetric(kind).difference(.usual) == nil) }
  }
}
