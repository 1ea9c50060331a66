import CKernels
import Storage

/// Winograd's F(2x2, 3x3): a strip of 4x4 patches is transformed, multiplied tap by tap with the transformed filter,
/// and transformed back while it is still cached.
struct WinogradConvolution: Sendable {
  private let geometry: ConvolutionGeometry
  /// The panels of each of the 16 taps, tap after tap.
  private let panels: View<Float>
  /// Starts the sums of tap (1, 1), which enters each of the four outputs exactly once.
  private let bias: View<Float>?
  private let zeros: View<Float>

  private static let taps = 16
  private static let biasTap = 5

  /// Depends on the geometry alone: the bits of a result must not depend on anything else.
  static func suits(_ geometry: ConvolutionGeometry) -> Bool {
    guard geometry.input.count == 2, geometry.kernel == [3, 3], geometry.groups == 1 else { return false }
    guard geometry.strides == [1, 1], geometry.dilations == [1, 1] else { return false }
    guard geometry.inputChannels >= 12, geometry.outputChannels >= 12 else { return false }
    let output = geometry.output
    let tiles = quotient(output[0], 2) * quotient(output[1], 2)
    // With few tiles, reading a filter that is 16/9 as large costs more than the products that it saves.
    return tiles >= 25 && output[0] * output[1] * 3 >= tiles * 8
  }

  init(_ geometry: ConvolutionGeometry, filter: View<Float>, bias: View<Float>?) {
    self.geometry = geometry
    let inputs = geometry.inputChannels, outputs = geometry.outputChannels
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
    zeros = View(count: inputs)
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

  /// Patches of a strip: few enough for the caches, many enough that the filter's panels do not set the pace.
  private var stripTiles: Int {
    let fitting = WinogradConvolution.stripBytes / (64 * (geometry.inputChannels + geometry.outputChannels))
    return min(96, max(48, fitting / 12 * 12))
  }

  private static let stripBytes = 1 << 18

  private var tilesPerLine: Int { quotient(geometry.output[1], 2) }
  private var tileLines: Int { quotient(geometry.output[0], 2) }

  func scratchByteCount(batch: Int, threads: Int) -> Int {
    let strip = WinogradConvolution.taps * stripTiles
    return threads
      * (Scratch.byteCount(Float.self, strip * geometry.inputChannels)
        + Scratch.byteCount(Float.self, strip * geometry.outputChannels)
        + Scratch.byteCount(UnsafePointer<Float>.self, strip))
  }

  // MARK: - Running

  func run(_ call: ConvolutionCall, scratch: Scratch, workers: Workers) {
    var scratch = scratch
    let strip = stripTiles, inputs = geometry.inputChannels, outputs = geometry.outputChannels
    let strips = (0..<workers.threads).map { _ in
      Strip(
        values: scratch.take(Float.self, WinogradConvolution.taps * strip * inputs),
        sums: scratch.take(Float.self, WinogradConvolution.taps * strip * outputs),
        pointers: scratch.take(UnsafePointer<Float>.self, WinogradConvolution.taps * strip), capacity: strip)
    }
    let tiles = call.batch * tileLines * tilesPerLine
    let grain = max(12, BlockProduct.grain(macsPerItem: WinogradConvolution.taps * inputs * outputs))
    workers.parallelFor(tiles, grain: grain) { range, thread in
      let strip = strips[thread]
      fill_pointers(strip.values, WinogradConvolution.taps * strip.capacity, inputs, strip.pointers)
      let count = quotient(range.count, strip.capacity)
      for index in 0..<count {
        let first = range.lowerBound + range.count * index / count
        let end = range.lowerBound + range.count * (index + 1) / count
        convolve(call, tiles: first..<end, strip: strip, kernels: workers.kernels)
      }
    }
  }

  /// A thread's scratch; tap t of patch i lies at t * capacity + i.
  private struct Strip {
    var values: UnsafeMutablePointer<Float>
    var sums: UnsafeMutablePointer<Float>
    var pointers: PointerTable
    var capacity: Int
  }

  private func convolve(_ call: ConvolutionCall, tiles: Range<Int>, strip: Strip, kernels: KernelSet) {
    forEachRun(tiles) { first, count in transform(call, tiles, first, count, strip, kernels) }
    multiply(count: tiles.count, strip, kernels)
    forEachRun(tiles) { first, count in finish(call, tiles, first, count, strip, kernels) }
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
  ) {
    let line = first / tilesPerLine, channels = geometry.inputChannels
    let sample = line / tileLines
    var patches = winograd_patches(
      input: call.input + sample * geometry.inputPositions * channels, height: geometry.input[0],
      width: geometry.input[1], channels: channels, y: line % tileLines * 2 - geometry.padBefore[0],
      x: first % tilesPerLine * 2 - geometry.padBefore[1], count: count, zeros: zeros.pointer,
      values: strip.values + (first - tiles.lowerBound) * channels, tap_stride: strip.capacity * channels)
    kernels.table.pointee.winograd.pointee.transform(&patches)
  }

  private func multiply(count: Int, _ strip: Strip, _ kernels: KernelSet) {
    let inputs = geometry.inputChannels, outputs = geometry.outputChannels
    let tapCount = PackedMatrix.packedCount(inner: inputs, columns: outputs)
    for tap in 0..<WinogradConvolution.taps {
      var block = gemm_block(
        rows: count, columns: outputs, taps: 1, depth: inputs,
        a: UnsafePointer(strip.pointers + tap * strip.capacity), a_stride: strip.capacity,
        b: panels.pointer + tap * tapCount,
        bias: tap == WinogradConvolution.biasTap ? bias.map { UnsafePointer($0.pointer) } : nil, addend: nil,
        addend_stride: 0, c: strip.sums + tap * strip.capacity * outputs, c_stride: outputs, low: -.infinity,
        high: .infinity)
      kernels.table.pointee.gemm.pointee.multiply(&block)
    }
  }

  private func finish(
    _ call: ConvolutionCall, _ tiles: Range<Int>, _ first: Int, _ count: Int, _ strip: Strip,
    _ kernels: KernelSet
  ) {
    let line = first / tilesPerLine, channels = geometry.outputChannels, output = geometry.output
    let sample = line / tileLines
    let y = line % tileLines * 2, x = first % tilesPerLine * 2
    let place = ((sample * output[0] + y) * output[1] + x) * channels
    var outputs = winograd_outputs(
      sums: strip.sums + (first - tiles.lowerBound) * channels, tap_stride: strip.capacity * channels,
      channels: channels, count: count, output: call.output + place, addend: call.addend.map { $0 + place },
      line: output[1] * channels, lines: output[0] - y, columns: output[1] - x, low: call.clamp.lowerBound,
      high: call.clamp.upperBound)
    kernels.table.pointee.winograd.pointee.finish(&outputs)
  }
}
