import Storage

/// Elements of one of two operands, as a third one of truth values says, with broadcasting.
///
///     Select.apply(condition, [2, 1], a, [2, 3], b, [], elementByteCount: 4, into: y, on: workers)
public enum Select {
  public static func apply(
    _ condition: View<UInt8>, _ conditionSizes: [Int], _ a: View<UInt8>, _ aSizes: [Int], _ b: View<UInt8>,
    _ bSizes: [Int], elementByteCount: Int, into y: View<UInt8>, on workers: Workers
  ) {
    guard let pair = BroadcastLoop.sizes(aSizes, bSizes),
      let sizes = BroadcastLoop.sizes(conditionSizes, pair)
    else { preconditionFailure("sizes do not broadcast") }
    let loop = BroadcastLoop(output: sizes, operands: [conditionSizes, aSizes, bSizes])
    precondition(y.count == loop.count * elementByteCount, "y does not have the broadcast size")
    guard y.count > 0 else { return }
    switch elementByteCount {
    case 1: run(loop, condition, a, b, y, UInt8.self, on: workers)
    case 2: run(loop, condition, a, b, y, UInt16.self, on: workers)
    case 4: run(loop, condition, a, b, y, UInt32.self, on: workers)
    default: run(loop, condition, a, b, y, UInt64.self, on: workers)
    }
  }

  @inline(__always)
  private static func run<Element: BitwiseCopyable>(
    _ loop: BroadcastLoop, _ condition: View<UInt8>, _ a: View<UInt8>, _ b: View<UInt8>, _ y: View<UInt8>,
    _ type: Element.Type, on workers: Workers
  ) {
    let condition = condition.elementPointer
    let a = a.reinterpreted(as: type).elementPointer
    let b = b.reinterpreted(as: type).elementPointer
    let y = y.reinterpreted(as: type).elementPointer
    let inner = loop.inner
    let (stepC, stepA, stepB) = (loop.innerStride(0), loop.innerStride(1), loop.innerStride(2))
    workers.parallelFor(loop.outer, grain: max(1, (1 << 15) / inner)) { range in
      var position = BroadcastLoop.Position(loop, outer: range.lowerBound)
      for row in range {
        let (c, u, v) = (condition + position.offsets[0], a + position.offsets[1], b + position.offsets[2])
        let target = y + row * inner
        for index in 0..<inner {
          target[index] = c[index * stepC] != 0 ? u[index * stepA] : v[index * stepB]
        }
        position.advance()
      }
    }
  }
}
