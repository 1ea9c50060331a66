import Storage
import TensorMath
import Testing

/// Sums, products, pools and tables of bytes with every instruction set against plain loops: equal bytes.
@Suite struct Int8ElementwiseTests {
  /// Every pair of values, and two more so that the count fits no vector.
  static let left: [Int8] = (0..<65536).map { Int8(truncatingIfNeeded: $0) } + [5, -7]
  static let right: [Int8] = (0..<65536).map { Int8(truncatingIfNeeded: $0 >> 8) } + [100, 3]

  static func factor(_ random: inout RandomNumbers, _ shifts: ClosedRange<Int>) -> Int8Factor {
    Int8Factor(
      multiplier: Int32(random.integer(1 << 30...Int(Int32.max))), shift: Int32(random.integer(shifts)))
  }

  @Test func sumsOfAllPairs() {
    var random = RandomNumbers(seed: 21)
    let half = Int8Factor(multiplier: 1 << 30, shift: 0)
    for turn in 0..<10 {
      let other = Self.factor(&random, -6 ... -1)
      let factors = [(half, other), (other, half), (half, half), (other, Self.factor(&random, -3...0))][
        turn % 4]
      let sum = Int8Sum(
        zeroPoints: (Int32(random.integer(-128...127)), Int32(random.integer(-128...127))), factors: factors,
        headroom: 20, factor: Self.factor(&random, turn == 9 ? 0...0 : -20 ... -16),
        zeroPoint: Int32(random.integer(-128...127)), bounds: random.pick([-128...127, 0...100]),
        subtracts: turn % 3 == 2)
      func expected(_ a: Int8, _ b: Int8) -> Int8 {
        let x = NaiveInt8.apply(
          factors.0.multiplier, factors.0.shift, to: (Int32(a) - sum.leftZeroPoint) << sum.headroom)
        let y = NaiveInt8.apply(
          factors.1.multiplier, factors.1.shift, to: (Int32(b) - sum.rightZeroPoint) << sum.headroom)
        let total = sum.subtracts ? x - y : x + y
        return NaiveInt8.finish(
          NaiveInt8.apply(sum.factor.multiplier, sum.factor.shift, to: total), sum.zeroPoint, sum.bounds)
      }
      let all = zip(Self.left, Self.right).map(expected)
      let withScalar = Self.left.map { expected($0, -77) }
      for kernels in Int8Kernels.available {
        let output = View<Int8>(count: Self.left.count)
        sum.run(View(Self.left), View(Self.right), into: output, kernels: kernels)
        #expect(output.array == all, "\(kernels.name) \(sum)")
        sum.run(View(Self.left), View([-77]), into: output, kernels: kernels)
        #expect(output.array == withScalar, "\(kernels.name) \(sum)")
      }
    }
  }

  @Test func productsOfAllPairs() {
    var random = RandomNumbers(seed: 22)
    for turn in 0..<6 {
      let product = Int8Product(
        zeroPoints: (Int32(random.integer(-128...127)), Int32(random.integer(-128...127))),
        factor: Self.factor(&random, turn == 0 ? 0...1 : -12 ... -4),
        zeroPoint: Int32(random.integer(-128...127)))
      func expected(_ a: Int8, _ b: Int8) -> Int8 {
        let x = (Int32(a) - product.leftZeroPoint) * (Int32(b) - product.rightZeroPoint)
        return NaiveInt8.finish(
          NaiveInt8.apply(product.factor.multiplier, product.factor.shift, to: x), product.zeroPoint,
          product.bounds)
      }
      let all = zip(Self.left, Self.right).map(expected)
      let withScalar = Self.left.map { expected($0, 9) }
      for kernels in Int8Kernels.available {
        let output = View<Int8>(count: Self.left.count)
        product.run(View(Self.left), View(Self.right), into: output, kernels: kernels)
        #expect(output.array == all, "\(kernels.name) \(product)")
        product.run(View(Self.left), View([9]), into: output, kernels: kernels)
        #expect(output.array == withScalar, "\(kernels.name) \(product)")
      }
    }
  }

  @Test(arguments: [Int8Pooling.Kind.max, .mean]) func pools(kind: Int8Pooling.Kind) {
    var random = RandomNumbers(seed: 23)
    for _ in 0..<60 {
      var window = Int8ConvolutionTests.window(&random)
      guard window.dilation == Int8Window.Pair(1, 1) else { continue }
      window.padBefore.y = min(window.padBefore.y, window.kernel.y - 1)
      let channels = random.pick([1, 3, 16, 40])
      let pooling = Int8Pooling(
        window, channels: channels, kind: kind, bounds: random.pick([-128...127, -20...60]))
      let input = random.bytes(2 * window.input.y * window.input.x * channels)
      var expected: [Int8] = []
      for sample in 0..<2 {
        for y in 0..<window.output.y {
          for x in 0..<window.output.x {
            for channel in 0..<channels {
              var values: [Int32] = []
              for ky in 0..<window.kernel.y {
                for kx in 0..<window.kernel.x {
                  let iy = y * window.stride.y + ky - window.padBefore.y
                  let ix = x * window.stride.x + kx - window.padBefore.x
                  guard (0..<window.input.y).contains(iy), (0..<window.input.x).contains(ix) else { continue }
                  let position = (sample * window.input.y + iy) * window.input.x + ix
                  values.append(Int32(input[position * channels + channel]))
                }
              }
              let sum = values.reduce(0, +), count = Int32(values.count)
              let mean = count == 0 ? 0 : (sum > 0 ? sum + count / 2 : sum - count / 2) / count
              expected.append(NaiveInt8.finish(kind == .max ? values.max() ?? -128 : mean, 0, pooling.bounds))
            }
          }
        }
      }
      for kernels in Int8Kernels.available {
        let output = View<Int8>(count: expected.count)
        pooling.run(
          View(input), into: output, batch: 2, scratch: View(count: pooling.scratchByteCount),
          kernels: kernels)
        #expect(output.array == expected, "\(kernels.name) \(pooling)")
      }
    }
  }

  @Test func tables() {
    var random = RandomNumbers(seed: 24)
    let table = random.bytes(256), input = random.bytes(1000)
    for kernels in Int8Kernels.available {
      let output = View<Int8>(count: input.count)
      look(up: View(input), in: View(table), into: output, kernels: kernels)
      #expect(output.array == input.map { table[Int($0) + 128] })
    }
  }

  @Test func realNumbersGoToTheNearest() {
    var random = RandomNumbers(seed: 25)
    let special: [Float] = [.nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, 1e30, -1e30]
    for (scale, zeroPoint) in [(Float(0.5), Int32(0)), (0.0173, -128), (1, 127), (3e-5, 40), (0.25, -1)] {
      // Every half, the numbers on both sides of it, and others.
      let halves = (-520...520).map { Float($0) * 0.5 * scale }
      let input = halves + halves.map(\.nextUp) + halves.map(\.nextDown) + special + random.floats(999).array
      let expected = input.map { value -> Int8 in
        let steps = (value / scale).rounded(.toNearestOrAwayFromZero)
        let number = steps.isNaN ? -128 : Int(min(max(steps, -1e9), 1e9)) + Int(zeroPoint)
        return Int8(min(max(number, -128), 127))
      }
      for kernels in Int8Kernels.available {
        let output = View<Int8>(count: input.count)
        quantize(View(input), scale: scale, zeroPoint: zeroPoint, into: output, kernels: kernels)
        #expect(output.array == expected, "\(kernels.name) \(scale)")
      }
    }
  }

  // How fast is the business of the benchmarks: here the machine may be busy with anything.
  @Test func everySetMeasuresItsPeak() {
    for kernels in Int8Kernels.available { #expect(kernels.measurePeak() > 0) }
  }
}
