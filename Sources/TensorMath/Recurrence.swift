import Storage

/// One direction of an LSTM, GRU or plain recurrent layer, its weights packed.
///
/// The products with the data are made for all steps at once, those with the state step by step.
///
///     let cell = Recurrence(.gru(resetsAfterProduct: true), hidden: 32, activations: [.sigmoid, .tanh], weights)
///     cell.run(sequence, data: x, states: states, on: workers)
public struct Recurrence: Sendable {
  public enum Kind: Sendable, Hashable {
    /// Gates: input, output, forget, cell. With `couplesInputForget` forget = 1 − input.
    case lstm(couplesInputForget: Bool)
    /// Gates: update, reset, hidden. `resetsAfterProduct`: the reset gate scales the product, not the state.
    case gru(resetsAfterProduct: Bool)
    case plain

    public var gateCount: Int {
      switch self {
      case .lstm: 4
      case .gru: 3
      case .plain: 1
      }
    }
  }

  /// Weights `[gates · hidden, inputs]`, recurrence `[gates · hidden, hidden]`, bias `[2 · gates · hidden]`
  /// (for the data, then for the state), peepholes `[3 · hidden]` (input, output, forget).
  public struct Weights {
    public var data: View<Float>
    public var state: View<Float>
    public var bias: View<Float>?
    public var peepholes: View<Float>?

    public init(data: View<Float>, state: View<Float>, bias: View<Float>?, peepholes: View<Float>?) {
      self.data = data
      self.state = state
      self.bias = bias
      self.peepholes = peepholes
    }
  }

  let kind: Kind
  let hidden: Int
  let inputs: Int
  let activations: [ElementwiseFunction]
  let clip: Float?
  private let dataWeights: PackedMatrix
  private let dataBias: View<Float>?
  /// The gates whose product with the state is known before any gate is: all of them, or z and r of a GRU.
  private let stateWeights: PackedMatrix
  /// For a GRU the product of the hidden gate, which comes separately.
  private let hiddenWeights: PackedMatrix?
  private let hiddenBias: View<Float>?
  private let peepholes: View<Float>?

  public init(
    _ kind: Kind, hidden: Int, inputs: Int, activations: [ElementwiseFunction], clip: Float?,
    _ weights: Weights
  ) {
    self.kind = kind
    self.hidden = hidden
    self.inputs = inputs
    self.activations = activations
    self.clip = clip
    peepholes = weights.peepholes
    let width = kind.gateCount * hidden
    dataWeights = PackedMatrix(weights.data, inner: inputs, columns: width, transposed: true)
    var early = width
    if case .gru = kind { early = 2 * hidden }
    stateWeights = PackedMatrix(weights.state, inner: hidden, columns: early, transposed: true)
    if early < width {
      hiddenWeights = PackedMatrix(
        weights.state[early * hidden..<width * hidden], inner: hidden, columns: hidden, transposed: true)
    } else {
      hiddenWeights = nil
    }
    guard let bias = weights.bias else {
      dataBias = nil
      hiddenBias = nil
      return
    }
    var resets = false
    if case .gru(resetsAfterProduct: true) = kind { resets = true }
    let sum = View<Float>(count: width)
    for index in 0..<width {
      let isApart = resets && index >= early
      sum[index] = isApart ? bias[index] : bias[index] + bias[width + index]
    }
    dataBias = sum
    hiddenBias = resets ? bias[width + early..<2 * width] : nil
  }

  /// The extent of the data and how far apart its pieces are, in floats.
  public struct Sequence: Sendable {
    public var time: Int
    public var batch: Int
    public var isReverse: Bool
    /// How many steps each sequence has; all when nil.
    public var lengths: [Int]?
    /// Whether a sample's steps follow each other in the data, else a step's samples.
    public var batchMajor: Bool
    /// Directions in the layer, and which of them this is.
    public var directions: Int
    public var direction: Int

    public init(
      time: Int, batch: Int, isReverse: Bool, lengths: [Int]?, batchMajor: Bool, directions: Int,
      direction: Int
    ) {
      self.time = time
      self.batch = batch
      self.isReverse = isReverse
      self.lengths = lengths
      self.batchMajor = batchMajor
      self.directions = directions
      self.direction = direction
    }

    func length(_ sample: Int) -> Int { lengths.map { min(time, max(0, $0[sample])) } ?? time }
    /// Which row of `[time · batch]` a step of a sample is.
    func row(_ time: Int, _ sample: Int) -> Int {
      batchMajor ? sample * self.time + time : time * batch + sample
    }
    /// The place in time of a sample's step, counted in the direction of travel.
    func time(step: Int, of sample: Int) -> Int { isReverse ? length(sample) - 1 - step : step }
    func stateOffset(_ sample: Int, _ hidden: Int) -> Int {
      (batchMajor ? sample * directions + direction : direction * batch + sample) * hidden
    }
    func resultOffset(_ time: Int, _ sample: Int, _ hidden: Int) -> Int {
      batchMajor
        ? ((sample * self.time + time) * directions + direction) * hidden
        : ((time * directions + direction) * batch + sample) * hidden
    }
  }

  /// Initial and resulting states, laid out as ``Sequence`` says; those that nobody has or wants are nil.
  public struct States: Sendable {
    public var initialHidden: View<Float>?
    public var initialCell: View<Float>?
    public var all: View<Float>?
    public var lastHidden: View<Float>?
    public var lastCell: View<Float>?

    public init(
      initialHidden: View<Float>?, initialCell: View<Float>?, all: View<Float>?, lastHidden: View<Float>?,
      lastCell: View<Float>?
    ) {
      self.initialHidden = initialHidden
      self.initialCell = initialCell
      self.all = all
      self.lastHidden = lastHidden
      self.lastCell = lastCell
    }
  }

  /// Memory that a run writes its intermediate values to, for a number of rows (time · batch) and samples.
  public struct Room: Sendable {
    let gates: View<Float>
    let step: View<Float>
    let hidden: View<Float>
    let cell: View<Float>
    let product: View<Float>
    let scaled: View<Float>

    public init(rows: Int, batch: Int, gateCount: Int, hidden: Int) {
      gates = View(count: rows * gateCount * hidden)
      step = View(count: batch * gateCount * hidden)
      self.hidden = View(count: batch * hidden)
      cell = View(count: batch * hidden)
      product = View(count: batch * hidden)
      scaled = View(count: batch * hidden)
    }
  }

  /// Runs over the whole sequence. Steps past a sample's length give zeros.
  public func run(
    _ sequence: Sequence, data: View<Float>, states: States, room: Room, on workers: Workers
  ) {
    let (batch, width) = (sequence.batch, kind.gateCount * hidden)
    gemm(
      data, rows: sequence.time * batch, packed: dataWeights, bias: dataBias, into: room.gates,
      workers: workers)
    load(states.initialHidden, into: room.hidden, sequence)
    load(states.initialCell, into: room.cell, sequence)
    let lengths = (0..<batch).map(sequence.length)
    for step in 0..<(lengths.max() ?? 0) {
      for sample in 0..<batch where step < lengths[sample] {
        let row = sequence.row(sequence.time(step: step, of: sample), sample)
        room.step[sample * width..<(sample + 1) * width].copy(
          from: room.gates[row * width..<(row + 1) * width])
      }
      advance(room, batch: batch, live: { step < lengths[$0] }, workers)
      guard let all = states.all else { continue }
      for sample in 0..<batch where step < lengths[sample] {
        let place = sequence.resultOffset(sequence.time(step: step, of: sample), sample, hidden)
        all[place..<place + hidden].copy(from: room.hidden[sample * hidden..<(sample + 1) * hidden])
      }
    }
    if let all = states.all { clearTail(all, sequence, lengths) }
    store(room.hidden, into: states.lastHidden, sequence)
    store(room.cell, into: states.lastCell, sequence)
  }

  private func load(_ initial: View<Float>?, into state: View<Float>, _ sequence: Sequence) {
    guard let initial else { return state.fill(0) }
    for sample in 0..<sequence.batch {
      let place = sequence.stateOffset(sample, hidden)
      state[sample * hidden..<(sample + 1) * hidden].copy(from: initial[place..<place + hidden])
    }
  }

  private func store(_ state: View<Float>, into last: View<Float>?, _ sequence: Sequence) {
    guard let last else { return }
    for sample in 0..<sequence.batch {
      let place = sequence.stateOffset(sample, hidden)
      last[place..<place + hidden].copy(from: state[sample * hidden..<(sample + 1) * hidden])
    }
  }

  private func clearTail(_ all: View<Float>, _ sequence: Sequence, _ lengths: [Int]) {
    for sample in 0..<sequence.batch {
      for time in lengths[sample]..<max(lengths[sample], sequence.time) {
        let place = sequence.resultOffset(time, sample, hidden)
        all[place..<place + hidden].fill(0)
      }
    }
  }

  /// One step of all samples; `room.step` holds the gates' products with the data.
  private func advance(_ room: Room, batch: Int, live: (Int) -> Bool, _ workers: Workers) {
    switch kind {
    case .lstm(let couples):
      addStateProduct(room, batch, workers)
      for sample in 0..<batch where live(sample) { stepLSTM(room, sample, couples: couples, workers.single) }
    case .gru(let resetsAfterProduct):
      addStateProduct(room, batch, workers)
      stepGRU(room, batch, live, resetsAfterProduct: resetsAfterProduct, workers)
    case .plain:
      addStateProduct(room, batch, workers)
      for sample in 0..<batch where live(sample) {
        let gate = room.step[sample * hidden..<(sample + 1) * hidden]
        clamp(gate)
        activations[0].apply(
          gate, into: room.hidden[sample * hidden..<(sample + 1) * hidden], on: workers.single)
      }
    }
  }

  /// step[sample] += hidden[sample] × recurrence, for the gates that can have it now.
  private func addStateProduct(_ room: Room, _ batch: Int, _ workers: Workers) {
    let stride = kind.gateCount * hidden
    gemm(
      room.hidden, rows: batch, packed: stateWeights, addend: room.step, into: room.step,
      outputStride: stride,
      workers: workers)
  }

  private func clamp(_ gates: View<Float>) {
    guard let clip else { return }
    let values = gates.pointer
    for index in 0..<gates.count { values[index] = min(max(values[index], -clip), clip) }
  }

  /// gates[i] += weights[i] · cell[i]
  private func addPeephole(_ gates: View<Float>, _ index: Int, _ cell: View<Float>) {
    guard let peepholes else { return }
    let weights = peepholes.pointer + index * hidden
    let (values, state) = (gates.pointer, cell.pointer)
    for index in 0..<hidden { values[index] += weights[index] * state[index] }
  }

  private func stepLSTM(_ room: Room, _ sample: Int, couples: Bool, _ workers: Workers) {
    let all = room.step[sample * 4 * hidden..<(sample + 1) * 4 * hidden]
    func gate(_ index: Int) -> View<Float> { all[index * hidden..<(index + 1) * hidden] }
    let cell = room.cell[sample * hidden..<(sample + 1) * hidden]
    addPeephole(gate(0), 0, cell)
    addPeephole(gate(2), 2, cell)
    clamp(gate(0))
    clamp(gate(2))
    clamp(gate(3))
    activations[0].apply(gate(0), into: gate(0), on: workers)
    activations[0].apply(gate(2), into: gate(2), on: workers)
    activations[1].apply(gate(3), into: gate(3), on: workers)
    let (input, forget, candidate, state) = (gate(0).pointer, gate(2).pointer, gate(3).pointer, cell.pointer)
    for index in 0..<hidden {
      let kept = couples ? 1 - input[index] : forget[index]
      state[index] = kept * state[index] + input[index] * candidate[index]
    }
    // The output gate looks at the new cell.
    addPeephole(gate(1), 1, cell)
    clamp(gate(1))
    activations[0].apply(gate(1), into: gate(1), on: workers)
    let result = room.hidden[sample * hidden..<(sample + 1) * hidden]
    activations[2].apply(cell, into: result, on: workers)
    let (output, values) = (gate(1).pointer, result.pointer)
    for index in 0..<hidden { values[index] *= output[index] }
  }

  private func stepGRU(
    _ room: Room, _ batch: Int, _ live: (Int) -> Bool, resetsAfterProduct: Bool, _ workers: Workers
  ) {
    guard let hiddenWeights else { return }
    func gates(_ sample: Int, _ range: Range<Int>) -> View<Float> {
      room.step[(sample * 3 + range.lowerBound) * hidden..<(sample * 3 + range.upperBound) * hidden]
    }
    for sample in 0..<batch where live(sample) {
      let early = gates(sample, 0..<2)
      clamp(early)
      activations[0].apply(early, into: early, on: workers.single)
      let (reset, state) = (gates(sample, 1..<2).pointer, room.hidden.pointer + sample * hidden)
      let scaled = room.scaled.pointer + sample * hidden
      for index in 0..<hidden { scaled[index] = reset[index] * state[index] }
    }
    gemm(
      resetsAfterProduct ? room.hidden : room.scaled, rows: batch, packed: hiddenWeights, bias: hiddenBias,
      into: room.product, workers: workers)
    for sample in 0..<batch where live(sample) {
      let candidate = gates(sample, 2..<3)
      let (values, product) = (candidate.pointer, room.product.pointer + sample * hidden)
      let (update, reset) = (gates(sample, 0..<1).pointer, gates(sample, 1..<2).pointer)
      for index in 0..<hidden {
        values[index] += resetsAfterProduct ? reset[index] * product[index] : product[index]
      }
      clamp(candidate)
      activations[1].apply(candidate, into: candidate, on: workers.single)
      let state = room.hidden.pointer + sample * hidden
      for index in 0..<hidden {
        state[index] = (1 - update[index]) * values[index] + update[index] * state[index]
      }
    }
  }
}
