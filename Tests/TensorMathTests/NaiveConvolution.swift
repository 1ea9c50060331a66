import Storage
import TensorMath

/// What a convolution means, in double precision, with the sum of the magnitudes of all terms beside each result.
struct NaiveConvolution {
  var values: [Double]
  var magnitudes: [Double]

  init(
    _ geometry: ConvolutionGeometry, input: View<Float>, filter: View<Float>, bias: View<Float>?, batch: Int
  ) {
    func three(_ list: [Int], _ filler: Int) -> [Int] {
      [Int](repeating: filler, count: 3 - list.count) + list
    }
    let extents = three(geometry.input, 1), kernel = three(geometry.kernel, 1),
      output = three(geometry.output, 1)
    let strides = three(geometry.strides, 1), dilations = three(geometry.dilations, 1)
    let pads = three(geometry.padBefore, 0)
    let channels = geometry.inputChannels, inputs = geometry.inputsPerGroup
    let data = input.array, weights = filter.array
    values = []
    magnitudes = []
    for sample in 0..<batch {
      for position in 0..<geometry.outputPositions {
        let at = [position / (output[1] * output[2]), position / output[2] % output[1], position % output[2]]
        for channel in 0..<geometry.outputChannels {
          var sum = bias.map { Double($0[channel]) } ?? 0
          var magnitude = abs(sum)
          let group = channel / geometry.outputsPerGroup
          for tap in 0..<geometry.taps {
            let offset = [tap / (kernel[1] * kernel[2]), tap / kernel[2] % kernel[1], tap % kernel[2]]
            let from = (0..<3).map { at[$0] * strides[$0] + offset[$0] * dilations[$0] - pads[$0] }
            guard (0..<3).allSatisfy({ from[$0] >= 0 && from[$0] < extents[$0] }) else { continue }
            let pixel = ((sample * extents[0] + from[0]) * extents[1] + from[1]) * extents[2] + from[2]
            for input in 0..<inputs {
              let term =
                Double(data[pixel * channels + group * inputs + input])
                * Double(weights[(channel * geometry.taps + tap) * inputs + input])
              sum += term
              magnitude += abs(term)
            }
          }
          values.append(sum)
          magnitudes.append(magnitude)
        }
      }
    }
  }
}
