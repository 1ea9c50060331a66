import CKernels
import Storage

/// An integer convolution with its weights packed for the kernels: int8 values and weights, int32 sums that wrap,
/// TFLM's rescaling. The bytes are those of TFLM's reference kernel.
///
///     let convolution = PackedInt8Convolution(
///       window, inputChannels: 16, outputChannels: 32, weights: weights, bias: bias, inputZeroPoint: -128,
///       rescaling: rescaling)
///     let scratch = View<UInt8>(count: convolution.scratchByteCount)
///     convolution.run(x, into: y, scratch: scratch)
public struct PackedInt8Convolution: Sendable {
  public let window: Int8Window
  public let inputChannels: Int
  public let outputChannels: Int
  private let kernels: Int8Kernels
  private let frame: Int8Frame
  private let positions: Int8Positions
  private let groups: Int
  private let panelsPerGroup: Int
  /// Each position's values in the frame: pieces of equal length, from these offsets on.
  private let runOffsets: View<Int>
  private let groupsPerRun: Int
  private let weights: View<UInt8>
  private let start: View<Int32>
  private let finish: Int8Finish

  /// Packs weights `[outputs, kernel height, kernel width, inputs / groups]`, whose zero point is 0.
  public init(
    _ window: Int8Window, inputChannels: Int, outputChannels: Int, groups: Int = 1, weights: View<Int8>,
    bias: View<Int32>? = nil, inputZeroPoint: Int32, rescaling: Int8Rescaling, kernels: Int8Kernels = .current
  ) {
    precondition(groups > 0 && inputChannels % groups == 0 && outputChannels % groups == 0)
    let inputsPerGroup = inputChannels / groups, depth = window.kernel.product * inputsPerGroup
    precondition(weights.count >= outputChannels * depth && bias.map { $0.count >= outputChannels } ?? true)
    let form = kernels.table.pointee.form
    let channels = Int8Channels(groups: groups, perGroup: outputChannels / groups)
    self.window = window
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.groups = groups
    self.kernels = kernels
    frame = Int8Frame(
      window: window, channels: inputChannels, repeats: 1, form: form, zeroPoint: inputZeroPoint)
    panelsPerGroup = channels.panelsPerGroup
    positions = Int8Positions(window, pixel: frame.pixelByteCount, columns: channels.paddedPerGroup)
    let pieces = PackedInt8Convolution.pieces(window, frame: frame, groups: groups)
    runOffsets = View(pieces)
    let runDepth = depth / pieces.count
    groupsPerRun = int8_form_groups(form, runDepth)
    self.weights = PackedInt8Convolution.pack(
      weights, channels: channels, runs: pieces.count, depth: runDepth, form: form)
    let zeroPoint = PackedInt8Convolution.effectiveZeroPoint(inputZeroPoint, form: form)
    start = channels.padded { channel in
      let sum = weights[channel * depth..<(channel + 1) * depth].sum
      return (bias?[channel] ?? 0) &- sum &* zeroPoint
    }
    finish = Int8Finish(rescaling, channels: channels)
  }

  /// The scratch that ``run(_:into:batch:scratch:)`` needs.
  public var scratchByteCount: Int {
    Scratch.byteCount(UInt8.self, frame.byteCount)
      + Scratch.byteCount(Int32.self, positions.rowsPerBlock * panelsPerGroup * Int(INT8_PANEL))
  }

  /// Convolves dense samples.
  public func run(_ input: View<Int8>, into output: View<Int8>, batch: Int = 1, scratch: View<UInt8>) {
    let inputCount = window.input.product * inputChannels,
      outputCount = window.output.product * outputChannels
    precondition(input.count >= batch * inputCount && output.count >= batch * outputCount)
    guard outputCount > 0 else { return }
    var scratch = Scratch(scratch)
    let copy = scratch.take(UInt8.self, frame.byteCount)
    let sums = scratch.take(Int32.self, positions.rowsPerBlock * panelsPerGroup * Int(INT8_PANEL))
    for sample in 0..<batch {
      frame.fill(copy, from: input.elementPointer + sample * inputCount, kernels: kernels)
      for group in 0..<groups {
        run(group, frame: copy, sums: sums, output: output.elementPointer + sample * outputCount)
      }
    }
    withExtendedLifetime((input, output)) {}
  }

  private func run(
    _ group: Int, frame copy: UnsafePointer<UInt8>, sums: UnsafeMutablePointer<Int32>,
    output: UnsafeMutablePointer<Int8>
  ) {
    let columns = outputChannels / groups, padded = panelsPerGroup * Int(INT8_PANEL)
    let packedCount = weights.count / groups
    let target = output + group * columns
    positions.forEachBlock(from: copy + group * frame.pixelByteCount / groups) { rows, first in
      var product = int8_product(
        rows: rows, runs: runOffsets.count, groups: groupsPerRun, run_offsets: runOffsets.elementPointer,
        b: weights.elementPointer + group * packedCount, start: start.elementPointer + group * padded,
        panels: panelsPerGroup, c: sums)
      kernels.table.pointee.multiply(&product)
      finish.run(
        sums, rows: rows.lines * rows.positions, columns: columns, padded: padded, group: group,
        output: target + first * outputChannels, stride: outputChannels, kernels: kernels)
    }
  }

  /// Where the values of a position lie: as few dense pieces as the frame allows.
  private static func pieces(_ window: Int8Window, frame: Int8Frame, groups: Int) -> [Int] {
    let line = frame.lineByteCount * window.dilation.y, pixel = frame.pixelByteCount * window.dilation.x
    guard groups == 1, window.dilation.x == 1 || window.kernel.x == 1 else {
      return (0..<window.kernel.product).map { $0 / window.kernel.x * line + $0 % window.kernel.x * pixel }
    }
    if window.kernel.x == window.frame.x && window.dilation.y == 1 { return [0] }
    return (0..<window.kernel.y).map { $0 * line }
  }

  private static func pack(
    _ weights: View<Int8>, channels: Int8Channels, runs: Int, depth: Int, form: int8_form
  ) -> View<UInt8> {
    let width = Int(INT8_PANEL)
    let panelByteCount = runs * int8_form_groups(form, depth) * width * Int(INT8_GROUP)
    let packed = View<UInt8>(count: channels.groups * channels.panelsPerGroup * panelByteCount)
    var target = packed.elementPointer
    for group in 0..<channels.groups {
      for first in Swift.stride(from: 0, to: channels.perGroup, by: width) {
        let channel = group * channels.perGroup + first
        int8_pack(
          form, weights.elementPointer + channel * runs * depth, min(width, channels.perGroup - first), runs,
          depth, runs * depth, depth, target)
        target += panelByteCount
      }
    }
    return packed
  }

  /// What the working copy holds in place of 0.
  private static func effectiveZeroPoint(_ zeroPoint: Int32, form: int8_form) -> Int32 {
    switch form {
    case INT8_UNSIGNED: zeroPoint + 128
    case INT8_SIGNED: zeroPoint
    default: 0
    }
  }
}

extension View<Int8> {
  /// The sum of all elements, wrapping.
  var sum: Int32 {
    let elements = elementPointer
    return (0..<count).reduce(Int32(0)) { $0 &+ Int32(elements[$1]) }
  }
}

/// A fully connected layer: each row of the input times a matrix of weights `[outputs, inputs]`, rescaled.
///
///     let dense = PackedInt8Dense(
///       rows: 1, inner: 64, columns: 10, weights: weights, bias: bias, inputZeroPoint: 3, rescaling: rescaling)
public struct PackedInt8Dense: Sendable {
  private let convolution: PackedInt8Convolution

  /// Packs weights whose zero point is 0.
  public init(
    rows: Int, inner: Int, columns: Int, weights: View<Int8>, bias: View<Int32>? = nil, inputZeroPoint: Int32,
    rescaling: Int8Rescaling, kernels: Int8Kernels = .current
  ) {
    convolution = PackedInt8Convolution(
      Int8Window(input: (1, rows), kernel: (1, 1), output: (1, rows)), inputChannels: inner,
      outputChannels: columns, weights: weights, bias: bias, inputZeroPoint: inputZeroPoint,
      rescaling: rescaling, kernels: kernels)
  }

  /// The scratch that ``run(_:into:scratch:)`` needs.
  public var scratchByteCount: Int { convolution.scratchByteCount }

  public func run(_ input: View<Int8>, into output: View<Int8>, scratch: View<UInt8>) {
    convolution.run(input, into: output, scratch: scratch)
  }
}
