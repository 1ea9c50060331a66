import Foundation
import Graph
import Storage
import Testing

@testable import Runtime

/// A few dozen steps of sums of a few dozen products in float32, through saturating functions.
private let budget = 2e-5

@Suite struct RecurrentTests {
  private struct Operands {
    var time: Int
    var batch: Int
    var inputs: Int
    var hidden: Int
    var data, weights, recurrence: TensorValue
    var bias, lengths, initialHidden, initialCell, peepholes: TensorValue?

    var list: [TensorValue?] {
      [data, weights, recurrence, bias, lengths, initialHidden, initialCell, peepholes]
    }

    init(_ dice: inout Dice, kind: Recurrent.Kind, directions: Int, batchMajor: Bool) {
      (time, batch, inputs, hidden) = (dice.int(1...6), dice.int(1...4), dice.int(1...9), dice.int(1...20))
      let rows = kind.gateCount * hidden
      data = dice.floats(batchMajor ? [batch, time, inputs] : [time, batch, inputs])
      weights = dice.floats([directions, rows, inputs], scale: 0.7)
      recurrence = dice.floats([directions, rows, hidden], scale: 0.5)
      if dice.chance(60) { bias = dice.floats([directions, 2 * rows]) }
      if dice.chance(40) { lengths = dice.integers([batch], 0...time, .int32) }
      let state = batchMajor ? [batch, directions, hidden] : [directions, batch, hidden]
      if dice.chance(50) { initialHidden = dice.floats(state) }
      guard case .lstm = kind else { return }
      if dice.chance(50) { initialCell = dice.floats(state) }
      if dice.chance(50) { peepholes = dice.floats([directions, 3 * hidden]) }
    }
  }

  /// One direction of one sample, in doubles, as the ONNX specification writes it down.
  private struct Reference {
    let recurrent: Recurrent
    let operands: Operands
    let direction: Int
    let sample: Int

    private var hidden: Int { operands.hidden }
    private var gates: Int { recurrent.kind.gateCount }
    private var functions: [@Sendable (Double) -> Double] {
      let count = recurrent.kind.activationCount
      return recurrent.activations[direction * count..<(direction + 1) * count].map { kind in
        switch kind {
        case .sigmoid: { 1 / (1 + exp(-$0)) }
        case .relu: { max(0, $0) }
        case .hardSigmoid(let alpha, let beta): { min(max(Double(alpha) * $0 + Double(beta), 0), 1) }
        default: { tanh($0) }
        }
      }
    }

    private func clipped(_ value: Double) -> Double {
      guard let clip = recurrent.clip.map(Double.init) else { return value }
      return min(max(value, -clip), clip)
    }

    private func stateIndex(_ unit: Int) -> Int {
      let directions = recurrent.direction.count
      let row = recurrent.batchMajor ? sample * directions + direction : direction * operands.batch + sample
      return row * hidden + unit
    }

    /// Row `gate · hidden + unit` of the weights times the data, and the same for the state.
    private func fromData(_ row: Int, _ time: Int) -> Double {
      let data = recurrent.batchMajor ? sample * operands.time + time : time * operands.batch + sample
      var sum = Double(operands.bias?.floats[direction * 2 * gates * hidden + row] ?? 0)
      for k in 0..<operands.inputs {
        let weight = operands.weights.floats[(direction * gates * hidden + row) * operands.inputs + k]
        sum += Double(weight) * Double(operands.data.floats[data * operands.inputs + k])
      }
      return sum
    }

    private func fromState(_ row: Int, _ state: [Double]) -> Double {
      var sum = Double(operands.bias?.floats[(direction * 2 + 1) * gates * hidden + row] ?? 0)
      for k in 0..<hidden {
        sum += Double(operands.recurrence.floats[(direction * gates * hidden + row) * hidden + k]) * state[k]
      }
      return sum
    }

    private func peephole(_ gate: Int, _ unit: Int) -> Double {
      Double(operands.peepholes?.floats[(direction * 3 + gate) * hidden + unit] ?? 0)
    }

    /// All hidden states by time (zeros past the end), the last hidden and the last cell state.
    func run() -> (all: [[Double]], hidden: [Double], cell: [Double]) {
      var state = (0..<hidden).map { Double(operands.initialHidden?.floats[stateIndex($0)] ?? 0) }
      var cell = (0..<hidden).map { Double(operands.initialCell?.floats[stateIndex($0)] ?? 0) }
      var all = [[Double]](repeating: [Double](repeating: 0, count: hidden), count: operands.time)
      let length = operands.lengths?.integer(at: sample) ?? operands.time
      let isReverse = recurrent.direction == .reverse || direction == 1
      for step in 0..<length {
        let time = isReverse ? length - 1 - step : step
        (state, cell) = advanced(state, cell, time)
        all[time] = state
      }
      return (all, state, cell)
    }

    private func advanced(_ state: [Double], _ cell: [Double], _ time: Int) -> ([Double], [Double]) {
      func gate(_ index: Int, _ unit: Int) -> Double {
        fromData(index * hidden + unit, time) + fromState(index * hidden + unit, state)
      }
      let f = functions
      switch recurrent.kind {
      case .plain: return ((0..<hidden).map { f[0](clipped(gate(0, $0))) }, cell)
      case .gru(let linearBeforeReset):
        let z = (0..<hidden).map { f[0](clipped(gate(0, $0))) }
        let r = (0..<hidden).map { f[0](clipped(gate(1, $0))) }
        let scaled = (0..<hidden).map { r[$0] * state[$0] }
        return (
          (0..<hidden).map { unit in
            let row = 2 * hidden + unit
            let recurrent = linearBeforeReset ? r[unit] * fromState(row, state) : fromState(row, scaled)
            let h = f[1](clipped(fromData(row, time) + recurrent))
            return (1 - z[unit]) * h + z[unit] * state[unit]
          }, cell
        )
      case .lstm(let couples):
        var (newState, newCell) = (state, cell)
        for unit in 0..<hidden {
          let i = f[0](clipped(gate(0, unit) + peephole(0, unit) * cell[unit]))
          let forget = f[0](clipped(gate(2, unit) + peephole(2, unit) * cell[unit]))
          let c = f[1](clipped(gate(3, unit)))
          newCell[unit] = (couples ? 1 - i : forget) * cell[unit] + i * c
          let o = f[0](clipped(gate(1, unit) + peephole(1, unit) * newCell[unit]))
          newState[unit] = o * f[2](newCell[unit])
        }
        return (newState, newCell)
      }
    }
  }

  private func check(
    _ kind: Recurrent.Kind, _ dice: inout Dice, functions: [Unary],
    location: SourceLocation = #_sourceLocation
  ) throws {
    let directions: [Recurrent.Direction] = [.forward, .reverse, .bidirectional]
    let direction = directions[dice.int(0...2)]
    let batchMajor = dice.chance(40)
    let recurrent = Recurrent(
      kind: kind, direction: direction, hiddenSize: 0,
      activations: (0..<direction.count).flatMap { _ in functions }, clip: dice.chance(30) ? 0.4 : nil,
      batchMajor: batchMajor)
    let operands = Operands(&dice, kind: kind, directions: direction.count, batchMajor: batchMajor)
    var sized = recurrent
    sized.hiddenSize = operands.hidden
    let isLSTM = if case .lstm = kind { true } else { false }
    let results = try compute(
      .recurrent(sized), operands.list, constants: dice.chance(70) ? [1, 2, 3, 7] : [],
      results: isLSTM ? 3 : 2)
    var (all, last, cell) = (
      results[0].floats.array.map { _ in 0.0 }, results[1].floats.array.map { _ in 0.0 }, [Double]()
    )
    cell = last
    let (time, batch, hidden, count) = (operands.time, operands.batch, operands.hidden, direction.count)
    for d in 0..<count {
      for sample in 0..<batch {
        let reference = Reference(recurrent: sized, operands: operands, direction: d, sample: sample).run()
        for unit in 0..<hidden {
          for t in 0..<time {
            let row = batchMajor ? (sample * time + t) * count + d : (t * count + d) * batch + sample
            all[row * hidden + unit] = reference.all[t][unit]
          }
          let row = batchMajor ? sample * count + d : d * batch + sample
          last[row * hidden + unit] = reference.hidden[unit]
          cell[row * hidden + unit] = reference.cell[unit]
        }
      }
    }
    expectClose(results[0], all, budget: budget, location: location)
    expectClose(results[1], last, budget: budget, location: location)
    if isLSTM { expectClose(results[2], cell, budget: budget, location: location) }
  }

  @Test(arguments: 0..<40)
  func longShortTermMemoryFollowsTheSpecification(seed: Int) throws {
    var dice = Dice(seed)
    let functions: [Unary] =
      dice.chance(70) ? [.sigmoid, .tanh, .tanh] : [.hardSigmoid(alpha: 0.2, beta: 0.5), .relu, .tanh]
    try check(.lstm(couplesInputForget: dice.chance(20)), &dice, functions: functions)
  }

  @Test(arguments: 0..<40)
  func gatedRecurrentUnitsFollowTheSpecification(seed: Int) throws {
    var dice = Dice(seed)
    try check(.gru(linearBeforeReset: dice.chance(50)), &dice, functions: [.sigmoid, .tanh])
  }

  @Test(arguments: 0..<20)
  func plainNetworksFollowTheSpecification(seed: Int) throws {
    var dice = Dice(seed)
    try check(.plain, &dice, functions: [dice.chance(50) ? .tanh : .relu])
  }

  @Test func anEmptySequenceReturnsTheInitialState() throws {
    let recurrent = Recurrent(kind: .plain, direction: .forward, hiddenSize: 2, activations: [.tanh])
    let state = TensorValue(floats: [0.25, 0.5], sizes: [1, 1, 2])
    let operands: [TensorValue?] = [
      TensorValue(type: .float32, sizes: [0, 1, 3]), TensorValue(type: .float32, sizes: [1, 2, 3]),
      TensorValue(type: .float32, sizes: [1, 2, 2]), nil, nil, state,
    ]
    let results = try compute(.recurrent(recurrent), operands, constants: [1, 2], results: 2)
    #expect(results[0].elementCount == 0)
    #expect(results[1].floats.array == [0.25, 0.5])
  }
}
