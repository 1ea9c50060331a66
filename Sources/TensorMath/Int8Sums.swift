import CKernels
import Storage

/// Numbers per output channel, each group of channels filled up to whole panels.
struct Int8Channels {
  let groups: Int
  let perGroup: Int

  var panelsPerGroup: Int { quotient(perGroup, Int(INT8_PANEL)) }
  var paddedPerGroup: Int { panelsPerGroup * Int(INT8_PANEL) }

  /// The numbers in padded order.
  func padded(_ number: (_ channel: Int) -> Int32) -> View<Int32> {
    let view = View<Int32>(count: groups * paddedPerGroup)
    for group in 0..<groups {
      for index in 0..<perGroup { view[group * paddedPerGroup + index] = number(group * perGroup + index) }
    }
    return view
  }
}

/// What follows the sums: the rescaling, with its factors in padded order.
struct Int8Finish: Sendable {
  let multipliers: View<Int32>
  let shifts: View<Int32>
  let rescaling: Int8Rescaling

  init(_ rescaling: Int8Rescaling, channels: Int8Channels) {
    let count = rescaling.multipliers.count
    precondition(count == 1 || count == channels.groups * channels.perGroup)
    self.rescaling = rescaling
    multipliers = channels.padded { rescaling.multipliers[count == 1 ? 0 : $0] }
    shifts = channels.padded { rescaling.shifts[count == 1 ? 0 : $0] }
  }

  /// Turns dense rows of sums, padded to panels, into the columns of one group of the output.
  func run(
    _ sums: UnsafePointer<Int32>, rows: Int, columns: Int, padded: Int, group: Int,
    output: UnsafeMutablePointer<Int8>, stride: Int, kernels: Int8Kernels
  ) {
    var work = int8_requantization(
      x: sums, rows: rows, columns: columns, x_stride: padded, y: output, y_stride: stride,
      multipliers: multipliers.elementPointer + group * padded,
      shifts: shifts.elementPointer + group * padded,
      zero_point: rescaling.zeroPoint, low: rescaling.bounds.lowerBound, high: rescaling.bounds.upperBound)
    kernels.table.pointee.requantize(&work)
  }
}

/// The output positions of a window as lines of equally distant ones, in blocks whose sums stay in the nearest cache.
struct Int8Positions: Sendable {
  let lines: Int
  let positions: Int
  let lineStep: Int
  let positionStep: Int
  let linesPerBlock: Int
  let positionsPerBlock: Int

  /// - Parameters:
  ///   - pixel: bytes from a pixel of the frame to the next.
  ///   - columns: numbers in a row of sums.
  init(_ window: Int8Window, pixel: Int, columns: Int) {
    let line = window.frame.x * pixel
    let steps = (y: window.stride.y * line, x: window.stride.x * pixel)
    // Lines that follow each other at the positions' own distance are one long line.
    let isOneLine = window.output.x == 1 || steps.y == window.output.x * steps.x
    lines = isOneLine ? 1 : window.output.y
    positions = isOneLine ? window.output.product : window.output.x
    lineStep = steps.y
    positionStep = window.output.x == 1 ? steps.y : steps.x
    let most = max(Int8Positions.evenTile, Int8Positions.sumsPerBlock / max(1, columns))
    positionsPerBlock = positions <= most ? positions : most / Int8Positions.evenTile * Int8Positions.evenTile
    linesPerBlock = positions == positionsPerBlock ? max(1, min(lines, most / max(1, positions))) : 1
  }

  var rowsPerBlock: Int { linesPerBlock * positionsPerBlock }

  /// Hands out the blocks in order, with the number of the first position of each.
  func forEachBlock(from base: UnsafePointer<UInt8>, _ body: (int8_positions, _ first: Int) -> Void) {
    guard positions > 0 else { return }
    for line in Swift.stride(from: 0, to: lines, by: linesPerBlock) {
      for position in Swift.stride(from: 0, to: positions, by: positionsPerBlock) {
        let block = int8_positions(
          a: base + line * lineStep + position * positionStep, lines: min(linesPerBlock, lines - line),
          positions: min(positionsPerBlock, positions - position), line_step: lineStep,
          position_step: positionStep)
        body(block, line * positions + position)
      }
    }
  }

  /// Tiles of any instruction set divide it.
  private static let evenTile = 48
  private static let sumsPerBlock = 4096
}

/// The padded working copy of a sample.
struct Int8Frame: Sendable {
  let window: Int8Window
  let channels: Int
  let repeats: Int
  let form: int8_form
  let zeroPoint: Int32

  var pixelByteCount: Int { channels * repeats * int8_form_width(form) }
  var lineByteCount: Int { window.frame.x * pixelByteCount }
  /// With room behind, because kernels read whole vectors.
  var byteCount: Int { window.frame.y * lineByteCount + Storage.alignment }

  func fill(_ target: UnsafeMutablePointer<UInt8>, from input: UnsafePointer<Int8>, kernels: Int8Kernels) {
    var frame = int8_frame(
      input: input, height: window.input.y, width: window.input.x, channels: channels,
      lines: window.frame.y, columns: window.frame.x, pad_y: window.padBefore.y, pad_x: window.padBefore.x,
      repeats: repeats, zero_point: zeroPoint, form: form)
    int8_fill_frame(kernels.table, &frame, target)
  }
}
