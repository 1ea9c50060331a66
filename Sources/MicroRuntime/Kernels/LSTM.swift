import Graph
import Micro
import Storage

/// UNIDIRECTIONAL_SEQUENCE_LSTM: 24 operands, of which hidden and cell state stay from call to call.
extension OperatorContext {
  func lstm() throws(Diagnostic) -> KernelBody {
    guard case .lstm(let options) = operation.options else { throw bad("it has no options") }
    let layer = try LSTMLayer(self, options)
    switch (layer.x.type, layer.cell.type) {
    case (.float32, .float32):
      guard layer.all.allSatisfy({ $0.type == .float32 }) else {
        throw noKernel(for: layer.x, layer.inputWeights[0])
      }
      return FloatLSTM(layer).kernel
    case (.int8, .int16), (.int16, .int16): return try IntegerLSTM(layer, self).kernel
    default: throw noKernel(for: layer.x, layer.cell)
    }
  }
}

/// Operands and shape of an LSTM; gates in the order input, forget, cell, output.
struct LSTMLayer: Sendable {
  var x, y, hidden, cell: Operand
  var inputWeights, recurrentWeights, biases: [Operand]
  var options: LSTMOptions
  var batch, time, inputs, units: Int

  var all: [Operand] { [x, y, hidden, cell] + inputWeights + recurrentWeights + biases }

  init(_ context: OperatorContext, _ options: LSTMOptions) throws(Diagnostic) {
    self.options = options
    try context.require(
      context.operation.inputs.count == 24, "it has \(context.operation.inputs.count) operands, not 24")
    (x, y) = (try context.input(0), try context.output())
    (hidden, cell) = (try context.input(18), try context.input(19))
    (inputWeights, recurrentWeights, biases) = ([], [], [])
    for gate in 0..<4 {
      inputWeights.append(try context.input(1 + gate))
      recurrentWeights.append(try context.input(5 + gate))
      biases.append(try context.input(12 + gate))
    }
    for absent in [9, 10, 11, 16, 17, 20, 21, 22, 23] {
      try context.requireSupported(
        context.optionalInput(absent) == nil,
        "operand \(absent) (peephole, projection or layer normalization) is given")
    }
    try context.requireSupported(
      options.activation == .tanh, "its activation is \(options.activation), and only tanh is proven")
    try context.requireRank(3, x, y)
    (batch, time) = options.isTimeMajor ? (x.shape[1], x.shape[0]) : (x.shape[0], x.shape[1])
    (inputs, units) = (x.shape[2], y.shape[2])
    try context.require(
      Array(x.shape[..<2]) == Array(y.shape[..<2]) && hidden.count == batch * units
        && cell.count == batch * units
        && inputWeights.allSatisfy { $0.count == units * inputs }
        && recurrentWeights.allSatisfy { $0.count == units * units }
        && biases.allSatisfy { $0.count == units },
      "its operands do not fit \(x.shape) and \(units) units")
    for state in [hidden, cell] where context.tensors[state.index].isVariable == false {
      throw context.bad("its state '\(state.name)' is not variable")
    }
    try context.requireSameType(x, y)
    try context.requireSameType(x, hidden)
  }

  /// Rows of the sequence that each pass over the states takes: (start of data, start of result, first batch, batches).
  var passes: [(data: Int, result: Int, state: Int, rows: Int)] {
    if options.isTimeMajor {
      return (0..<time).map { ($0 * batch * inputs, $0 * batch * units, 0, batch) }
    }
    return (0..<batch).flatMap { sample in
      (0..<time).map { ((sample * time + $0) * inputs, (sample * time + $0) * units, sample * units, 1) }
    }
  }
}

/// The LSTM on integers.
private struct IntegerLSTM: Sendable {
  let layer: LSTMLayer
  /// What brings a gate's sums to steps of 2^−12.
  private let inputScales, recurrentScales: [Multiplier]
  private let forget, update, output: Multiplier
  private let cellSigmoid: Sigmoid16
  private let cellClip: Int32?
  private let gateSigmoid = Sigmoid16(powerOfTwo: 0)

  init(_ layer: LSTMLayer, _ context: OperatorContext) throws(Diagnostic) {
    self.layer = layer
    let isWide = layer.x.type == .int16
    for operand in layer.inputWeights + layer.recurrentWeights where operand.type != .int8 {
      throw context.noKernel(for: layer.x, operand)
    }
    for bias in layer.biases where bias.type != (isWide ? .int64 : .int32) {
      throw context.noKernel(for: layer.x, bias)
    }
    try context.requireQuantized(layer.x, layer.hidden, layer.cell, layer.y)
    try context.require(
      layer.y.grid == layer.hidden.grid, "its result and its hidden state differ in scale or zero point")
    let gateScale = Float(0x1p-12)
    func scales(_ data: Operand, _ weights: [Operand]) throws(Diagnostic) -> [Multiplier] {
      var multipliers: [Multiplier] = []
      for weight in weights {
        let product = context.profile.product(data.grid.scale, weight.grid.scale)
        multipliers.append(try Multiplier(product / Double(gateScale)))
      }
      if isWide { try context.requireWide(multipliers) }
      return multipliers
    }
    inputScales = try scales(layer.x, layer.inputWeights)
    recurrentScales = try scales(layer.hidden, layer.recurrentWeights)
    let cellScale = layer.cell.grid.scale
    try context.require(
      Sigmoid16.takes(scale: cellScale), "its cell state's scale \(cellScale) is too large for 16 bits")
    forget = try Multiplier(0x1p-15 * Double(cellScale) / Double(cellScale))
    update = try Multiplier(0x1p-30 / Double(cellScale))
    output = try Multiplier(0x1p-30 / Double(layer.hidden.grid.scale))
    let exponent = Int(RealFunction.log2(Double(cellScale)).rounded(.toNearestOrAwayFromZero))
    cellSigmoid = Sigmoid16(powerOfTwo: 12 + exponent)
    let clip = layer.options.cellClip
    cellClip = clip > 0 ? Int32(min(max(Double(clip) / Double(cellScale), -32768), 32767)) : nil
  }

  var kernel: KernelBody {
    if layer.x.type == .int8 { return { memory in run(memory, as: Int8.self) } }
    return { memory in run(memory, as: Int16.self) }
  }

  private static let steps: ClosedRange<Int32> = -32768...32767

  private func run<Element: FixedWidthInteger & BitwiseCopyable>(_ memory: TensorMemory, as _: Element.Type) {
    let isWide = Element.bitWidth == 16
    let (x, y) = (memory(layer.x, as: Element.self), memory(layer.y, as: Element.self))
    let (hidden, cell) = (memory(layer.hidden, as: Element.self), memory(layer.cell, as: Int16.self))
    let (xZero, hiddenZero) = (Int64(layer.x.grid.zeroPoint), Int64(layer.hidden.grid.zeroPoint))
    let inputWeights = layer.inputWeights.map { memory($0, as: Int8.self) }
    let recurrentWeights = layer.recurrentWeights.map { memory($0, as: Int8.self) }
    let biases = layer.biases.map { Bias($0).values(memory, count: layer.units) }
    let (inputs, units) = (layer.inputs, layer.units)

    func product(
      _ data: View<Element>, _ start: Int, _ zero: Int64, _ weights: View<Int8>, _ row: Int, _ depth: Int
    )
      -> Int64
    {
      var sum: Int64 = 0
      for k in 0..<depth { sum &+= (Int64(data[start + k]) - zero) &* Int64(weights[row * depth + k]) }
      return sum
    }
    func scaled(_ sum: Int64, _ multiplier: Multiplier) -> Int32 {
      let result = isWide ? multiplier.applyWide(sum) : multiplier.apply(Int32(truncatingIfNeeded: sum))
      return result.held(to: Self.steps)
    }
    func gate(_ number: Int, _ unit: Int, _ data: Int, _ state: Int) -> Int32 {
      let fromInput = product(x, data, xZero, inputWeights[number], unit, inputs) &+ biases[number][unit]
      let fromState = product(hidden, state, hiddenZero, recurrentWeights[number], unit, units)
      let sum = scaled(fromInput, inputScales[number]) + scaled(fromState, recurrentScales[number])
      return sum.held(to: Self.steps)
    }
    var next = [Element](repeating: 0, count: layer.batch * units)
    for pass in layer.passes {
      for row in 0..<pass.rows {
        let (data, state) = (pass.data + row * inputs, pass.state + row * units)
        for unit in 0..<units {
          let forgetGate = gateSigmoid.logistic(gate(1, unit, data, state))
          let inputGate = gateSigmoid.logistic(gate(0, unit, data, state))
          let candidate = gateSigmoid.tanh(gate(2, unit, data, state))
          let outputGate = gateSigmoid.logistic(gate(3, unit, data, state))
          let kept = forget.apply(forgetGate &* Int32(cell[state + unit])).held(to: Self.steps)
          let added = update.apply(inputGate &* candidate).held(to: Self.steps)
          var value = (kept + added).held(to: Self.steps)
          if let cellClip { value = max(min(cellClip, value), -cellClip) }
          cell[state + unit] = Int16(value)
          let result = output.apply(cellSigmoid.tanh(value) &* outputGate) &+ Int32(hiddenZero)
          next[row * units + unit] = Element(
            truncatingIfNeeded: result.held(to: Int32(Element.min)...Int32(Element.max)))
        }
      }
      for index in 0..<pass.rows * units {
        hidden[pass.state + index] = next[index]
        y[pass.result + index] = next[index]
      }
    }
  }
}

/// The LSTM on floats.
private struct FloatLSTM: Sendable {
  let layer: LSTMLayer

  init(_ layer: LSTMLayer) { self.layer = layer }

  var kernel: KernelBody {
    return { memory in run(memory) }
  }

  private static func exp(_ x: Float) -> Float { Float(RealFunction.exp(Double(x))) }
  private static func sigmoid(_ x: Float) -> Float { 1 / (1 + exp(-x)) }
  private static func tanh(_ x: Float) -> Float {
    let power = RealFunction.exp(-2 * Double(abs(x)))
    let magnitude = Float((1 - power) / (1 + power))
    return x < 0 ? -magnitude : magnitude
  }

  private func run(_ memory: TensorMemory) {
    let (x, y) = (memory(layer.x, as: Float.self), memory(layer.y, as: Float.self))
    let (hidden, cell) = (memory(layer.hidden, as: Float.self), memory(layer.cell, as: Float.self))
    let inputWeights = layer.inputWeights.map { memory($0, as: Float.self) }
    let recurrentWeights = layer.recurrentWeights.map { memory($0, as: Float.self) }
    let biases = layer.biases.map { memory($0, as: Float.self) }
    let (inputs, units, clip) = (layer.inputs, layer.units, layer.options.cellClip)

    func gate(_ number: Int, _ unit: Int, _ data: Int, _ state: Int) -> Float {
      var fromInput: Float = 0
      for k in 0..<inputs { fromInput += x[data + k] * inputWeights[number][unit * inputs + k] }
      var fromState: Float = 0
      for k in 0..<units { fromState += hidden[state + k] * recurrentWeights[number][unit * units + k] }
      return fromInput + biases[number][unit] + fromState
    }
    var next = [Float](repeating: 0, count: layer.batch * units)
    for pass in layer.passes {
      for row in 0..<pass.rows {
        let (data, state) = (pass.data + row * inputs, pass.state + row * units)
        for unit in 0..<units {
          let forgetGate = Self.sigmoid(gate(1, unit, data, state))
          let inputGate = Self.sigmoid(gate(0, unit, data, state))
          let candidate = Self.tanh(gate(2, unit, data, state))
          let outputGate = Self.sigmoid(gate(3, unit, data, state))
          var value = forgetGate * cell[state + unit] + inputGate * candidate
          if clip > 0 { value = value.held(to: (-clip, clip)) }
          cell[state + unit] = value
          next[row * units + unit] = Self.tanh(value) * outputGate
        }
      }
      for index in 0..<pass.rows * units {
        hidden[pass.state + index] = next[index]
        y[pass.result + index] = next[index]
      }
    }
  }
}
