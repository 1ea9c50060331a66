import CKernels
import Storage

/// A real factor as TFLM holds it: `multiplier / 2^31 * 2^shift`.
public struct Int8Factor: Sendable, Hashable {
  public var multiplier: Int32
  public var shift: Int32

  public init(multiplier: Int32, shift: Int32) {
    precondition(multiplier > Int32.min && (-31...30).contains(shift))
    self.multiplier = multiplier
    self.shift = shift
  }

  fileprivate var plain: int8_factor { int8_factor(multiplier: multiplier, shift: shift) }
}

/// The sum or difference of two int8 tensors, each on its own scale.
///
///     let sum = Int8Sum(
///       zeroPoints: (-4, 7), factors: (a, b), headroom: 20, factor: output, zeroPoint: -128)
///     sum.run(x, y, into: z)
public struct Int8Sum: Sendable, Hashable {
  public var leftZeroPoint: Int32
  public var rightZeroPoint: Int32
  public var leftFactor: Int8Factor
  public var rightFactor: Int8Factor
  /// Bits that differences from the zero points move up first.
  public var headroom: Int32
  public var factor: Int8Factor
  public var zeroPoint: Int32
  public var bounds: ClosedRange<Int32>
  public var subtracts: Bool

  public init(
    zeroPoints: (Int32, Int32), factors: (Int8Factor, Int8Factor), headroom: Int32, factor: Int8Factor,
    zeroPoint: Int32, bounds: ClosedRange<Int32> = -128...127, subtracts: Bool = false
  ) {
    precondition((1...20).contains(headroom) && bounds.lowerBound >= -128 && bounds.upperBound <= 127)
    (leftZeroPoint, rightZeroPoint) = zeroPoints
    (leftFactor, rightFactor) = factors
    self.headroom = headroom
    self.factor = factor
    self.zeroPoint = zeroPoint
    self.bounds = bounds
    self.subtracts = subtracts
  }

  /// The right operand has as many elements as the left one, or one.
  public func run(
    _ left: View<Int8>, _ right: View<Int8>, into output: View<Int8>, kernels: Int8Kernels = .current
  ) {
    let isScalar = right.count == 1
    precondition((isScalar || right.count == left.count) && output.count >= left.count)
    var plain = int8_sum(
      a_zero_point: leftZeroPoint, b_zero_point: rightZeroPoint, headroom: headroom,
      a_factor: leftFactor.plain, b_factor: rightFactor.plain, subtracts: subtracts, factor: factor.plain,
      zero_point: zeroPoint, low: bounds.lowerBound, high: bounds.upperBound)
    kernels.table.pointee.add(
      &plain, left.elementPointer, right.elementPointer, isScalar, output.elementPointer, left.count)
    withExtendedLifetime((left, right, output)) {}
  }
}

/// The product of two int8 tensors.
///
///     Int8Product(zeroPoints: (-4, 7), factor: factor, zeroPoint: 0).run(x, y, into: z)
public struct Int8Product: Sendable, Hashable {
  public var leftZeroPoint: Int32
  public var rightZeroPoint: Int32
  public var factor: Int8Factor
  public var zeroPoint: Int32
  public var bounds: ClosedRange<Int32>

  public init(
    zeroPoints: (Int32, Int32), factor: Int8Factor, zeroPoint: Int32, bounds: ClosedRange<Int32> = -128...127
  ) {
    precondition(bounds.lowerBound >= -128 && bounds.upperBound <= 127)
    (leftZeroPoint, rightZeroPoint) = zeroPoints
    self.factor = factor
    self.zeroPoint = zeroPoint
    self.bounds = bounds
  }

  /// The right operand has as many elements as the left one, or one.
  public func run(
    _ left: View<Int8>, _ right: View<Int8>, into output: View<Int8>, kernels: Int8Kernels = .current
  ) {
    let isScalar = right.count == 1
    precondition((isScalar || right.count == left.count) && output.count >= left.count)
    var plain = int8_scaled_product(
      a_zero_point: leftZeroPoint, b_zero_point: rightZeroPoint, factor: factor.plain, zero_point: zeroPoint,
      low: bounds.lowerBound, high: bounds.upperBound)
    kernels.table.pointee.scale_product(
      &plain, left.elementPointer, right.elementPointer, isScalar, output.elementPointer, left.count)
    withExtendedLifetime((left, right, output)) {}
  }
}

/// Pooling of int8 values. Only the taps inside the image count; a mean rounds ties away from zero.
///
///     Int8Pooling(window, channels: 64, kind: .mean).run(x, into: y, scratch: scratch)
public struct Int8Pooling: Sendable, Hashable {
  public enum Kind: Sendable, Hashable { case max, mean }

  public var window: Int8Window
  public var channels: Int
  public var kind: Kind
  public var bounds: ClosedRange<Int32>

  public init(_ window: Int8Window, channels: Int, kind: Kind, bounds: ClosedRange<Int32> = -128...127) {
    precondition(window.dilation == Int8Window.Pair(1, 1), "pools have no dilation")
    precondition(bounds.lowerBound >= -128 && bounds.upperBound <= 127)
    self.window = window
    self.channels = channels
    self.kind = kind
    self.bounds = bounds
  }

  /// The scratch that ``run(_:into:batch:scratch:kernels:)`` needs.
  public var scratchByteCount: Int { kind == .mean ? Scratch.byteCount(Int32.self, channels) : 0 }

  /// Pools dense samples.
  public func run(
    _ input: View<Int8>, into output: View<Int8>, batch: Int = 1, scratch: View<UInt8>,
    kernels: Int8Kernels = .current
  ) {
    let inputCount = window.input.product * channels, outputCount = window.output.product * channels
    precondition(input.count >= batch * inputCount && output.count >= batch * outputCount)
    guard outputCount > 0 else { return }
    var plain = int8_pooling(
      channels: channels, input: (window.input.y, window.input.x), output: (window.output.y, window.output.x),
      kernel: (window.kernel.y, window.kernel.x), stride: (window.stride.y, window.stride.x),
      pad: (window.padBefore.y, window.padBefore.x), low: bounds.lowerBound, high: bounds.upperBound)
    var scratch = Scratch(scratch)
    let sums = kind == .mean ? scratch.take(Int32.self, channels) : nil
    for sample in 0..<batch {
      let x = input.elementPointer + sample * inputCount, y = output.elementPointer + sample * outputCount
      if let sums {
        kernels.table.pointee.pool_mean(&plain, x, y, sums)
      } else {
        kernels.table.pointee.pool_max(&plain, x, y)
      }
    }
    withExtendedLifetime((input, output)) {}
  }
}

/// `output[i] = table[input[i] + 128]`: any function of one int8 value.
///
///     look(up: x, in: table, into: y)
public func look(
  up input: View<Int8>, in table: View<Int8>, into output: View<Int8>, kernels: Int8Kernels = .current
) {
  precondition(table.count >= 256 && output.count >= input.count)
  kernels.table.pointee.look_up(
    table.elementPointer, input.elementPointer, output.elementPointer, input.count)
  withExtendedLifetime((input, table, output)) {}
}

/// The nearest numbers of a grid: `input / scale`, halves away from zero, plus the zero point, held to the bounds. A NaN
/// becomes the lower bound.
///
///     quantize(pixels, scale: 1 / 128, zeroPoint: -3, into: bytes)
public func quantize(
  _ input: View<Float>, scale: Float, zeroPoint: Int32, bounds: ClosedRange<Int32> = -128...127,
  into output: View<Int8>, kernels: Int8Kernels = .current
) {
  // Beyond 2^24 a bound would not be exact as a float.
  precondition(
    output.count >= input.count && bounds.lowerBound >= -128 && bounds.upperBound <= 127
      && abs(Int64(zeroPoint)) < 1 << 23)
  var grid = int8_quantization(
    scale: scale, zero_point: zeroPoint, low: bounds.lowerBound, high: bounds.upperBound)
  kernels.table.pointee.quantize(&grid, input.pointer, output.elementPointer, input.count)
  withExtendedLifetime((input, output)) {}
}

/// `output[row][j]` = the sums of a row, each rescaled by the factor of its column.
///
///     requantize(sums, rows: 4, rescaling, into: bytes)
public func requantize(
  _ sums: View<Int32>, rows: Int, _ rescaling: Int8Rescaling, into output: View<Int8>,
  kernels: Int8Kernels = .current
) {
  let columns = rescaling.multipliers.count
  precondition(sums.count >= rows * columns && output.count >= rows * columns)
  let channels = Int8Channels(groups: 1, perGroup: columns)
  let padded = View<Int32>(count: rows * channels.paddedPerGroup)
  for row in 0..<rows {
    padded[row * channels.paddedPerGroup..<row * channels.paddedPerGroup + columns]
      .copy(from: sums[row * columns..<(row + 1) * columns])
  }
  Int8Finish(rescaling, channels: channels).run(
    padded.elementPointer, rows: rows, columns: columns, padded: channels.paddedPerGroup, group: 0,
    output: output.elementPointer, stride: columns, kernels: kernels)
  withExtendedLifetime((padded, output)) {}
}
