import Graph
import Testing

@testable import Runtime

@Suite struct MemoryPlanTests {
  @Test func blocksThatLiveTogetherNeverOverlap() {
    for seed in 0..<100 {
      var dice = Dice(seed)
      let blocks = (0..<dice.int(0...40)).map { _ in
        let birth = dice.int(-1...30)
        return MemoryPlan.Block(
          byteCount: dice.chance(10) ? 0 : dice.int(1...2000), lifetime: birth...(birth + dice.int(0...8)))
      }
      let plan = MemoryPlan(blocks)
      for (i, a) in blocks.enumerated() {
        #expect(plan.offsets[i] % MemoryPlan.alignment == 0)
        #expect(plan.offsets[i] + a.byteCount <= plan.byteCount)
        for (j, b) in blocks.enumerated().dropFirst(i + 1) where a.lifetime.overlaps(b.lifetime) {
          let (x, y) = (plan.offsets[i], plan.offsets[j])
          #expect(x + a.byteCount <= y || y + b.byteCount <= x)
        }
      }
    }
  }

  @Test func aChainNeedsTwoBlocksOnly() {
    let plan = MemoryPlan((0..<10).map { .init(byteCount: 128, lifetime: $0...($0 + 1)) })
    #expect(plan.byteCount == 256)
  }

  /// Plays made-up schedules on real memory cells: each step checks that its operands still hold what was written.
  @Test func sharedMemoryKeepsEveryValueUntilItsLastUse() {
    for seed in 0..<150 {
      let schedule = Schedule(seed: seed)
      let placement = TensorPlacement(
        steps: schedule.steps, inputs: schedule.inputs, held: schedule.held, byteCounts: schedule.byteCounts)
      #expect(schedule.firstLostValue(placement) == nil, "seed \(seed)")
    }
  }
}

/// A random list of steps over abstract tensors. Each byte of a tensor has a value of its own.
private struct Schedule {
  var steps: [TensorPlacement.Step] = []
  var inputs: [TensorID] = []
  var held: [TensorID] = []
  var byteCounts: [Int] = []
  /// What each tensor's bytes must be; pieces and assemblies share the bytes of what they are made of.
  private var contents: [[Int]] = []
  private var nextByte = 0

  init(seed: Int) {
    var dice = Dice(seed)
    for _ in 0..<dice.int(1...3) { inputs.append(add(fresh(dice.int(1...4) * 64))) }
    for _ in 0..<dice.int(1...15) {
      let operand = pick(&dice)
      let other = pick(&dice)
      let bytes = contents[operand.index]
      switch dice.int(0...3) {
      case 0:
        let half = bytes.count / 2
        let parts = dice.chance(50) ? [add(bytes)] : [add(Array(bytes[..<half])), add(Array(bytes[half...]))]
        steps.append(.init(inputs: [operand], outputs: parts, sharing: .pieces([0, half])))
      case 1:
        let whole = add(bytes + contents[other.index])
        steps.append(
          .init(inputs: [operand, other], outputs: [whole], sharing: .assembled([0, bytes.count])))
      case 2:
        let result = add(fresh(bytes.count))
        steps.append(.init(inputs: [operand, other], outputs: [result], sharing: .overwrites([0, 1])))
      default:
        let result = add(fresh(dice.int(0...4) * 64))
        steps.append(.init(inputs: [operand, other], outputs: [result], sharing: .none))
      }
    }
    for _ in 0..<dice.int(1...2) { held.append(pick(&dice)) }
  }

  private func pick(_ dice: inout Dice) -> TensorID { TensorID(dice.int(0...(contents.count - 1))) }

  private mutating func add(_ bytes: [Int]) -> TensorID {
    contents.append(bytes)
    byteCounts.append(bytes.count)
    return TensorID(contents.count - 1)
  }

  private mutating func fresh(_ count: Int) -> [Int] {
    nextByte += count
    return Array(nextByte - count..<nextByte)
  }

  func firstLostValue(_ placement: TensorPlacement) -> TensorID? {
    var memory = [Int](repeating: -1, count: placement.byteCount)
    func holds(_ id: TensorID, from first: Int = 0) -> Bool {
      let start = placement.offsets[id.index]!
      return memory[start + first..<start + byteCounts[id.index]] == contents[id.index][first...]
    }
    for id in inputs {
      for (index, byte) in contents[id.index].enumerated() {
        memory[placement.offsets[id.index]! + index] = byte
      }
    }
    for step in steps {
      for case let input? in step.inputs where !holds(input) { return input }
      for case let output? in step.outputs {
        let count = byteCounts[output.index]
        for index in 0..<count {
          // Element by element: an operand of the same size is read in step with the result, any other at any time.
          if case .overwrites = step.sharing {
            for case let input? in step.inputs {
              if !holds(input, from: byteCounts[input.index] == count ? index : 0) { return input }
            }
          }
          memory[placement.offsets[output.index]! + index] = contents[output.index][index]
        }
      }
    }
    return held.first { !holds($0) }
  }
}
