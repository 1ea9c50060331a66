import Storage
import TensorMath
import Testing

@Suite struct TransposedConvolutionTests {
  static func randomGeometry(_ random: inout RandomNumbers) -> TransposedConvolutionGeometry {
    let rank = random.pick([1, 2, 2, 3])
    func each(_ values: [Int]) -> [Int] { (0..<rank).map { _ in random.pick(values) } }
    let groups = random.pick([1, 1, 2, 3])
    return TransposedConvolutionGeometry(
      input: each([1, 2, 3, 5, 6]), kernel: each([1, 2, 3, 4]), strides: each([1, 2, 3, 5]),
      dilations: each([1, 1, 2, 3]),
      padBefore: each([0, 0, 1, 2]), padAfter: each([0, 0, 1]), outputPadding: each([0, 0, 1]),
      groups: groups,
      inputChannels: groups * random.pick([1, 3, 8, 16]), outputChannels: groups * random.pick([1, 2, 17]))
  }

  /// Scattering, in double precision: every input times the filter lands in the output.
  private func scatter(
    _ geometry: TransposedConvolutionGeometry, _ input: View<Float>, _ filter: View<Float>,
    _ bias: View<Float>?
  ) -> (values: [Double], magnitudes: [Double]) {
    func three(_ list: [Int], _ filler: Int) -> [Int] {
      [Int](repeating: filler, count: 3 - list.count) + list
    }
    let extents = three(geometry.input, 1), kernel = three(geometry.kernel, 1),
      output = three(geometry.output, 1)
    let strides = three(geometry.strides, 1), dilations = three(geometry.dilations, 1),
      pads = three(geometry.padBefore, 0)
    let inputs = geometry.inputChannels / geometry.groups, outputs = geometry.outputChannels / geometry.groups
    let channels = geometry.outputChannels, taps = kernel.reduce(1, *)
    var values = [Double](repeating: 0, count: output.reduce(1, *) * channels)
    for index in values.indices { values[index] = bias.map { Double($0[index % channels]) } ?? 0 }
    var magnitudes = values.map { abs($0) }
    for position in 0..<extents.reduce(1, *) {
      let at = [
        position / (extents[1] * extents[2]), position / extents[2] % extents[1], position % extents[2],
      ]
      for tap in 0..<taps {
        let offset = [tap / (kernel[1] * kernel[2]), tap / kernel[2] % kernel[1], tap % kernel[2]]
        let to = (0..<3).map { at[$0] * strides[$0] + offset[$0] * dilations[$0] - pads[$0] }
        guard (0..<3).allSatisfy({ to[$0] >= 0 && to[$0] < output[$0] }) else { continue }
        for channel in 0..<channels {
          let place = ((to[0] * output[1] + to[1]) * output[2] + to[2]) * channels + channel
          for k in 0..<inputs {
            let term =
              Double(input[position * geometry.inputChannels + channel / outputs * inputs + k])
              * Double(filter[(channel * taps + tap) * inputs + k])
            values[place] += term
            magnitudes[place] += abs(term)
          }
        }
      }
    }
    return (values, magnitudes)
  }

  /// A chain of n terms errs by at most n * 2^-24 of the sum of magnitudes.
  @Test func agreesWithScatteringAndAllSetsAgree() {
    var random = RandomNumbers(seed: 10)
    for _ in 0..<80 {
      let geometry = TransposedConvolutionTests.randomGeometry(&random)
      let input = random.floats(2 * geometry.input.reduce(1, *) * geometry.inputChannels)
      let filter = random.floats(geometry.filterCount)
      let bias = random.pick([nil, random.floats(geometry.outputChannels)])
      let convolution = PackedTransposedConvolution(geometry, filter: filter, bias: bias)
      let count = geometry.output.reduce(1, *) * geometry.outputChannels
      func run(_ workers: Workers) -> View<Float> {
        let output = View<Float>(count: 2 * count)
        output.fill(.nan)
        let scratch = View<UInt8>(count: convolution.scratchByteCount(batch: 2, threads: workers.threads))
        convolution.run(input: input, output: output, batch: 2, scratch: scratch, workers: workers)
        return output
      }
      let expected = run(Workers(threads: 1, kernels: .reference))
      for kernels in KernelSet.available {
        for threads in [1, 2, 7] {
          #expect(bits(run(Workers(threads: threads, kernels: kernels))) == bits(expected), "\(geometry)")
        }
      }
      let length = geometry.kernel.reduce(1, *) * geometry.inputChannels / geometry.groups + 1
      let inputCount = input.count / 2
      for sample in 0..<2 {
        let (values, magnitudes) = scatter(
          geometry, input[sample * inputCount..<(sample + 1) * inputCount], filter, bias)
        for index in 0..<count {
          let error = abs(Double(expected[sample * count + index]) - values[index])
          #expect(error <= Double(length) * 0x1p-24 * magnitudes[index], "\(geometry)")
        }
      }
    }
  }
}
