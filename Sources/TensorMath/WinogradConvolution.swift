import CKernels
import Dispatch
import Storage

/// Winograd's F(2x2, 3x3): a strip of 4x4 patches is transformed, multiplied tap by tap with the transformed filter,
/// and transformed back while it is still cached.
struct WinogradConvolution: Sendable {
  private let inputs: Int
  private let outputs: Int
  private let inputHeight: Int
  private let inputWidth: Int
  private let outputHeight: Int
  private let outputWidth: Int
  private let padTop: Int
  private let padLeft: Int
  private let tileLines: Int
  private let tilesPerLine: Int
  /// Tiles of a strip, and floats of a slot of its scratch.
  private let capacity: Int
  private let slot: Int
  /// The panels of each of the 16 taps, tap after tap.
  private let panels: View<Float>
  /// Starts the sums of tap (1, 1), which enters each of the four outputs exactly once.
  private let bias: View<Float>?
  private let zeros: View<Float>
  private let plain: PlainProduct

  private static let taps = 16
  private static let biasTap = 5
  /// Channel pairs of a filter that, transformed, stays in the second-level cache.
  private static let smallFilter = 128 * 128

  /// Depends on the geometry alone: the bits of a result must not depend on anything else.
  static func suits(_ geometry: ConvolutionGeometry) -> Bool {
    guard geometry.input.count == 2, geometry.kernel == [3, 3], geometry.groups == 1 else { return false }
    guard geometry.strides == [1, 1], geometry.dilations == [1, 1] else { return false }
    guard geometry.inputChannels >= 12, geometry.outputChannels >= 12 else { return false }
    let output = geometry.output
    let tiles = quotient(output[0], 2) * quotient(output[1], 2)
    // With few tiles, reading a large filter that grew by 16/9 costs more than the products that it saves.
    let isSmall = geometry.inputChannels * geometry.outputChannels <= smallFilter
    return tiles >= (isSmall ? 4 : 25) && output[0] * output[1] * 3 >= tiles * 8
  }

  init(_ geometry: ConvolutionGeometry, filter: View<Float>, bias: View<Float>?) {
    let inputs = geometry.inputChannels, outputs = geometry.outputChannels
    self.inputs = inputs
    self.outputs = outputs
    (inputHeight, inputWidth) = (geometry.input[0], geometry.input[1])
    (outputHeight, outputWidth) = (geometry.output[0], geometry.output[1])
    (padTop, padLeft) = (geometry.padBefore[0], geometry.padBefore[1])
    (tileLines, tilesPerLine) = (quotient(outputHeight, 2), quotient(outputWidth, 2))
    let widest = max(outputs, quotient(inputs, WinogradConvolution.chunk) * WinogradConvolution.chunk)
    capacity = WinogradConvolution.stripTiles(inputs: inputs, outputs: outputs)
    // A line more than needed, lest the taps of a patch share a cache set.
    slot = capacity * widest + WinogradConvolution.chunk
    let transformed = View<Float>(count: WinogradConvolution.taps * outputs * inputs)
    WinogradConvolution.transform(filter.pointer, inputs: inputs, outputs: outputs, into: transformed.pointer)
    let tapCount = PackedMatrix.packedCount(inner: inputs, columns: outputs)
    let panels = View<Float>(count: WinogradConvolution.taps * tapCount)
    for tap in 0..<WinogradConvolution.taps {
      PackedMatrix.pack(
        transformed.pointer + tap * outputs * inputs, inner: inputs, columns: 0..<outputs, rowStride: 1,
        columnStride: inputs, into: panels.pointer + tap * tapCount)
    }
    self.panels = panels
    self.bias = bias.map { PackedMatrix.padded($0, count: outputs) }
    zeros = View(count: max(inputWidth, 1) * inputs)
    plain = PlainProduct(geometry, filter: filter, bias: self.bias)
  }

  /// U = G g Gᵀ per pair of channels, with the rows of G being (1, 0, 0), (½, ½, ½), (½, -½, ½), (0, 0, 1); in double
  /// precision, rounded once.
  private static func transform(
    _ filter: UnsafePointer<Float>, inputs: Int, outputs: Int, into target: UnsafeMutablePointer<Float>
  ) {
    func spread(_ a: Double, _ b: Double, _ c: Double) -> (Double, Double, Double, Double) {
      (a, (a + b + c) / 2, (a - b + c) / 2, c)
    }
    for output in 0..<outputs {
      for input in 0..<inputs {
        let g = filter + output * 9 * inputs + input
        let u = target + output * inputs + input
        let step = outputs * inputs
        func column(_ x: Int) -> (Double, Double, Double, Double) {
          spread(Double(g[x * inputs]), Double(g[(3 + x) * inputs]), Double(g[(6 + x) * inputs]))
        }
        let left = column(0), middle = column(1), right = column(2)
        func store(_ line: Int, _ values: (Double, Double, Double, Double)) {
          u[line * 4 * step] = Float(values.0)
          u[(line * 4 + 1) * step] = Float(values.1)
          u[(line * 4 + 2) * step] = Float(values.2)
          u[(line * 4 + 3) * step] = Float(values.3)
        }
        store(0, spread(left.0, middle.0, right.0))
        store(1, spread(left.1, middle.1, right.1))
        store(2, spread(left.2, middle.2, right.2))
        store(3, spread(left.3, middle.3, right.3))
      }
    }
  }

  // MARK: - Scratch

  private static let chunk = Int(GEMM_CHUNK)

  /// Patches of a strip: so few that values and sums stay in the first-level cache, unless the filter is larger than
  /// the second-level cache and each strip has to read all of it again. A multiple of every tile height.
  private static func stripTiles(inputs: Int, outputs: Int) -> Int {
    inputs * outputs * taps * MemoryLayout<Float>.stride <= secondLevelBytes ? leastTiles : 4 * leastTiles
  }

  private static let leastTiles = 24
  private static let secondLevelBytes = 1 << 21

  func scratchByteCount(batch: Int, threads: Int) -> Int {
    threads * Scratch.byteCount(Float.self, Strip.count(of: slot))
  }

  // MARK: - Running

  func run(_ call: ConvolutionCall, scratch: Scratch, workers: Workers) {
    var scratch = scratch
    let strips = (0..<workers.threads).map { _ in
      Strip(start: scratch.take(Float.self, Strip.count(of: slot)), slot: slot, capacity: capacity)
    }
    let tiles = call.batch * tileLines * tilesPerLine
    let unit = workers.threads == 1 ? capacity : min(capacity, WinogradConvolution.leastTiles)
    let grain = BlockProduct.grain(macsPerItem: WinogradConvolution.taps * inputs * outputs * unit)
    workers.parallelFor(quotient(tiles, unit), grain: grain) { range, thread in
      let end = min(tiles, range.upperBound * unit)
      for first in stride(from: range.lowerBound * unit, to: end, by: capacity) {
        convolve(
          call, tiles: first..<min(end, first + capacity), strip: strips[thread], kernels: workers.kernels)
      }
    }
  }

  /// A thread's scratch, with a slot per tap and one more. The values of a tap lie one slot behind its sums, so that
  /// sums take the place of values that are no longer needed.
  private struct Strip {
    var start: UnsafeMutablePointer<Float>
    var slot: Int
    var capacity: Int

    static func count(of slot: Int) -> Int { (WinogradConvolution.taps + 1) * slot }

    func values(_ tap: Int) -> UnsafeMutablePointer<Float> { start + (tap + 1) * slot }
    func sums(_ tap: Int) -> UnsafeMutablePointer<Float> { start + tap * slot }
  }

  private func convolve(_ call: ConvolutionCall, tiles: Range<Int>, strip: Strip, kernels: KernelSet) {
    var isFinite = true
    forEachRun(tiles) { first, count in
      isFinite = transform(call, tiles, first, count, strip, kernels) && isFinite
    }
    multiply(count: tiles.count, strip, kernels)
    guard isFinite else { return finishCarefully(call, tiles, strip, kernels) }
    forEachRun(tiles) { first, count in finish(call, tiles, first, count, strip, kernels) }
  }

  /// Sums of a patch with an infinity may be not a number where those of a window are infinite. So outputs from such
  /// a patch are computed as plain products.
  private func finishCarefully(
    _ call: ConvolutionCall, _ tiles: Range<Int>, _ strip: Strip, _ kernels: KernelSet
  ) {
    for tile in tiles {
      let line = tile / tilesPerLine
      let sample = line / tileLines, y = line % tileLines * 2, x = tile % tilesPerLine * 2
      if patchIsFinite(call.input + sample * inputHeight * inputWidth * inputs, y: y - padTop, x: x - padLeft)
      {
        finish(call, tiles, tile, 1, strip, kernels)
      } else {
        for row in y..<min(y + 2, outputHeight) {
          let first = (sample * outputHeight + row) * outputWidth + x
          plain.run(call, first: first, count: min(2, outputWidth - x), zeros: zeros, kernels: kernels)
        }
      }
    }
  }

  private func patchIsFinite(_ sample: UnsafePointer<Float>, y: Int, x: Int) -> Bool {
    let columns = max(0, x)..<max(min(x + 4, inputWidth), max(0, x))
    for line in max(0, y)..<max(min(y + 4, inputHeight), max(0, y)) {
      for index in columns.lowerBound * inputs..<columns.upperBound * inputs
      where !sample[line * inputWidth * inputs + index].isFinite {
        return false
      }
    }
    return true
  }

  /// The parts of `tiles` that lie in one line.
  private func forEachRun(_ tiles: Range<Int>, _ body: (_ first: Int, _ count: Int) -> Void) {
    var first = tiles.lowerBound
    while first < tiles.upperBound {
      let end = min(tiles.upperBound, (first / tilesPerLine + 1) * tilesPerLine)
      body(first, end - first)
      first = end
    }
  }

  private func transform(
    _ call: ConvolutionCall, _ tiles: Range<Int>, _ first: Int, _ count: Int, _ strip: Strip,
    _ kernels: KernelSet
  ) -> Bool {
    let line = first / tilesPerLine
    let sample = line / tileLines
    var patches = winograd_patches(
      input: call.input + sample * inputHeight * inputWidth * inputs, height: inputHeight,
      width: inputWidth, channels: inputs, y: line % tileLines * 2 - padTop,
      x: first % tilesPerLine * 2 - padLeft, count: count, zeros: zeros.pointer,
      values: strip.values(0) + (first - tiles.lowerBound) * WinogradConvolution.chunk,
      tap_stride: strip.slot,
      chunk_stride: strip.capacity * WinogradConvolution.chunk)
    return kernels.table.pointee.winograd.pointee.transform(&patches)
  }

  private func multiply(count: Int, _ strip: Strip, _ kernels: KernelSet) {
    let tapCount = PackedMatrix.packedCount(inner: inputs, columns: outputs)
    for tap in 0..<WinogradConvolution.taps {
      var block = gemm_chunks(
        rows: count, columns: outputs, depth: inputs,
        a: strip.values(tap), a_chunk: strip.capacity * WinogradConvolution.chunk,
        b: panels.pointer + tap * tapCount,
        bias: tap == WinogradConvolution.biasTap ? bias.map { UnsafePointer($0.pointer) } : nil,
        c: strip.sums(tap), c_stride: outputs)
      kernels.table.pointee.gemm.pointee.multiply_chunks(&block)
    }
  }

  private func finish(
    _ call: ConvolutionCall, _ tiles: Range<Int>, _ first: Int, _ count: Int, _ strip: Strip,
    _ kernels: KernelSet
  ) {
    let line = first / tilesPerLine
    let sample = line / tileLines
    let y = line % tileLines * 2, x = first % tilesPerLine * 2
    let place = ((sample * outputHeight + y) * outputWidth + x) * outputs
    var tile = winograd_outputs(
      sums: strip.sums(0) + (first - tiles.lowerBound) * outputs, tap_stride: strip.slot,
      channels: outputs, count: count, output: call.output + place, addend: call.addend.map { $0 + place },
      line: outputWidth * outputs, lines: outputHeight - y, columns: outputWidth - x,
      low: call.clamp.lowerBound,
      high: call.clamp.upperBound)
    kernels.table.pointee.winograd.pointee.finish(&tile)
  }
}

/// The same convolution as a plain product, for the few outputs that need it; packed when it is first needed.
private final class PlainProduct: @unchecked Sendable {
  // Unchecked: the panels are made under the queue.
  private let geometry: ConvolutionGeometry
  private let filter: View<Float>
  private let bias: View<Float>?
  private let queue = DispatchQueue(label: "edgeopt.winograd.plain")
  private var panels: View<Float>?

  init(_ geometry: ConvolutionGeometry, filter: View<Float>, bias: View<Float>?) {
    self.geometry = geometry
    self.filter = filter
    self.bias = bias
  }

  private var packed: View<Float> {
    queue.sync {
      if let panels { return panels }
      let length = geometry.taps * geometry.inputChannels
      let made = PackedMatrix(filter, inner: length, columns: geometry.outputChannels, transposed: true)
        .panels
      panels = made
      return made
    }
  }

  /// Outputs at `count` positions of one line.
  func run(_ call: ConvolutionCall, first: Int, count: Int, zeros: View<Float>, kernels: KernelSet) {
    let panels = packed, columns = geometry.outputChannels
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: geometry.taps * count) {
      pointers in
      var window = geometry.window
      window_pixels(&window, call.input, zeros.pointer, first, count, pointers.baseAddress!)
      var block = gemm_block(
        rows: count, columns: columns, taps: geometry.taps, depth: geometry.inputChannels,
        a: UnsafePointer(pointers.baseAddress!), a_stride: count, b: panels.pointer, bias: bias?.pointer,
        addend: call.addend.map { $0 + first * columns }, addend_stride: columns,
        c: call.output + first * columns, c_stride: columns, low: call.clamp.lowerBound,
        high: call.clamp.upperBound)
      kernels.table.pointee.gemm.pointee.multiply(&block)
    }
  }
}
