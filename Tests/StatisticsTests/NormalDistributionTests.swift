import Statistics
import Testing

/// Known numbers are SciPy's: `norm.ppf`, `norm.sf`.
@Suite struct NormalDistributionTests {
  @Test(arguments: [
    (1e-300, -37.0470962993612), (1e-15, -7.941345326170998), (1e-6, -4.753424308822899),
    (0.001, -3.090232306167813), (0.025, -1.9599639845400545), (0.1, -1.2815515655446004),
    (0.3, -0.5244005127080409), (0.5, 0.0), (0.6, 0.2533471031357997), (0.9, 1.2815515655446004),
    (0.975, 1.959963984540054), (0.995, 2.5758293035489004), (0.9995, 3.2905267314919255),
  ])
  func quantiles(probability: Double, known: Double) {
    #expect((NormalDistribution.quantile(probability) - known).magnitude < 1e-13 * max(1, known.magnitude))
  }

  @Test(arguments: [
    (-8, 0.9999999999999993), (-3, 0.9986501019683699), (-1.5, 0.9331927987311419),
    (-0.1, 0.539827837277029), (0, 0.5), (0.5, 0.3085375387259869), (1, 0.15865525393145707),
    (1.96, 0.024997895148220435), (1.99, 0.02329546775021182), (2, 0.022750131948179195),
    (2.01, 0.022215594429431475), (2.5, 0.006209665325776132), (3, 0.0013498980316300933),
    (5, 2.866515718791933e-07), (10, 7.61985302416047e-24), (37, 5.7255712225239266e-300),
  ])
  func tails(x: Double, known: Double) {
    #expect((NormalDistribution.upperTail(x) - known).magnitude < 2e-13 * known)
    #expect((NormalDistribution.cumulative(-x) - known).magnitude < 2e-13 * known)
  }

  @Test func endsAreInfinite() {
    #expect(NormalDistribution.quantile(0) == -.infinity && NormalDistribution.quantile(1) == .infinity)
    #expect(NormalDistribution.upperTail(.infinity) == 0 && NormalDistribution.upperTail(-.infinity) == 1)
    #expect(NormalDistribution.upperTail(.nan).isNaN)
  }
}

@Suite struct ElementaryFunctionTests {
  @Test func decibelsAreRight() {
    let known: [(Double, Double)] = [
      (1, 0), (10, 10), (1e-30, -300), (2, 3.010299956639812), (3, 4.771212547196624),
    ]
    for (ratio, decibels) in known { #expect((Decibel.of(ratio) - decibels).magnitude < 1e-12) }
    #expect(Decibel.of(0) == -.infinity && Decibel.of(.infinity) == .infinity && Decibel.of(.nan).isNaN)
  }

  @Test(arguments: [
    (1, 2.718281828459045), (-1, 0.36787944117144233), (0, 1), (0.5, 1.6487212707001282),
    (-20, 2.061153622438558e-09), (700, 1.0142320547350045e+304), (-700, 9.859676543759770e-305),
  ])
  func powersOfE(power: Double, known: Double) {
    #expect((Exponential.of(power) - known).magnitude < 1e-14 * known)
  }

  @Test func powersBeyondNumbers() {
    #expect(Exponential.of(-800) == 0 && Exponential.of(800) == .infinity && Exponential.of(.nan).isNaN)
  }
}
