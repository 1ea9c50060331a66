import CKernels
import Storage

extension PoolingWindow {
  /// Outputs per range, so that each is worth a call.
  private var grain: Int { max(1, (1 << 14) / max(1, channels * size.reduce(1, *))) }

  private func checkSizes(_ x: View<Float>, _ y: View<Float>) {
    precondition(x.count == batch * inputPositions * channels, "x does not have the input's size")
    precondition(y.count == batch * outputPositions * channels, "y does not have the output's size")
  }

  /// The largest element under each window; −∞ where a window lies on padding alone.
  public func maximum(_ x: View<Float>, into y: View<Float>, on workers: Workers) {
    let run = workers.kernels.table.pointee.elementwise.pointee.pool_max
    reduce(x, into: y, on: workers) { taps, count, target, _ in
      if count == 0 {
        target.update(repeating: -.infinity, count: channels)
      } else {
        run(taps, count, target, channels)
      }
    }
  }

  /// The mean under each window. With `countsPadding` the declared padding counts as zeros.
  public func average(_ x: View<Float>, countsPadding: Bool, into y: View<Float>, on workers: Workers) {
    let run = workers.kernels.table.pointee.elementwise.pointee.pool_mean
    reduce(x, into: y, on: workers) { taps, count, target, placesWithPadding in
      if count == 0 {
        target.update(repeating: 0, count: channels)
      } else {
        run(taps, count, Float(countsPadding ? placesWithPadding : count), target, channels)
      }
    }
  }

  /// (Σ |x|^order)^(1/order) under each window.
  public func norm(_ x: View<Float>, order: Int, into y: View<Float>, on workers: Workers) {
    let run = workers.kernels.table.pointee.elementwise.pointee.pool_mean
    let powers = View<Float>(count: x.count)
    if order == 2 {
      ElementwiseFunction.square.apply(x, into: powers, on: workers)
    } else {
      ElementwiseFunction.absolute.apply(x, into: powers, on: workers)
      if order != 1 {
        BinaryFunction.power.apply(powers, [x.count], View([Float(order)]), [], into: powers, on: workers)
      }
    }
    reduce(powers, into: y, on: workers) { taps, count, target, _ in
      if count == 0 {
        target.update(repeating: 0, count: channels)
      } else {
        run(taps, count, 1, target, channels)
      }
    }
    if order == 2 {
      ElementwiseFunction.squareRoot.apply(y, into: y, on: workers)
    } else if order != 1 {
      BinaryFunction.power.apply(y, [y.count], View([1 / Float(order)]), [], into: y, on: workers)
    }
  }

  private func reduce(
    _ x: View<Float>, into y: View<Float>, on workers: Workers,
    _ body: (UnsafePointer<UnsafePointer<Float>>, Int, UnsafeMutablePointer<Float>, _ placesWithPadding: Int)
      -> Void
  ) {
    checkSizes(x, y)
    guard y.count > 0 else { return }
    let (source, target) = (UnsafePointer(x.elementPointer), y.elementPointer)
    let sampleSize = inputPositions * channels
    forEachPosition(on: workers, grain: grain) { position, sample, taps, placesWithPadding in
      withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: taps.count + 1) { rows in
        for (index, tap) in taps.enumerated() { rows[index] = source + sample * sampleSize + tap * channels }
        body(UnsafePointer(rows.baseAddress!), taps.count, target + position * channels, placesWithPadding)
      }
    }
  }

  /// The largest elements, and where they stand: the position of the first one in the whole input, counted as if it
  /// were channels-first, along the last spatial axis first or (`columnMajor`) along the first one.
  public func maximum(
    _ x: View<Float>, into y: View<Float>, positions: View<Int64>, columnMajor: Bool, on workers: Workers
  ) {
    checkSizes(x, y)
    precondition(positions.count == y.count, "positions and y differ in size")
    guard y.count > 0 else { return }
    let run = workers.kernels.table.pointee.elementwise.pointee.pool_max_index
    let (source, target, indices) = (
      UnsafePointer(x.elementPointer), y.elementPointer, positions.elementPointer
    )
    let plane = inputPositions
    forEachPosition(on: workers, grain: grain) { position, sample, taps, _ in
      let start = position * channels
      guard taps.count > 0 else {
        (target + start).update(repeating: -.infinity, count: channels)
        (indices + start).update(repeating: -1, count: channels)
        return
      }
      withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: taps.count) { rows in
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: channels) { which in
          for (index, tap) in taps.enumerated() { rows[index] = source + (sample * plane + tap) * channels }
          run(rows.baseAddress!, taps.count, target + start, which.baseAddress!, channels)
          for channel in 0..<channels {
            let tap = taps[Int(which[channel])]
            let place = columnMajor ? columnMajorPosition(tap) : tap
            indices[start + channel] = Int64((sample * channels + channel) * plane + place)
          }
        }
      }
    }
  }

  /// The number of a row-major position when the first axis runs fastest.
  private func columnMajorPosition(_ position: Int) -> Int {
    var rest = position
    var index = [Int](repeating: 0, count: input.count)
    for axis in input.indices.reversed() {
      index[axis] = rest % input[axis]
      rest /= input[axis]
    }
    var result = 0
    for axis in input.indices.reversed() { result = result * input[axis] + index[axis] }
    return result
  }
}
