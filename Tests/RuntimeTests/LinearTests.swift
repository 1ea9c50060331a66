import Graph
import Storage
import Testing

@testable import Runtime

@Suite struct LinearTests {
  /// The product of broadcast stacks of matrices, in doubles.
  private func product(_ a: TensorValue, _ b: TensorValue, _ result: [Int], flips: (Bool, Bool)) -> [Double] {
    var (left, right) = (a.sizes, b.sizes)
    var (x, y) = (a, b)
    if left.count == 1 {
      left.insert(1, at: 0)
    } else if flips.0 {
      left.swapAt(left.count - 1, left.count - 2)
    }
    if right.count == 1 { right.append(1) } else if flips.1 { right.swapAt(right.count - 1, right.count - 2) }
    func swapped(_ value: TensorValue) -> TensorValue {
      var axes = Array(value.sizes.indices)
      axes.swapAt(axes.count - 1, axes.count - 2)
      return value.permuted(axes)
    }
    if flips.0, a.sizes.count > 1 { x = swapped(a) }
    if flips.1, b.sizes.count > 1 { y = swapped(b) }
    var full = result
    if a.sizes.count == 1 { full.insert(1, at: b.sizes.count == 1 ? full.count : full.count - 1) }
    if b.sizes.count == 1 { full.append(1) }
    let inner = left[left.count - 1]
    return positions(full).map { place in
      let outer = Array(place.dropLast(2))
      let (row, column) = (place[place.count - 2], place[place.count - 1])
      let rows = broadcastIndex(outer, Array(left.dropLast(2)))
      let columns = broadcastIndex(outer, Array(right.dropLast(2)))
      var sum = 0.0
      for k in 0..<inner {
        sum +=
          Double(x.floats[(rows * left[left.count - 2] + row) * inner + k])
          * Double(y.floats[(columns * inner + k) * right[right.count - 1] + column])
      }
      return sum
    }
  }

  @Test func matrixProductsBroadcastTheirStacks() throws {
    let shapes: [([Int], [Int], Bool, Bool)] = [
      ([3, 4], [4, 5], false, false), ([2, 3, 4], [4, 5], false, false), ([3, 4], [2, 4, 5], false, false),
      ([2, 1, 3, 4], [5, 4, 2], false, false), ([4], [4], false, false), ([4], [2, 4, 3], false, false),
      ([2, 3, 4], [4], false, false), ([4, 3], [4, 5], true, false), ([3, 4], [5, 4], false, true),
      ([2, 4, 3], [2, 5, 4], true, true), ([2, 3, 0], [0, 5], false, false), ([0, 4], [4, 5], false, false),
      ([1, 33], [33, 17], false, false), ([70, 65], [65, 40], false, false), ([4], [4, 3], true, false),
    ]
    for (seed, (left, right, flipsLeft, flipsRight)) in shapes.enumerated() {
      var dice = Dice(seed)
      let (a, b) = (dice.floats(left), dice.floats(right))
      for constants in [Set<Int>(), [1]] {
        let y = try compute(
          .matmul(transposesLeft: flipsLeft, transposesRight: flipsRight), [a, b], constants: constants)[0]
        expectClose(y, product(a, b, y.sizes, flips: (flipsLeft, flipsRight)))
      }
    }
  }

  @Test func denseLayersAddTheirBiasAndClamp() throws {
    for seed in 0..<10 {
      var dice = Dice(seed)
      let (inner, outputs) = (dice.int(0...40), dice.int(1...40))
      let x = dice.floats([dice.int(1...4), dice.int(0...5), inner])
      let weights = dice.floats([outputs, inner])
      let bias = dice.chance(60) ? dice.floats([outputs]) : nil
      let clamp: FusedClamp? = dice.chance(50) ? .relu : nil
      let y = try compute(
        .dense(clamp: clamp), [x, weights, bias], constants: dice.chance(50) ? [1, 2] : [])[0]
      let sums = product(x, weights, y.sizes, flips: (false, true)).enumerated().map { index, sum in
        let total = sum + Double(bias?.floats[index % outputs] ?? 0)
        return clamp == nil ? total : max(0, total)
      }
      expectClose(y, sums)
    }
  }

  @Test func integersMultiplyExactly() throws {
    let a = TensorValue(int64s: [1, 2, 3, Int.max], sizes: [2, 2])
    let b = TensorValue(int64s: [5, 6, 7, 8], sizes: [2, 2])
    let y = try compute(.matmul(transposesLeft: false, transposesRight: false), [a, b])[0]
    #expect(y.integers == [19, 22, 15 &+ (Int.max &* 7), 18 &+ (Int.max &* 8)])
    let bias = TensorValue(int64s: [100, 200], sizes: [2])
    #expect(try compute(.dense(clamp: nil), [b, b, bias])[0].integers == [161, 283, 183, 313])
  }

  @Test func quantizesToTheNearestEvenAndBack() throws {
    let x = TensorValue(floats: [0.5, 1.5, -2.5, 300, -300, .nan, .infinity], sizes: [7])
    let one = TensorValue(floats: [1], sizes: [])
    let zero = TensorValue(integers: [3], type: .int8, sizes: [])
    let quantize = Operation.quantizeLinear(axis: nil, blockSize: 0, .int8)
    #expect(try compute(quantize, [x, one, zero])[0].integers == [3, 5, 1, 127, -128, 3, 127])
    let q = TensorValue(integers: [-128, 3, 127], type: .int8, sizes: [3])
    let half = TensorValue(floats: [0.5], sizes: [])
    #expect(
      try compute(.dequantizeLinear(axis: nil, blockSize: 0), [q, half, zero])[0].floats.array == [
        -65.5, 0, 62,
      ])
  }

  @Test func quantizesPerAxisAndPerBlock() throws {
    let x = TensorValue(floats: [1, 2, 3, 4, 5, 6, 7, 8], sizes: [2, 4])
    let perRow = TensorValue(floats: [1, 0.5], sizes: [2])
    #expect(
      try compute(.quantizeLinear(axis: 0, blockSize: 0, .uint8), [x, perRow])[0].integers
        == [1, 2, 3, 4, 10, 12, 14, 16])
    let perBlock = TensorValue(floats: [1, 2, 0.5, 0.25], sizes: [2, 2])
    let q = try compute(.quantizeLinear(axis: 1, blockSize: 2, .int16), [x, perBlock])[0]
    #expect(q.integers == [1, 2, 2, 2, 10, 12, 28, 32])
    let back = try compute(.dequantizeLinear(axis: 1, blockSize: 2), [q, perBlock])[0]
    #expect(back.floats.array == [1, 2, 4, 4, 5, 6, 7, 8])
    #expect(throws: Diagnostic.self) {
      try compute(
        .quantizeLinear(axis: 1, blockSize: 0, .int8), [x, TensorValue(floats: [1, 2, 3], sizes: [3])])
    }
  }
}
