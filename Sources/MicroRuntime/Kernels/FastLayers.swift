import Micro
import Storage
import TensorMath

/// Layers with constant int8 weights, packed once. Each gives the bytes of the plain loops beside it; what does not suit
/// the micro-kernels is nil.
extension OperatorContext {
  func fastConvolution(
    _ shape: ConvolutionShape, _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand,
    _ requantization: Requantization
  ) -> KernelBody? {
    guard shape.isCompact, let layer = FastLayer(x, w, bias, requantization, kernels) else { return nil }
    let convolution = PackedInt8Convolution(
      shape.window, inputChannels: shape.inputChannels, outputChannels: shape.outputChannels,
      groups: shape.inputChannels / shape.filterDepth, weights: layer.weights, bias: layer.bias,
      inputZeroPoint: x.grid.zeroPoint, rescaling: layer.rescaling, kernels: layer.kernels)
    return { memory in
      convolution.run(
        memory(x), into: memory(y), batch: shape.batch,
        scratch: memory.scratch(byteCount: convolution.scratchByteCount))
    }
  }

  func fastDepthwise(
    _ shape: ConvolutionShape, multiplier: Int, _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand,
    _ requantization: Requantization
  ) -> KernelBody? {
    guard shape.isCompact, let layer = FastLayer(x, w, bias, requantization, kernels) else { return nil }
    let depthwise = PackedInt8Depthwise(
      shape.window, inputChannels: shape.inputChannels, multiplier: multiplier, weights: layer.weights,
      bias: layer.bias, inputZeroPoint: x.grid.zeroPoint, rescaling: layer.rescaling, kernels: layer.kernels)
    return { memory in
      depthwise.run(
        memory(x), into: memory(y), batch: shape.batch,
        scratch: memory.scratch(byteCount: depthwise.scratchByteCount))
    }
  }

  func fastFullyConnected(_ plain: IntegerFullyConnected, _ bias: Operand?) -> KernelBody? {
    let (x, y) = (plain.x, plain.y)
    guard plain.weightZeroPoint == 0, let layer = FastLayer(x, plain.w, bias, plain.requantization, kernels)
    else {
      return nil
    }
    let dense = PackedInt8Dense(
      rows: plain.rows, inner: plain.depth, columns: plain.filters, weights: layer.weights, bias: layer.bias,
      inputZeroPoint: x.grid.zeroPoint, rescaling: layer.rescaling, kernels: layer.kernels)
    return { memory in
      dense.run(memory(x), into: memory(y), scratch: memory.scratch(byteCount: dense.scratchByteCount))
    }
  }

  func fastPool(
    _ rows: WindowAxis, _ columns: WindowAxis, _ x: Operand, _ y: Operand, _ range: ClosedRange<Int32>
  ) -> KernelBody? {
    guard let kernels, let bounds = range.withinInt8, rows.paddedExtent < 1 << 16,
      columns.paddedExtent < 1 << 16
    else { return nil }
    let pooling = Int8Pooling(
      Int8Window(rows, columns), channels: x.shape[3], kind: operation.code == .maxPool2D ? .max : .mean,
      bounds: bounds)
    let batch = x.shape[0]
    return { memory in
      pooling.run(
        memory(x), into: memory(y), batch: batch,
        scratch: memory.scratch(byteCount: pooling.scratchByteCount),
        kernels: kernels)
    }
  }
}

/// What the packed layers have in common.
private struct FastLayer {
  let weights: View<Int8>
  let bias: View<Int32>?
  let rescaling: Int8Rescaling
  let kernels: Int8Kernels

  init?(
    _ x: Operand, _ w: Operand, _ bias: Operand?, _ requantization: Requantization, _ kernels: Int8Kernels?
  ) {
    guard let kernels, x.type == .int8, (-128...127).contains(x.grid.zeroPoint), let weights = w.constant,
      let rescaling = Int8Rescaling(requantization)
    else { return nil }
    if let bias {
      guard bias.type == .int32, let numbers = bias.constant else { return nil }
      self.bias = numbers.reinterpreted(as: Int32.self)
    } else {
      self.bias = nil
    }
    self.weights = weights.reinterpreted(as: Int8.self)
    self.rescaling = rescaling
    self.kernels = kernels
  }
}

extension Int8Rescaling {
  /// nil beyond the shifts and bounds that the micro-kernels know.
  fileprivate init?(_ requantization: Requantization) {
    guard !requantization.isWide, requantization.multipliers.allSatisfy({ $0.fast != nil }),
      let bounds = requantization.range.withinInt8
    else { return nil }
    self.init(
      multipliers: requantization.multipliers.map(\.factor), shifts: requantization.multipliers.map(\.shift),
      zeroPoint: requantization.zeroPoint, bounds: bounds)
  }
}

extension Multiplier {
  /// The same factor for the micro-kernels; nil if it is beyond them.
  var fast: Int8Factor? {
    guard (-31...30).contains(shift), factor > Int32.min else { return nil }
    return Int8Factor(multiplier: factor, shift: shift)
  }
}

extension ClosedRange<Int32> {
  /// The same range if all of it is int8. An activation below the smallest number leaves nothing of the type.
  var withinInt8: ClosedRange<Int32>? { lowerBound >= -128 && upperBound <= 127 ? self : nil }
}

extension ConvolutionShape {
  fileprivate var window: Int8Window { Int8Window(rows, columns) }
}

extension Int8Window {
  init(_ rows: WindowAxis, _ columns: WindowAxis) {
    self.init(
      input: (rows.input, columns.input), kernel: (rows.kernel, columns.kernel),
      stride: (rows.stride, columns.stride), dilation: (rows.dilation, columns.dilation),
      padBefore: (rows.before, columns.before), output: (rows.output, columns.output))
  }
}
