import Graph
import Storage
import TensorMath

extension Recurrent {
  /// The layer's directions with their weights packed.
  func packed(
    weights: TensorValue, recurrence: TensorValue, bias: TensorValue?, peepholes: TensorValue?
  ) -> [Recurrence]? {
    let functions = activations.compactMap(\.floatFunction)
    guard functions.count == activations.count else { return nil }
    let gates = kind.gateCount * hiddenSize
    let inputs = weights.sizes[2]
    let kind: Recurrence.Kind =
      switch self.kind {
      case .lstm(let couples): .lstm(couplesInputForget: couples)
      case .gru(let linearBeforeReset): .gru(resetsAfterProduct: linearBeforeReset)
      case .plain: .plain
      }
    return (0..<direction.count).map { index in
      func part(_ value: TensorValue, _ count: Int) -> View<Float> {
        value.floats[index * count..<(index + 1) * count]
      }
      let count = self.kind.activationCount
      return Recurrence(
        kind, hidden: hiddenSize, inputs: inputs,
        activations: Array(functions[index * count..<(index + 1) * count]),
        clip: clip,
        .init(
          data: part(weights, gates * inputs), state: part(recurrence, gates * hiddenSize),
          bias: bias.map { part($0, 2 * gates) }, peepholes: peepholes.map { part($0, 3 * hiddenSize) }))
    }
  }
}

extension Binding {
  func recurrent(_ recurrent: Recurrent) throws(Diagnostic) -> Kernel {
    let data = try input(0)
    guard data.type.isFloat else { throw cannotWork(on: data.type) }
    let (time, batch) =
      recurrent.batchMajor ? (data.sizes[1], data.sizes[0]) : (data.sizes[0], data.sizes[1])
    let lengths = optional(4)
    let hidden = optional(5)
    let states = Recurrence.States(
      initialHidden: hidden?.floats, initialCell: optional(6)?.floats, all: wanted(0)?.floats,
      lastHidden: wanted(1)?.floats, lastCell: wanted(2)?.floats)
    let room = Recurrence.Room(
      rows: time * batch, batch: batch, gateCount: recurrent.kind.gateCount, hidden: recurrent.hiddenSize)
    let cells: [Recurrence]? = if case .recurrent(let cells) = step.preparation { cells } else { nil }
    return { [self] workers throws(Diagnostic) in
      let cells = if let cells { cells } else { try packedNow(recurrent) }
      let counts = lengths?.integers
      for (index, cell) in cells.enumerated() {
        let sequence = Recurrence.Sequence(
          time: time, batch: batch, isReverse: recurrent.direction == .reverse || index == 1, lengths: counts,
          batchMajor: recurrent.batchMajor, directions: cells.count, direction: index)
        cell.run(sequence, data: data.floats, states: states, room: room, on: workers)
      }
    }
  }

  /// For weights that are only known at run time.
  private func packedNow(_ recurrent: Recurrent) throws(Diagnostic) -> [Recurrence] {
    let packed = recurrent.packed(
      weights: try input(1), recurrence: try input(2), bias: optional(3), peepholes: optional(7))
    guard let packed else {
      throw problem("has an activation that no kernel computes: \(recurrent.activations)")
    }
    return packed
  }
}
