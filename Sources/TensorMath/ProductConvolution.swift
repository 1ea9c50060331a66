import CKernels
import Storage

/// Convolution as a matrix product that reads its left rows where they lie, through pointers.
struct ProductConvolution: Sendable {
  private let geometry: ConvolutionGeometry
  /// The panels of each group, group after group.
  private let panels: View<Float>
  private let bias: View<Float>?
  private let zeros: View<Float>
  private let lines: Lines

  /// How the taps along the last axis are read.
  private enum Lines {
    /// Each by its own pointer.
    case separate
    /// They lie side by side, so one pointer does for all.
    case joined
    /// As joined, in a copy of the sample that holds the padding. Worth it where a tap has few channels.
    case padded
  }

  private static let fewChannels = 32

  init(_ geometry: ConvolutionGeometry, filter: View<Float>, bias: View<Float>?) {
    self.geometry = geometry
    let length = geometry.taps * geometry.inputsPerGroup
    let columns = geometry.outputsPerGroup
    let groupCount = PackedMatrix.packedCount(inner: length, columns: columns)
    let panels = View<Float>(count: geometry.groups * groupCount)
    for group in 0..<geometry.groups {
      PackedMatrix.pack(
        filter.pointer + group * columns * length, inner: length, columns: 0..<columns, rowStride: 1,
        columnStride: length, into: panels.pointer + group * groupCount)
    }
    self.panels = panels
    self.bias = bias.map { bias in
      let padded = View<Float>(count: geometry.groups * ProductConvolution.paddedColumns(geometry))
      for group in 0..<geometry.groups {
        padded[group * ProductConvolution.paddedColumns(geometry)..<padded.count].copy(
          from: bias[group * columns..<(group + 1) * columns])
      }
      return padded
    }
    let width = geometry.kernel.last!
    let before = geometry.padBefore.last!, after = geometry.padAfter.last!
    if width == 1 || geometry.dilations.last! > 1 || geometry.groups > 1 {
      lines = .separate
    } else if before <= 0 && after <= 0 {
      lines = .joined
    } else {
      let fits = before >= 0 && after >= 0 && geometry.inputChannels <= ProductConvolution.fewChannels
      lines = fits ? .padded : .separate
    }
    zeros = View(count: geometry.inputChannels * width)
  }

  private static func paddedColumns(_ geometry: ConvolutionGeometry) -> Int {
    quotient(geometry.outputsPerGroup, PackedMatrix.panelWidth) * PackedMatrix.panelWidth
  }

  private var joinsTaps: Bool { lines != .separate }

  /// The window as the pointers see it.
  private var window: window {
    var window = geometry.window
    if joinsTaps { window.kernel.2 = 1 }
    if lines == .padded {
      window.pad.2 = 0
      window.input.2 += geometry.padBefore.last! + geometry.padAfter.last!
      window.step.1 = window.input.2 * geometry.inputChannels
      window.step.0 = window.step.1 * window.input.1
      window.sample = window.step.0 * window.input.0
    }
    return window
  }

  private func product(_ call: ConvolutionCall, group: Int) -> BlockProduct {
    let width = joinsTaps ? geometry.kernel.last! : 1
    let columns = geometry.outputsPerGroup
    let length = geometry.taps * geometry.inputsPerGroup
    return BlockProduct(
      rows: call.batch * geometry.outputPositions, columns: columns, taps: geometry.taps / width,
      depth: geometry.inputsPerGroup * width,
      panels: panels.pointer + group * PackedMatrix.packedCount(inner: length, columns: columns),
      bias: bias.map { UnsafePointer($0.pointer) + group * ProductConvolution.paddedColumns(geometry) },
      addend: call.addend.map { $0 + group * columns }, output: call.output + group * columns,
      outputStride: geometry.outputChannels, clamp: call.clamp)
  }

  // MARK: - Scratch

  private var paddedCount: Int { lines == .padded ? window.sample : 0 }

  private func pointerCount(batch: Int) -> Int {
    let width = joinsTaps ? geometry.kernel.last! : 1
    return BlockProduct.pointerCount(
      rows: batch * geometry.outputPositions, taps: geometry.taps / width,
      depth: geometry.inputsPerGroup * width)
  }

  func scratchByteCount(batch: Int, threads: Int) -> Int {
    threads
      * (Scratch.byteCount(UnsafePointer<Float>.self, pointerCount(batch: batch))
        + Scratch.byteCount(Float.self, paddedCount))
  }

  // MARK: - Running

  func run(_ call: ConvolutionCall, scratch: Scratch, workers: Workers) {
    var scratch = scratch
    let pointerCount = pointerCount(batch: call.batch)
    let pointers = scratch.take(UnsafePointer<Float>.self, pointerCount * workers.threads)
    switch lines {
    case .padded:
      let copies = scratch.take(Float.self, paddedCount * workers.threads)
      runPadded(call, copies: copies, pointers: pointers, pointerCount: pointerCount, workers: workers)
    case .joined, .separate:
      runGroups(call, pointers: pointers, pointerCount: pointerCount, workers: workers)
    }
  }

  private func runGroups(_ call: ConvolutionCall, pointers: PointerTable, pointerCount: Int, workers: Workers)
  {
    let groups = geometry.groups
    if groups == 1 || groups < workers.threads {
      for group in 0..<groups { runGroup(call, group, pointers: pointers, workers: workers) }
      return
    }
    let macs = call.batch * geometry.macs / groups
    workers.parallelFor(groups, grain: BlockProduct.grain(macsPerItem: macs)) { range, thread in
      for group in range {
        runGroup(call, group, pointers: pointers + thread * pointerCount, workers: workers.single)
      }
    }
  }

  private func runGroup(_ call: ConvolutionCall, _ group: Int, pointers: PointerTable, workers: Workers) {
    let window = window
    let input = call.input + group * geometry.inputsPerGroup
    product(call, group: group).run(workers, pointers: pointers) { first, count, pointers in
      var window = window
      window_pixels(&window, input, zeros.pointer, first, count, pointers)
    }
  }

  /// Sample by sample, so that the copy is still cached when it is read.
  private func runPadded(
    _ call: ConvolutionCall, copies: UnsafeMutablePointer<Float>, pointers: PointerTable, pointerCount: Int,
    workers: Workers
  ) {
    let inputCount = geometry.inputPositions * geometry.inputChannels
    let outputCount = geometry.outputPositions * geometry.outputChannels
    func convolve(_ sample: Int, thread: Int, workers: Workers) {
      var call = call.sample(sample, inputCount: inputCount, outputCount: outputCount)
      let copy = copies + thread * paddedCount
      pad(call.input, into: copy, workers: workers)
      call.input = UnsafePointer(copy)
      runGroup(call, 0, pointers: pointers + thread * pointerCount, workers: workers)
    }
    if call.batch < workers.threads {
      for sample in 0..<call.batch { convolve(sample, thread: 0, workers: workers) }
    } else {
      workers.parallelFor(call.batch, grain: BlockProduct.grain(macsPerItem: geometry.macs)) {
        range, thread in
        for sample in range { convolve(sample, thread: thread, workers: workers.single) }
      }
    }
  }

  private func pad(_ sample: UnsafePointer<Float>, into copy: UnsafeMutablePointer<Float>, workers: Workers) {
    let channels = geometry.inputChannels
    let length = geometry.input.last! * channels
    let before = geometry.padBefore.last! * channels, after = geometry.padAfter.last! * channels
    let lineCount = geometry.input.dropLast().reduce(1, *)
    workers.parallelFor(lineCount, grain: max(1, ProductConvolution.floatsPerTask / max(1, length))) {
      range in
      pad_lines(
        sample + range.lowerBound * length, range.count, length, before, after,
        copy + range.lowerBound * (length + before + after))
    }
  }

  private static let floatsPerTask = 1 << 15
}
