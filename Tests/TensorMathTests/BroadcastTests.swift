import Storage
import Testing

@testable import TensorMath

@Suite struct BroadcastTests {
  @Test func sizesAlignAtTheEnd() {
    #expect(BroadcastLoop.sizes([8, 1, 6], [7, 1]) == [8, 7, 6])
    #expect(BroadcastLoop.sizes([], [3]) == [3])
    #expect(BroadcastLoop.sizes([0], [1]) == [0])
    #expect(BroadcastLoop.sizes([2], [3]) == nil)
  }

  /// Pairs of sizes that broadcast: random ones, and those of the fast paths.
  static let pairs: [([Int], [Int])] = {
    var numbers = RandomNumbers(seed: 3)
    var pairs: [([Int], [Int])] = [
      ([], []), ([5], []), ([], [70]), ([40, 64], [64]), ([40, 64], [40, 1]), ([500, 3], [3]),
      ([3], [500, 3]),
      ([0, 4], [4]), ([1, 1], [1]), ([2, 1, 2, 1, 2, 1, 2, 3], [2, 1, 2, 1, 2, 1, 1]), ([1, 33], [7, 1]),
    ]
    for _ in 0..<30 {
      let rank = Int.random(in: 0...5, using: &numbers)
      let full = (0..<rank).map { _ in Int.random(in: 1...9, using: &numbers) }
      func part() -> [Int] {
        let kept = full.suffix(Int.random(in: 0...rank, using: &numbers))
        return kept.map { numbers.pick([$0, $0, 1]) }
      }
      pairs.append((part(), part()))
    }
    return pairs
  }()

  @Test(arguments: BinaryFunction.allCases) func agreesWithTheNaiveLoop(_ function: BinaryFunction) {
    for (seed, (aSizes, bSizes)) in BroadcastTests.pairs.enumerated() {
      let a = View(Samples.floats(aSizes.reduce(1, *), seed: UInt64(seed)))
      let b = View(Samples.floats(bSizes.reduce(1, *), seed: UInt64(seed) + 1000))
      let sizes = BroadcastLoop.sizes(aSizes, bSizes)!
      let (found, problem) = Samples.agreed(sizes.reduce(1, *)) { y, workers in
        function.apply(a, aSizes, b, bSizes, into: y, low: -5, high: 1e9, on: workers)
      }
      #expect(problem == nil, "\(function) \(aSizes) \(bSizes)")
      let one = View<Float>(count: 1)
      for (place, index) in Samples.indices(sizes).enumerated() {
        let u = a[Samples.position(index, in: aSizes)]
        let v = b[Samples.position(index, in: bSizes)]
        let expected: Float
        switch function {
        case .add: expected = u + v
        case .subtract: expected = u - v
        case .multiply: expected = u * v
        case .divide: expected = u / v
        case .remainder: expected = u.truncatingRemainder(dividingBy: v)
        case .maximum: expected = u.isNaN || v.isNaN ? .nan : max(u, v)
        case .minimum: expected = u.isNaN || v.isNaN ? .nan : min(u, v)
        case .prelu: expected = u < 0 ? u * v : u
        case .power, .modulo:
          function.apply(View([u]), [], View([v]), [], into: one, on: Workers(threads: 1))
          expected = one[0]
        }
        let clamped = expected.isNaN ? expected : min(max(expected, -5), 1e9)
        let same = found[place] == clamped || (found[place].isNaN && clamped.isNaN)
        #expect(same, "\(function)(\(u), \(v)) = \(found[place]), expected \(clamped)")
      }
    }
  }

  @Test func moduloHasTheDivisorsSign() {
    let cases: [(Float, Float, Float)] = [
      (7, 3, 1), (-7, 3, 2), (7, -3, -2), (-7, -3, -1), (0, -3, -0.0), (5.5, 2, 1.5), (-5.5, 2, 0.5),
      (1e30, 7, 0),
    ]
    let y = View<Float>(count: 1)
    for (a, b, expected) in cases {
      BinaryFunction.modulo.apply(View([a]), [], View([b]), [], into: y, on: Workers(threads: 1))
      let exact = a == 1e30 ? a.truncatingRemainder(dividingBy: b) : expected
      #expect(y[0] == exact && y[0].sign == exact.sign, "\(a) mod \(b) = \(y[0])")
    }
  }

  @Test(arguments: ComparisonFunction.allCases) func comparisonsAgreeWithTheNaiveLoop(
    _ function: ComparisonFunction
  ) {
    for (seed, (aSizes, bSizes)) in BroadcastTests.pairs.enumerated() {
      let a = View(Samples.floats(aSizes.reduce(1, *), seed: UInt64(seed)))
      let b = View(Samples.floats(bSizes.reduce(1, *), seed: UInt64(seed)))
      let sizes = BroadcastLoop.sizes(aSizes, bSizes)!
      for kernels in KernelSet.available {
        let y = View<UInt8>(count: sizes.reduce(1, *))
        function.apply(a, aSizes, b, bSizes, into: y, on: Workers(threads: 2, kernels: kernels))
        for (place, index) in Samples.indices(sizes).enumerated() {
          let u = a[Samples.position(index, in: aSizes)]
          let v = b[Samples.position(index, in: bSizes)]
          let holds =
            switch function {
            case .equal: u == v
            case .notEqual: u != v
            case .less: u < v
            case .lessOrEqual: u <= v
            case .greater: u > v
            case .greaterOrEqual: u >= v
            }
          #expect((y[place] == 1) == holds && y[place] <= 1)
        }
      }
    }
  }

  @Test func selectsWithBroadcasting() {
    let y = View<Float>(count: 6)
    let b = View<Float>([-1]).bytes
    Select.apply(
      View<UInt8>([1, 0]), [2, 1], View<Float>([1, 2, 3]).bytes, [3], b, [], elementByteCount: 4,
      into: y.bytes,
      on: Workers(threads: 2))
    #expect(y.array == [1, 2, 3, -1, -1, -1])
  }
}
