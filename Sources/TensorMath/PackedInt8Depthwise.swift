import CKernels
import Storage

/// An integer depthwise convolution: every input channel has `multiplier` filters of its own, and output channel
/// `i * multiplier + m` is input channel i under its filter m. The bytes are those of TFLM's reference kernel.
///
///     let depthwise = PackedInt8Depthwise(
///       window, inputChannels: 64, weights: weights, bias: bias, inputZeroPoint: -128, rescaling: rescaling)
public struct PackedInt8Depthwise: Sendable {
  private enum Form: Sendable {
    case channels(Int8DepthwiseChannels)
    /// A single input channel makes a convolution.
    case convolution(PackedInt8Convolution)
  }
  private let form: Form

  /// Packs weights `[kernel height, kernel width, outputs]`, whose zero point is 0.
  public init(
    _ window: Int8Window, inputChannels: Int, multiplier: Int = 1, weights: View<Int8>,
    bias: View<Int32>? = nil,
    inputZeroPoint: Int32, rescaling: Int8Rescaling, kernels: Int8Kernels = .current
  ) {
    let outputChannels = inputChannels * multiplier, taps = window.kernel.product
    precondition(weights.count >= taps * outputChannels && bias.map { $0.count >= outputChannels } ?? true)
    if inputChannels == 1 {
      let transposed = View<Int8>(count: taps * outputChannels)
      for tap in 0..<taps {
        for channel in 0..<outputChannels {
          transposed[channel * taps + tap] = weights[tap * outputChannels + channel]
        }
      }
      form = .convolution(
        PackedInt8Convolution(
          window, inputChannels: 1, outputChannels: outputChannels, weights: transposed, bias: bias,
          inputZeroPoint: inputZeroPoint, rescaling: rescaling, kernels: kernels))
    } else {
      form = .channels(
        Int8DepthwiseChannels(
          window, inputChannels: inputChannels, multiplier: multiplier, weights: weights, bias: bias,
          inputZeroPoint: inputZeroPoint, rescaling: rescaling, kernels: kernels))
    }
  }

  /// The scratch that ``run(_:into:batch:scratch:)`` needs.
  public var scratchByteCount: Int {
    switch form {
    case .channels(let form): form.scratchByteCount
    case .convolution(let form): form.scratchByteCount
    }
  }

  /// Convolves dense samples.
  public func run(_ input: View<Int8>, into output: View<Int8>, batch: Int = 1, scratch: View<UInt8>) {
    switch form {
    case .channels(let form): form.run(input, into: output, batch: batch, scratch: scratch)
    case .convolution(let form): form.run(input, into: output, batch: batch, scratch: scratch)
    }
  }
}

/// Vectors lie along the channels, one lane for each.
private struct Int8DepthwiseChannels: Sendable {
  let window: Int8Window
  let inputChannels: Int
  let outputChannels: Int
  let kernels: Int8Kernels
  let frame: Int8Frame
  let positions: Int8Positions
  let panels: Int
  let tapOffsets: View<Int>
  let filter: View<UInt32>
  let start: View<Int32>
  let finish: Int8Finish

  init(
    _ window: Int8Window, inputChannels: Int, multiplier: Int, weights: View<Int8>, bias: View<Int32>?,
    inputZeroPoint: Int32, rescaling: Int8Rescaling, kernels: Int8Kernels
  ) {
    let outputChannels = inputChannels * multiplier
    let channels = Int8Channels(groups: 1, perGroup: outputChannels)
    self.window = window
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    self.kernels = kernels
    let frame = Int8Frame(
      window: window, channels: inputChannels, repeats: multiplier, form: INT8_WORDS,
      zeroPoint: inputZeroPoint)
    self.frame = frame
    panels = channels.panelsPerGroup
    positions = Int8Positions(window, pixel: frame.pixelByteCount, columns: channels.paddedPerGroup)
    tapOffsets = View(
      (0..<window.kernel.product).map { tap in
        tap / window.kernel.x * window.dilation.y * frame.lineByteCount
          + tap % window.kernel.x * window.dilation.x * frame.pixelByteCount
      })
    let padded = channels.paddedPerGroup
    filter = View(count: window.kernel.product * padded)
    for tap in 0..<window.kernel.product {
      for channel in 0..<outputChannels {
        let weight = Int16(weights[tap * outputChannels + channel])
        filter[tap * padded + channel] = UInt32(UInt16(bitPattern: weight))
      }
    }
    start = channels.padded { bias?[$0] ?? 0 }
    finish = Int8Finish(rescaling, channels: channels)
  }

  var scratchByteCount: Int {
    Scratch.byteCount(UInt8.self, frame.byteCount)
      + Scratch.byteCount(Int32.self, positions.rowsPerBlock * panels * Int(INT8_PANEL))
  }

  func run(_ input: View<Int8>, into output: View<Int8>, batch: Int, scratch: View<UInt8>) {
    let inputCount = window.input.product * inputChannels,
      outputCount = window.output.product * outputChannels
    precondition(input.count >= batch * inputCount && output.count >= batch * outputCount)
    guard outputCount > 0 else { return }
    let padded = panels * Int(INT8_PANEL)
    var scratch = Scratch(scratch)
    let copy = scratch.take(UInt8.self, frame.byteCount)
    let sums = scratch.take(Int32.self, positions.rowsPerBlock * padded)
    for sample in 0..<batch {
      frame.fill(copy, from: input.elementPointer + sample * inputCount, kernels: kernels)
      let target = output.elementPointer + sample * outputCount
      positions.forEachBlock(from: copy) { rows, first in
        var block = int8_depthwise(
          rows: rows, taps: tapOffsets.count, tap_offsets: tapOffsets.elementPointer,
          filter: filter.elementPointer, start: start.elementPointer, panels: panels, c: sums)
        kernels.table.pointee.filter(&block)
        finish.run(
          sums, rows: rows.lines * rows.positions, columns: outputChannels, padded: padded, group: 0,
          output: target + first * outputChannels, stride: outputChannels, kernels: kernels)
      }
    }
    withExtendedLifetime((input, output)) {}
  }
}
