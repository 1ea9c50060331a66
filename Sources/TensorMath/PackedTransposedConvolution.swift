import CKernels
import Storage

/// A transposed convolution with its filter packed for the kernels.
///
/// It is computed by gathering: outputs whose positions leave the same remainders when divided by the strides read
/// through the same taps, so each such phase is an ordinary product over its own taps. An output is one chain of
/// fused multiply-adds that starts at the bias and runs over its phase's taps in order, and over the channels within
/// a tap.
///
///     let upsample = PackedTransposedConvolution(geometry, filter: filter, bias: nil)
public struct PackedTransposedConvolution: Sendable {
  /// With leading axes of extent 1, so that there are three.
  public let geometry: TransposedConvolutionGeometry
  private let clamp: ClosedRange<Float>
  private let phases: [Phase]
  private let bias: View<Float>?
  private let zeros: View<Float>

  /// Outputs with the same remainders, and what they are made from.
  private struct Phase: Sendable {
    /// Per axis: the first output position and how many there are, one stride apart.
    var first: [Int]
    var count: [Int]
    /// Per axis: the taps, and for each the input position under the first output.
    var taps: [[Int]]
    var starts: [[Int]]
    /// The panels of each group.
    var panels: View<Float>

    var tapCount: Int { taps.reduce(1) { $0 * $1.count } }
  }

  /// Packs a filter `[outputs, kernel..., inputs / groups]`; the view is not needed afterwards.
  public init(
    _ geometry: TransposedConvolutionGeometry, filter: View<Float>, bias: View<Float>? = nil,
    clamp: ClosedRange<Float>? = nil
  ) {
    let geometry = geometry.withThreeAxes
    precondition(
      filter.count >= geometry.filterCount && bias.map { $0.count >= geometry.outputChannels } ?? true)
    self.geometry = geometry
    self.clamp = clamp ?? unclamped
    phases = PackedTransposedConvolution.phases(geometry, filter: filter)
    let columns = geometry.outputChannels / geometry.groups
    let padded = quotient(columns, PackedMatrix.panelWidth) * PackedMatrix.panelWidth
    self.bias = bias.map { bias in
      let view = View<Float>(count: geometry.groups * padded)
      for group in 0..<geometry.groups {
        view[group * padded..<view.count].copy(from: bias[group * columns..<(group + 1) * columns])
      }
      return view
    }
    zeros = View(count: geometry.inputChannels)
  }

  private static func phases(_ geometry: TransposedConvolutionGeometry, filter: View<Float>) -> [Phase] {
    let output = geometry.output
    var phases: [Phase] = []
    for z in 0..<min(geometry.strides[0], output[0]) {
      for y in 0..<min(geometry.strides[1], output[1]) {
        for x in 0..<min(geometry.strides[2], output[2]) {
          phases.append(phase(geometry, first: [z, y, x], filter: filter))
        }
      }
    }
    return phases
  }

  private static func phase(
    _ geometry: TransposedConvolutionGeometry, first: [Int], filter: View<Float>
  ) -> Phase {
    var taps: [[Int]] = [], starts: [[Int]] = [], count: [Int] = []
    for axis in 0..<3 {
      let stride = geometry.strides[axis]
      // Output o reads input i through tap k where o + pad = i * stride + k * dilation.
      let matching = (0..<geometry.kernel[axis]).filter { tap in
        (first[axis] + geometry.padBefore[axis] - tap * geometry.dilations[axis]) % stride == 0
      }
      taps.append(matching)
      starts.append(
        matching.map { tap in
          (first[axis] + geometry.padBefore[axis] - tap * geometry.dilations[axis]) / stride
        })
      count.append(quotient(geometry.output[axis] - first[axis], stride))
    }
    var phase = Phase(first: first, count: count, taps: taps, starts: starts, panels: View(count: 0))
    phase.panels = panels(geometry, phase, filter: filter)
    return phase
  }

  /// The phase's taps of the filter, packed group after group.
  private static func panels(
    _ geometry: TransposedConvolutionGeometry, _ phase: Phase, filter: View<Float>
  ) -> View<Float> {
    let inputs = geometry.inputChannels / geometry.groups, columns = geometry.outputChannels / geometry.groups
    let kernel = geometry.kernel
    let length = phase.tapCount * inputs
    let groupCount = PackedMatrix.packedCount(inner: length, columns: columns)
    let panels = View<Float>(count: geometry.groups * groupCount)
    let chosen = View<Float>(count: columns * length)
    for group in 0..<geometry.groups {
      var next = 0
      for output in group * columns..<(group + 1) * columns {
        for z in phase.taps[0] {
          for y in phase.taps[1] {
            for x in phase.taps[2] {
              let tap = ((output * kernel[0] + z) * kernel[1] + y) * kernel[2] + x
              chosen[next..<next + inputs].copy(from: filter[tap * inputs..<(tap + 1) * inputs])
              next += inputs
            }
          }
        }
      }
      PackedMatrix.pack(
        chosen.pointer, inner: length, columns: 0..<columns, rowStride: 1, columnStride: length,
        into: panels.pointer + group * groupCount)
    }
    return panels
  }

  // MARK: - Scratch

  private var pointersPerThread: Int {
    phases.reduce(1) { max($0, $1.tapCount * $1.count[2]) }
  }

  public func scratchByteCount(batch: Int, threads: Int) -> Int {
    Scratch.byteCount(UnsafePointer<Float>.self, pointersPerThread * threads)
  }

  // MARK: - Running

  /// Convolves `batch` dense samples.
  public func run(
    input: View<Float>, output: View<Float>, batch: Int, scratch: View<UInt8>, workers: Workers
  ) {
    let outputCount = batch * geometry.output.reduce(1, *) * geometry.outputChannels
    precondition(input.count >= batch * geometry.input.reduce(1, *) * geometry.inputChannels)
    precondition(output.count >= outputCount)
    guard outputCount > 0 else { return }
    var pieces = Scratch(scratch)
    let pointers = pieces.take(UnsafePointer<Float>.self, pointersPerThread * workers.threads)
    let call = ConvolutionCall(
      input: input.pointer, output: output.pointer, addend: nil, batch: batch, clamp: clamp)
    for phase in phases {
      let lines = batch * phase.count[0] * phase.count[1]
      let inputs = geometry.inputChannels / geometry.groups
      let macsPerLine = phase.count[2] * geometry.outputChannels * phase.tapCount * inputs
      workers.parallelFor(lines, grain: BlockProduct.grain(macsPerItem: macsPerLine)) { range, thread in
        for line in range {
          computeLine(
            line, phase, call, pointers: pointers + thread * pointersPerThread, kernels: workers.kernels)
        }
      }
    }
    withExtendedLifetime((input, output, scratch)) {}
  }

  private func computeLine(
    _ line: Int, _ phase: Phase, _ call: ConvolutionCall, pointers: PointerTable, kernels: KernelSet
  ) {
    let j = line % phase.count[1], i = line / phase.count[1] % phase.count[0]
    let sample = line / (phase.count[0] * phase.count[1])
    let output = geometry.output
    let z = phase.first[0] + i * geometry.strides[0], y = phase.first[1] + j * geometry.strides[1]
    let place =
      (((sample * output[0] + z) * output[1] + y) * output[2] + phase.first[2]) * geometry.outputChannels
    let inputs = geometry.inputChannels / geometry.groups, columns = geometry.outputChannels / geometry.groups
    let length = phase.tapCount * inputs
    let groupCount = PackedMatrix.packedCount(inner: length, columns: columns)
    let paddedColumns = quotient(columns, PackedMatrix.panelWidth) * PackedMatrix.panelWidth
    for group in 0..<geometry.groups {
      findPixels(phase, i: i, j: j, sample: sample, call: call, channel: group * inputs, pointers: pointers)
      var block = gemm_block(
        rows: phase.count[2], columns: columns, taps: phase.tapCount, depth: inputs,
        a: UnsafePointer(pointers),
        a_stride: phase.count[2], b: phase.panels.pointer + group * groupCount,
        bias: bias.map { UnsafePointer($0.pointer) + group * paddedColumns }, addend: nil, addend_stride: 0,
        c: call.output + place + group * columns, c_stride: geometry.strides[2] * geometry.outputChannels,
        low: call.clamp.lowerBound, high: call.clamp.upperBound)
      kernels.table.pointee.gemm.pointee.multiply(&block)
    }
  }

  /// Where each tap of each output of the line reads.
  private func findPixels(
    _ phase: Phase, i: Int, j: Int, sample: Int, call: ConvolutionCall, channel: Int, pointers: PointerTable
  ) {
    let input = geometry.input
    let outside = UnsafePointer(zeros.pointer)
    var next = pointers
    for startZ in phase.starts[0] {
      for startY in phase.starts[1] {
        let z = startZ + i, y = startY + j
        let isInside = z >= 0 && z < input[0] && y >= 0 && y < input[1]
        let line =
          call.input + ((sample * input[0] + z) * input[1] + y) * input[2] * geometry.inputChannels + channel
        for startX in phase.starts[2] {
          for k in 0..<phase.count[2] {
            let x = startX + k
            next[k] = isInside && x >= 0 && x < input[2] ? line + x * geometry.inputChannels : outside
          }
          next += phase.count[2]
        }
      }
    }
  }
}
