import Storage
import TensorMath
import Testing

/// Integer convolutions with every instruction set against plain loops: equal bytes.
@Suite struct Int8ConvolutionTests {
  static func window(_ random: inout RandomNumbers, extent: Int = 14) -> Int8Window {
    func axis() -> (input: Int, kernel: Int, stride: Int, dilation: Int, pad: Int, output: Int) {
      let input = random.integer(1...extent), kernel = random.integer(1...4)
      let stride = random.pick([1, 1, 2, 3]), dilation = random.pick([1, 1, 1, 2])
      let reach = (kernel - 1) * dilation + 1
      let isSame = random.pick([true, false]) || reach > input
      let output = isSame ? (input + stride - 1) / stride : (input - reach + stride) / stride
      let pad = isSame ? max(0, (output - 1) * stride + reach - input) / 2 : 0
      return (input, kernel, stride, dilation, pad, output)
    }
    let y = axis(), x = axis()
    return Int8Window(
      input: (y.input, x.input), kernel: (y.kernel, x.kernel), stride: (y.stride, x.stride),
      dilation: (y.dilation, x.dilation), padBefore: (y.pad, x.pad), output: (y.output, x.output))
  }

  func check(
    _ window: Int8Window, inputs: Int, outputs: Int, groups: Int = 1, batch: Int = 1,
    _ random: inout RandomNumbers
  ) {
    let perGroup = inputs / groups, outputsPerGroup = outputs / groups
    let depth = window.kernel.y * window.kernel.x * perGroup
    let weights = random.bytes(outputs * depth)
    let bias: [Int32]? = random.pick([
      nil, (0..<outputs).map { _ in Int32(random.integer(-9000...9000)) },
      (0..<outputs).map { _ in Int32(truncatingIfNeeded: random.next()) },
    ])
    let rescaling = random.rescaling(random.pick([1, outputs]), magnitude: 5000 * depth.bitWidth)
    let zeroPoint = Int32(random.pick([-128, 127, 0, random.integer(-128...127)]))
    let count = window.input.y * window.input.x * inputs
    let input = random.bytes(batch * count)
    let expected = (0..<batch).flatMap { sample in
      NaiveInt8.convolve(
        window, Array(input[sample * count..<(sample + 1) * count]), inputs: inputs, outputs: outputs,
        bias: bias, zeroPoint: zeroPoint, rescaling: rescaling,
        channels: { $0 / outputsPerGroup * perGroup..<($0 / outputsPerGroup + 1) * perGroup }
      ) { output, y, x, channel in
        weights[output * depth + (y * window.kernel.x + x) * perGroup + channel % perGroup]
      }
    }
    for kernels in Int8Kernels.available {
      let convolution = PackedInt8Convolution(
        window, inputChannels: inputs, outputChannels: outputs, groups: groups, weights: View(weights),
        bias: bias.map { View($0) }, inputZeroPoint: zeroPoint, rescaling: rescaling, kernels: kernels)
      let output = View<Int8>(count: expected.count)
      let scratch = View<UInt8>([UInt8](repeating: 0x5a, count: convolution.scratchByteCount))
      convolution.run(View(input), into: output, batch: batch, scratch: scratch)
      #expect(output.array == expected, "\(kernels.name) \(window) \(inputs) -> \(outputs) / \(groups)")
    }
  }

  @Test func randomWindowsAndChannels() {
    var random = RandomNumbers(seed: 11)
    for _ in 0..<150 {
      let window = Int8ConvolutionTests.window(&random)
      check(
        window, inputs: random.pick([1, 2, 3, 4, 5, 8, 16, 19]),
        outputs: random.pick([1, 3, 10, 16, 17, 33]),
        batch: random.pick([1, 1, 3]), &random)
    }
  }

  @Test func groups() {
    var random = RandomNumbers(seed: 12)
    for _ in 0..<50 {
      let groups = random.pick([2, 3, 4])
      check(
        Int8ConvolutionTests.window(&random, extent: 9), inputs: groups * random.pick([1, 2, 3, 8]),
        outputs: groups * random.pick([1, 2, 16, 17]), groups: groups, &random)
    }
  }

  /// Shapes of real models, which take other paths than small ones: wide tiles, several blocks, one long line.
  @Test func shapesOfModels() {
    var random = RandomNumbers(seed: 13)
    func same(_ input: (Int, Int), _ kernel: (Int, Int), _ stride: (Int, Int) = (1, 1)) -> Int8Window {
      let output = ((input.0 + stride.0 - 1) / stride.0, (input.1 + stride.1 - 1) / stride.1)
      return Int8Window(
        input: input, kernel: kernel, stride: stride,
        padBefore: (
          max(0, (output.0 - 1) * stride.0 + kernel.0 - input.0) / 2,
          max(0, (output.1 - 1) * stride.1 + kernel.1 - input.1) / 2
        ), output: output)
    }
    check(same((32, 32), (3, 3)), inputs: 3, outputs: 16, &random)
    check(same((16, 16), (3, 3), (2, 2)), inputs: 16, outputs: 32, &random)
    check(same((8, 8), (3, 3)), inputs: 32, outputs: 64, &random)
    check(same((16, 16), (1, 1), (2, 2)), inputs: 16, outputs: 64, &random)
    check(same((49, 10), (10, 4), (2, 2)), inputs: 1, outputs: 64, &random)
    check(same((25, 5), (1, 1)), inputs: 64, outputs: 64, &random)
    check(same((1, 300), (1, 5)), inputs: 4, outputs: 20, &random)
    check(same((300, 1), (5, 1)), inputs: 4, outputs: 20, &random)
    check(same((5, 5), (1, 1)), inputs: 8, outputs: 300, &random)
    // Padded far beyond the image.
    check(
      Int8Window(input: (2, 3), kernel: (3, 3), padBefore: (4, 5), output: (8, 9)), inputs: 5, outputs: 6,
      &random)
  }

  @Test func depthwise() {
    var random = RandomNumbers(seed: 14)
    for turn in 0..<120 {
      let window = Int8ConvolutionTests.window(&random)
      let inputs = random.pick([1, 2, 3, 8, 16, 17, 33, 64]), multiplier = random.pick([1, 1, 2, 3])
      let outputs = inputs * multiplier, taps = window.kernel.y * window.kernel.x
      let weights = random.bytes(taps * outputs)
      let bias = turn % 3 == 0 ? nil : (0..<outputs).map { _ in Int32(random.integer(-9000...9000)) }
      let rescaling = random.rescaling(random.pick([1, outputs]), magnitude: 4000 * taps)
      let zeroPoint = Int32(random.pick([-128, 127, 0, random.integer(-128...127)]))
      let input = random.bytes(window.input.y * window.input.x * inputs)
      let expected = NaiveInt8.convolve(
        window, input, inputs: inputs, outputs: outputs, bias: bias, zeroPoint: zeroPoint,
        rescaling: rescaling,
        channels: { $0 / multiplier..<$0 / multiplier + 1 }
      ) { output, y, x, _ in weights[(y * window.kernel.x + x) * outputs + output] }
      for kernels in Int8Kernels.available {
        let depthwise = PackedInt8Depthwise(
          window, inputChannels: inputs, multiplier: multiplier, weights: View(weights),
          bias: bias.map { View($0) },
          inputZeroPoint: zeroPoint, rescaling: rescaling, kernels: kernels)
        let output = View<Int8>(count: expected.count)
        let scratch = View<UInt8>([UInt8](repeating: 0x5a, count: depthwise.scratchByteCount))
        depthwise.run(View(input), into: output, scratch: scratch)
        #expect(output.array == expected, "\(kernels.name) \(window) \(inputs) x \(multiplier)")
      }
    }
  }

  @Test func dense() {
    var random = RandomNumbers(seed: 15)
    for (rows, inner, columns) in [(1, 64, 10), (1, 640, 128), (3, 7, 5), (50, 33, 40), (1, 1, 1)] {
      let weights = random.bytes(inner * columns), input = random.bytes(rows * inner)
      let rescaling = random.rescaling(columns, magnitude: 40000)
      let expected = (0..<rows * columns).map { index in
        let row = index / columns, column = index % columns
        let sum = (0..<inner).reduce(Int32(0)) {
          $0 + (Int32(input[row * inner + $1]) + 9) * Int32(weights[column * inner + $1])
        }
        return NaiveInt8.rescale(sum, rescaling, channel: column)
      }
      for kernels in Int8Kernels.available {
        let dense = PackedInt8Dense(
          rows: rows, inner: inner, columns: columns, weights: View(weights), inputZeroPoint: -9,
          rescaling: rescaling, kernels: kernels)
        let output = View<Int8>(count: expected.count)
        dense.run(View(input), into: output, scratch: View(count: dense.scratchByteCount))
        #expect(output.array == expected, "\(kernels.name) \(rows) x \(inner) x \(columns)")
      }
    }
  }

  /// The largest products: a kernel that saturates in between would show it here.
  @Test func extremeProductsDoNotSaturate() {
    for (value, weight, zeroPoint) in [
      (-128, -128, 127), (127, -128, -128), (127, 127, -128), (-128, 127, 127),
    ] {
      let inner = 70
      let input = View([Int8](repeating: Int8(value), count: inner))
      let weights = View([Int8](repeating: Int8(weight), count: inner * 16))
      let sum = Int32((value - zeroPoint) * weight * inner)
      let rescaling = Int8Rescaling(multipliers: [1 << 30], shifts: [-14], zeroPoint: 0)
      for kernels in Int8Kernels.available {
        let dense = PackedInt8Dense(
          rows: 1, inner: inner, columns: 16, weights: weights, inputZeroPoint: Int32(zeroPoint),
          rescaling: rescaling, kernels: kernels)
        let output = View<Int8>(count: 16)
        dense.run(input, into: output, scratch: View(count: dense.scratchByteCount))
        #expect(output.array == [Int8](repeating: NaiveInt8.rescale(sum, rescaling, channel: 0), count: 16))
      }
    }
  }
}
