import Storage
import TensorMath
import Testing

@testable import Quantization

/// Numbers that look like activations: a peak around zero, a long tail.
func longTailed(_ count: Int, seed: Int, scale: Float = 1) -> View<Float> {
  var generator = SeededGenerator(seed: seed)
  let values = View<Float>(count: count)
  for index in 0..<count {
    var sum: Float = 0
    for _ in 0..<12 { sum += Float.random(in: -0.5..<0.5, using: &generator) }
    values[index] = sum * sum * sum * scale
  }
  return values
}

@Suite struct HistogramTests {
  @Test(arguments: KernelSet.available) func countsMatchAPlainCount(_ kernels: KernelSet) {
    let values = longTailed(5_003, seed: 1)
    values[17] = 0
    values[4_000] = -0.0
    let counts = View<UInt32>(count: 4096 + BinCounting.slack)
    let exponent = ValueHistogram.exponent(for: Extremes(of: values))
    let zeros = BinCounting.count(values, exponent: exponent, into: counts, kernels: kernels)
    var expected = [UInt32](repeating: 0, count: 4096 + BinCounting.slack)
    for value in values.array where value != 0 {
      expected[
        Int((Double(value) / Double(sign: .plus, exponent: exponent, significand: 1)).rounded(.down)) + 2048] +=
        1
    }
    #expect(zeros == 2)
    #expect(counts.array == expected)
  }

  @Test(arguments: KernelSet.available) func extremesAreFoundAnywhere(_ kernels: KernelSet) {
    for count in [1, 2, 31, 32, 33, 100] {
      for place in [0, count / 2, count - 1] {
        let values = View<Float>(count: count)
        values[place] = -3
        values[(place + 1) % count] = 7
        let seen = Extremes(of: values, kernels: kernels)
        #expect(seen.least == (count == 1 ? 7 : -3) && seen.greatest == 7 && seen.isFinite)
        for odd in [Float.nan, .infinity, -.infinity] {
          values[place] = odd
          #expect(!Extremes(of: values, kernels: kernels).isFinite)
        }
      }
    }
  }

  @Test func growthKeepsEveryCount() {
    let recorder = HistogramRecorder()
    var count = 0
    for (step, scale) in [Float(1e-3), 1, 30, 1e-6, 1e9].enumerated() {
      let values = longTailed(1_000 + step, seed: step, scale: scale)
      recorder.add(values, within: Extremes(of: values))
      count += values.count
      #expect(recorder.histogram.total == count)
    }
  }

  @Test func orderAndSharingMakeNoDifference() {
    let parts = (0..<6).map { longTailed(777, seed: $0, scale: [1, 40, 0.01, 3, 1e5, 2][$0]) }
    func record(_ order: [Int]) -> ValueHistogram {
      let recorder = HistogramRecorder()
      for index in order { recorder.add(parts[index], within: Extremes(of: parts[index])) }
      return recorder.histogram
    }
    let forward = record(Array(0..<6))
    #expect(record(Array((0..<6).reversed())) == forward)
    var first = record([3, 0]), second = record([5, 1, 4, 2])
    second.merge(first)
    #expect(second == forward)
    first.merge(record([4, 1, 2, 5]))
    #expect(first == forward)
  }

  @Test func theEndsOfTheBinsAreInTheBins() {
    for reach in [Float(1), 2, 3, 2047.99, 2048, 1e-30, 3e38, .greatestFiniteMagnitude] {
      for sign in [Float(1), -1] {
        let values = View<Float>([sign * reach, 0, sign * reach / 3])
        #expect(ValueHistogram(of: values).total == 3)
      }
    }
  }

  @Test func zerosAloneHaveAHistogram() {
    let histogram = ValueHistogram(of: View<Float>(count: 100))
    #expect(histogram.zeros == 100 && histogram.total == 100)
  }
}

@Suite struct RangeCandidateTests {
  private func candidates(_ values: View<Float>) -> RangeCandidates {
    RangeCandidates(ValueHistogram(of: values), extremes: Extremes(of: values))
  }

  @Test(arguments: [90.0, 99, 99.9, 100]) func percentilesMatchSorting(_ share: Double) {
    let values = longTailed(20_000, seed: 3)
    let sorted = values.array.sorted()
    let found = candidates(values)
    let range = found.percentile(share)
    let left = Int(20_000 * (1 - share / 100) / 2)
    // One bin is the most that a histogram can be off.
    let budget = found.histogram.binWidth
    #expect(abs(range.upper - Double(sorted[sorted.count - 1 - left])) <= budget)
    #expect(abs(range.lower - Double(sorted[left])) <= budget)
  }

  @Test func positiveNumbersLoseTheirTopOnly() {
    let values = longTailed(10_000, seed: 4)
    for index in 0..<values.count { values[index] = abs(values[index]) }
    let range = candidates(values).percentile(99)
    #expect(range.lower == 0)
    #expect(abs(range.upper - Double(values.array.sorted()[9_899])) <= candidates(values).histogram.binWidth)
  }

  /// The true error of rounding to 256 levels, by doing it.
  private func error(_ values: View<Float>, _ range: RealRange) -> Double {
    let step = range.width / 255
    return values.array.reduce(0) { sum, value in
      let clamped = min(max(Double(value), range.lower), range.upper)
      let rounded = (clamped / step).rounded() * step
      return sum + (Double(value) - rounded) * (Double(value) - rounded)
    }
  }

  @Test func leastSquaresIsNearTheBestCut() {
    let values = longTailed(8_000, seed: 5)
    let found = candidates(values)
    let chosen = error(values, found.leastSquares())
    var best = Double.infinity
    for low in stride(from: 1.0, through: 0.1, by: -0.04) {
      for high in stride(from: 1.0, through: 0.1, by: -0.04) {
        best = min(best, error(values, RealRange(found.whole.lower * low, found.whole.upper * high)))
      }
    }
    // The search takes rounding errors as evenly spread, which they nearly are.
    #expect(chosen <= best * 1.05)
    #expect(chosen < error(values, found.whole))
  }

  @Test func evenlySpreadNumbersAreNotCut() {
    let values = View<Float>((0..<50_000).map { Float($0) / 50_000 - 0.5 })
    let found = candidates(values)
    #expect(found.leastSquares().width > 0.97 * found.whole.width)
    #expect(found.leastDivergence().width > 0.9 * found.whole.width)
  }

  @Test func oneFarNumberIsCutByDivergence() {
    let values = longTailed(50_000, seed: 6)
    values[0] = 4_000
    let found = candidates(values)
    #expect(found.leastDivergence().upper < 1_000)
    #expect(found.leastDivergence().upper > 20)
  }

  @Test(arguments: [1e-12, 0.3, 1, 2.718281828, 17, 1e20]) func logarithm(_ x: Double) {
    // ln(x²) = 2 ln x, and a known value; the series ends after ten terms.
    #expect(
      abs(NaturalLogarithm.of(x * x) - 2 * NaturalLogarithm.of(x)) < 1e-12
        * max(1, abs(NaturalLogarithm.of(x))))
    #expect(abs(NaturalLogarithm.of(2.718281828459045) - 1) < 1e-14)
  }
}
