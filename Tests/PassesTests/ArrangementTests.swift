import Graph
import Testing

@testable import Passes

@Suite struct ArrangementTests {
  @Test func flatteningReordersInside() throws {
    let flat = try #require(
      Arrangement.channelsLast(4).carried(from: [.batch(1), 3, 4, 5], to: [.batch(1), 60]))
    #expect(flat.order == [0, 1])
    #expect(flat.inner == [1: AxisOrder(sizes: [3, 20], order: [1, 0])!])
    // And back again.
    #expect(flat.carried(from: [.batch(1), 60], to: [.batch(1), 3, 4, 5]) == .channelsLast(4))
    #expect(flat.carried(from: [.batch(1), 60], to: [.batch(1), 3, 20]) == Arrangement([0, 2, 1]))
  }

  @Test func dividedChannelsStayTogether() {
    let split = Arrangement.channelsLast(4).carried(from: [.batch(1), 6, 4, 5], to: [.batch(1), 2, 3, 4, 5])
    #expect(split == Arrangement([0, 3, 4, 1, 2]))
    let joined = Arrangement([0, 3, 4, 1, 2]).carried(
      from: [.batch(1), 2, 3, 4, 5], to: [.batch(1), 6, 4, 5])
    #expect(joined == .channelsLast(4))
    let swapped = Arrangement([0, 3, 4, 2, 1]).carried(
      from: [.batch(1), 2, 3, 4, 5], to: [.batch(1), 6, 4, 5])
    #expect(swapped == Arrangement([0, 2, 3, 1], inner: [1: AxisOrder(sizes: [2, 3], order: [1, 0])!]))
  }

  @Test func spatialAxesJoin() {
    let joined = Arrangement.channelsLast(4).carried(from: [.batch(1), 6, 4, 5], to: [.batch(1), 6, 20])
    #expect(joined == Arrangement([0, 2, 1]))
  }

  @Test func axesThatLieApartDoNotJoin() {
    // Batch and channels are not neighbors in channels-last data.
    #expect(Arrangement.channelsLast(4).carried(from: [2, 6, 4, 5], to: [12, 4, 5]) == nil)
    // 3 × 4 channels and rows, cut at 2 × 6.
    #expect(Arrangement.channelsLast(4).carried(from: [2, 3, 4, 5], to: [2, 2, 6, 5]) == nil)
  }

  @Test func unitAxesAreFree() {
    let added = Arrangement.channelsLast(4).carried(from: [.batch(1), 6, 4, 5], to: [.batch(1), 1, 6, 4, 5])
    #expect(added == Arrangement([0, 1, 3, 4, 2]))
    let removed = Arrangement.channelsLast(4).carried(from: [.batch(1), 6, 1, 1], to: [.batch(1), 6])
    #expect(removed == .identity(2))
  }

  /// Moving real elements as an arrangement says and reshaping agree with carrying the arrangement.
  @Test(arguments: 1...200) func carryingMovesNoElement(seed: UInt64) {
    var random = Noise(seed: seed)
    let atoms = (0..<(2 + random.below(4))).map { _ in 1 + random.below(4) }
    func shape() -> [Int] {
      var sizes: [Int] = []
      for (index, atom) in atoms.enumerated() {
        if index > 0, random.below(2) == 0 { sizes[sizes.count - 1] *= atom } else { sizes.append(atom) }
        if random.below(5) == 0 { sizes.append(1) }
      }
      return sizes
    }
    let (source, target) = (shape(), shape())
    var order = Array(source.indices)
    for index in order.indices.reversed() { order.swapAt(index, random.below(index + 1)) }
    let arrangement = Arrangement(order)
    guard let carried = arrangement.carried(from: Shape(source), to: Shape(target)) else { return }
    let count = Shape.elementCount(source)
    let value = Constant(TensorValue(int64s: Array(0..<count), sizes: source))
    let stored = value.arranged(arrangement).realized().integers
    let expected = value.reshaped(target).arranged(carried).realized().integers
    #expect(stored == expected, "\(source) \(target) \(arrangement) \(carried)")
    let back = carried.carried(from: Shape(target), to: Shape(source))
    #expect(back?.memoryOrder(Shape(source)) == arrangement.memoryOrder(Shape(source)))
  }
}
