import CKernels
import Storage

/// Convolution in which every channel is filtered by itself.
struct DepthwiseConvolution: Sendable {
  private let geometry: ConvolutionGeometry
  private let channels: Int
  /// One row of channels per tap, filled up to whole panels.
  private let filter: View<Float>
  private let filterStride: Int
  private let bias: View<Float>?
  /// A line of input that lies in the padding.
  private let zeros: View<Float>

  static func suits(_ geometry: ConvolutionGeometry) -> Bool {
    geometry.groups == geometry.inputChannels && geometry.groups > 1
  }

  init(_ geometry: ConvolutionGeometry, filter: View<Float>, bias: View<Float>?) {
    self.geometry = geometry
    channels = geometry.outputChannels
    filterStride = quotient(channels, PackedMatrix.panelWidth) * PackedMatrix.panelWidth
    let packed = View<Float>(count: geometry.taps * filterStride)
    let source = filter.pointer, target = packed.pointer
    for tap in 0..<geometry.taps {
      for channel in 0..<channels {
        target[tap * filterStride + channel] = source[channel * geometry.taps + tap]
      }
    }
    self.filter = packed
    self.bias = bias.map { PackedMatrix.padded($0, count: geometry.outputChannels) }
    zeros = View(count: geometry.input.last! * channels)
  }

  /// Outputs for each input channel. Where there are several, each input channel is first repeated.
  private var multiplier: Int { geometry.outputsPerGroup }

  private var window: window {
    var window = geometry.window
    window.step.0 *= multiplier
    window.step.1 *= multiplier
    window.step.2 *= multiplier
    window.sample *= multiplier
    return window
  }

  // MARK: - Scratch

  private func repeatedCount(batch: Int) -> Int {
    multiplier == 1 ? 0 : batch * geometry.inputPositions * channels
  }

  private var pointersPerThread: Int { max(geometry.taps * geometry.output.last!, geometry.taps) }

  func scratchByteCount(batch: Int, threads: Int) -> Int {
    Scratch.byteCount(Float.self, repeatedCount(batch: batch))
      + Scratch.byteCount(UnsafePointer<Float>.self, pointersPerThread * threads)
  }

  // MARK: - Running

  func run(_ call: ConvolutionCall, scratch: Scratch, workers: Workers) {
    var scratch = scratch
    var call = call
    let pointers = scratch.take(UnsafePointer<Float>.self, pointersPerThread * workers.threads)
    if multiplier > 1 {
      let repeated = scratch.take(Float.self, repeatedCount(batch: call.batch))
      let source = call.input, multiplier = multiplier
      let count = call.batch * geometry.inputPositions * geometry.inputChannels
      workers.parallelFor(count, grain: 1 << 14) { range in
        repeat_each(
          source + range.lowerBound, range.count, multiplier, repeated + range.lowerBound * multiplier)
      }
      call.input = UnsafePointer(repeated)
    }
    let window = window
    let operands = call
    let lines = call.batch * window.output.0 * window.output.1
    let macsPerLine = window.output.2 * channels * geometry.taps
    workers.parallelFor(lines, grain: BlockProduct.grain(macsPerItem: 4 * macsPerLine)) { range, thread in
      for line in range {
        filterLine(
          line, operands, window, pointers: pointers + thread * pointersPerThread, kernels: workers.kernels)
      }
    }
  }

  /// One line of outputs: its ends, which reach into the padding, pixel by pixel, and the rest in one go.
  private func filterLine(
    _ line: Int, _ call: ConvolutionCall, _ window: window, pointers: PointerTable, kernels: KernelSet
  ) {
    let width = window.output.2
    let inner = innerPositions(window)
    let first = line * width
    filterEdge(first..<first + inner.lowerBound, call, window, pointers: pointers, kernels: kernels)
    filterInner(line, inner, call, window, pointers: pointers, kernels: kernels)
    filterEdge(first + inner.upperBound..<first + width, call, window, pointers: pointers, kernels: kernels)
  }

  /// The positions along the last axis whose window lies inside the input.
  private func innerPositions(_ window: window) -> Range<Int> {
    let width = window.output.2
    let first = min(width, max(0, quotient(window.pad.2, window.stride.2)))
    let reach = (window.kernel.2 - 1) * window.dilation.2
    let room = window.input.2 - 1 - reach + window.pad.2
    let end = room < 0 ? 0 : min(width, room / window.stride.2 + 1)
    return first..<max(first, end)
  }

  private func filterEdge(
    _ positions: Range<Int>, _ call: ConvolutionCall, _ window: window, pointers: PointerTable,
    kernels: KernelSet
  ) {
    guard !positions.isEmpty else { return }
    var window = window
    window_pixels(&window, call.input, zeros.pointer, positions.lowerBound, positions.count, pointers)
    var run = run(call, window, positions: positions, pointers: pointers)
    kernels.table.pointee.depthwise.pointee.filter_pixels(&run)
  }

  private func filterInner(
    _ line: Int, _ inner: Range<Int>, _ call: ConvolutionCall, _ window: window, pointers: PointerTable,
    kernels: KernelSet
  ) {
    guard !inner.isEmpty else { return }
    let y = line % window.output.1, z = line / window.output.1 % window.output.0
    let sample = call.input + line / (window.output.0 * window.output.1) * window.sample
    let start = (inner.lowerBound * window.stride.2 - window.pad.2) * window.step.2
    let outside = UnsafePointer<Float>(zeros.pointer)
    var next = pointers
    for kz in 0..<window.kernel.0 {
      let inputZ = z * window.stride.0 + kz * window.dilation.0 - window.pad.0
      for ky in 0..<window.kernel.1 {
        let inputY = y * window.stride.1 + ky * window.dilation.1 - window.pad.1
        let isInside = inputZ >= 0 && inputZ < window.input.0 && inputY >= 0 && inputY < window.input.1
        let offset: Int = inputZ * window.step.0 + inputY * window.step.1 + start
        next.pointee = isInside ? sample + offset : outside
        next += 1
      }
    }
    let first = line * window.output.2
    var run = run(
      call, window, positions: first + inner.lowerBound..<first + inner.upperBound, pointers: pointers)
    kernels.table.pointee.depthwise.pointee.filter_lines(&run)
  }

  private func run(
    _ call: ConvolutionCall, _ window: window, positions: Range<Int>, pointers: PointerTable
  ) -> depthwise_run {
    let place = positions.lowerBound * channels
    return depthwise_run(
      channels: channels, positions: positions.count, lines: window.kernel.0 * window.kernel.1,
      columns: window.kernel.2, input: UnsafePointer(pointers), input_stride: positions.count,
      column_step: window.dilation.2 * window.step.2, position_step: window.stride.2 * window.step.2,
      filter: filter.pointer, filter_stride: filterStride, bias: bias?.pointer,
      addend: call.addend.map { $0 + place }, output: call.output + place, low: call.clamp.lowerBound,
      high: call.clamp.upperBound)
  }
}
