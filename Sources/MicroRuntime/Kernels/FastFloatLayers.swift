import Graph
import Micro
import Storage
import TensorMath

/// Float layers with constant weights through the float executor's kernels, weights packed once. Their sums are chains of
/// fused multiply-adds in another order than TFLM's, which no float result of it is exact against anyway; where the
/// window does not suit, they are nil.
extension OperatorContext {
  func fastFloatConvolution(
    _ shape: ConvolutionShape, _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand,
    _ activation: MicroActivation
  ) -> KernelBody? {
    guard let filter = w.alignedFloats else { return nil }
    let groups = shape.inputChannels / shape.filterDepth
    return fastFloat(shape, groups: groups, x, filter: filter, bias, y, activation)
  }

  func fastFloatDepthwise(
    _ shape: ConvolutionShape, _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand,
    _ activation: MicroActivation
  ) -> KernelBody? {
    guard let weights = w.alignedFloats else { return nil }
    // Filter after filter instead of tap after tap.
    let (taps, channels) = (shape.rows.kernel * shape.columns.kernel, shape.outputChannels)
    let filter = View<Float>(count: weights.count)
    for tap in 0..<taps {
      for channel in 0..<channels { filter[channel * taps + tap] = weights[tap * channels + channel] }
    }
    return fastFloat(shape, groups: shape.inputChannels, x, filter: filter, bias, y, activation)
  }

  private func fastFloat(
    _ shape: ConvolutionShape, groups: Int, _ x: Operand, filter: View<Float>, _ bias: Operand?, _ y: Operand,
    _ activation: MicroActivation
  ) -> KernelBody? {
    guard bias == nil || bias?.constant != nil, shape.isCompact, shape.batch > 0 else { return nil }
    let geometry = ConvolutionGeometry(
      input: [shape.rows.input, shape.columns.input], kernel: [shape.rows.kernel, shape.columns.kernel],
      strides: [shape.rows.stride, shape.columns.stride],
      dilations: [shape.rows.dilation, shape.columns.dilation],
      padBefore: [shape.rows.before, shape.columns.before],
      padAfter: [shape.rows.after, shape.columns.after],
      groups: groups, inputChannels: shape.inputChannels, outputChannels: shape.outputChannels)
    guard geometry.output == [shape.rows.output, shape.columns.output] else { return nil }
    return packed(geometry, x, filter: filter, bias, y, activation, batch: shape.batch)
  }

  /// A dense layer is a convolution along its rows with a filter of one tap.
  func fastFloatDense(
    _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand, rows: Int, depth: Int, filters: Int,
    _ activation: MicroActivation
  ) -> KernelBody? {
    guard bias == nil || bias?.constant != nil, let filter = w.alignedFloats, rows > 0
    else { return nil }
    let geometry = ConvolutionGeometry(
      input: [rows], kernel: [1], inputChannels: depth, outputChannels: filters)
    return packed(geometry, x, filter: filter, bias, y, activation, batch: 1)
  }

  private func packed(
    _ geometry: ConvolutionGeometry, _ x: Operand, filter: View<Float>, _ bias: Operand?, _ y: Operand,
    _ activation: MicroActivation, batch: Int
  ) -> KernelBody {
    let range = activation.floatRange
    let clamp = range.low == -Float.greatestFiniteMagnitude ? nil : range.low...range.high
    let convolution = PackedConvolution(
      geometry, filter: filter, bias: bias?.alignedFloats, clamp: clamp)
    return { memory in
      let scratch = memory.scratch(byteCount: convolution.scratchByteCount(batch: batch, threads: 1))
      convolution.run(
        input: memory(x), output: memory(y), batch: batch, scratch: scratch, workers: Workers(threads: 1))
    }
  }
}

extension Operand {
  /// A constant's floats, where the kernels may read them; those of a file may lie anywhere.
  fileprivate var alignedFloats: View<Float>? {
    guard let constant else { return nil }
    let floats = View<Float>(count: count)
    floats.copy(from: constant.reinterpreted(as: Float.self)[0..<count])
    return floats
  }
}
