import Storage

/// A window that moves over one to three spatial axes of channels-last data.
///
///     PoolingWindow(
///       batch: 1, input: [32, 32], output: [16, 16], channels: 64, size: [2, 2], strides: [2, 2],
///       dilations: [1, 1], padBefore: [0, 0], padAfter: [0, 0])
public struct PoolingWindow: Sendable, Hashable {
  public var batch: Int
  /// The spatial extents before and after; the latter come with the caller, who knows how they round.
  public var input, output: [Int]
  public var channels: Int
  public var size, strides, dilations, padBefore, padAfter: [Int]

  public init(
    batch: Int, input: [Int], output: [Int], channels: Int, size: [Int], strides: [Int], dilations: [Int],
    padBefore: [Int], padAfter: [Int]
  ) {
    let all = [input, output, size, strides, dilations, padBefore, padAfter]
    precondition((1...3).contains(input.count) && all.allSatisfy { $0.count == input.count })
    self.batch = batch
    self.input = input
    self.output = output
    self.channels = channels
    self.size = size
    self.strides = strides
    self.dilations = dilations
    self.padBefore = padBefore
    self.padAfter = padAfter
  }

  var inputPositions: Int { input.reduce(1, *) }
  var outputPositions: Int { output.reduce(1, *) }

  /// The part of a window along one axis that lies on data.
  struct Taps {
    /// The first input index, and how many there are at the distance of the dilation.
    var first, count: Int
    /// How many of the window's places lie on data or declared padding.
    var placesWithPadding: Int
  }

  /// For each output index along `axis`, where its window lies.
  func taps(axis: Int) -> [Taps] {
    let (extent, step) = (input[axis], dilations[axis])
    return (0..<output[axis]).map { index in
      let start = index * strides[axis] - padBefore[axis]
      let skipped = start < 0 ? (-start + step - 1) / step : 0
      let first = start + skipped * step
      let onData = first >= extent ? 0 : (extent - 1 - first) / step + 1
      let end = extent + padAfter[axis]
      let onPadding = start >= end ? 0 : (end - 1 - start) / step + 1
      return Taps(
        first: first, count: max(0, min(size[axis] - skipped, onData)),
        placesWithPadding: min(size[axis], onPadding))
    }
  }

  /// Calls `body` for each output position of each sample, in order, on several threads: with the number of the
  /// position (counted over the batch), the positions in the sample under the window, and the number of places with
  /// padding.
  func forEachPosition(
    on workers: Workers, grain: Int,
    _ body: (_ position: Int, _ sample: Int, _ taps: UnsafeBufferPointer<Int>, _ placesWithPadding: Int) ->
      Void
  ) {
    // Three axes always; the missing ones have extent 1.
    let missing = 3 - input.count
    let single = [Taps(first: 0, count: 1, placesWithPadding: 1)]
    let tables = (0..<3).map { $0 < missing ? single : taps(axis: $0 - missing) }
    let extents = [Int](repeating: 1, count: missing) + input
    let steps = [Int](repeating: 1, count: missing) + dilations
    let outputs = tables.map(\.count)
    let perSample = outputPositions
    workers.parallelFor(batch * perSample, grain: grain) { range in
      withUnsafeTemporaryAllocation(of: Int.self, capacity: size.reduce(1, *)) { room in
        for position in range {
          let inSample = position % perSample
          let a = tables[0][inSample / (outputs[1] * outputs[2])]
          let b = tables[1][inSample / outputs[2] % outputs[1]]
          let c = tables[2][inSample % outputs[2]]
          var count = 0
          for i in 0..<a.count {
            let plane = (a.first + i * steps[0]) * extents[1]
            for j in 0..<b.count {
              let row = (plane + b.first + j * steps[1]) * extents[2] + c.first
              for k in 0..<c.count {
                room[count] = row + k * steps[2]
                count += 1
              }
            }
          }
          body(
            position, position / perSample, UnsafeBufferPointer(rebasing: room[..<count]),
            a.placesWithPadding * b.placesWithPadding * c.placesWithPadding)
        }
      }
    }
  }
}
