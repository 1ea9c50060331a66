import Graph
import Runtime
import Storage
import TensorMath

/// Whether the data are scaled as in training, as the first layers tell: training balances what a layer makes of its input
/// with its bias. Inputs that are a hundred times too large drown the biases; inputs that are a hundred times too small drown
/// in them.
struct InputScale {
  let graph: Graph
  let program: Program

  /// Shares of trained models lie between 0.05 and 1 on data as in training; a factor of 100 off is beyond doubt.
  static let usual = 0.01...20

  /// Samples that are looked at.
  static let sampleCount = 8

  /// For each layer that reads an input, the bias's share: |bias| over the root mean square of what the weights make. It is
  /// the median over the layer's channels and then over the samples, so that no single sample decides.
  func biasShares(
    _ samples: CalibrationSamples, _ places: [Int], threads: Int
  ) throws(Diagnostic) -> [(layer: Int, share: Double)] {
    var made: [Int: (layer: LayerProgram, bias: TensorValue)] = [:]
    for index in firstLayers() {
      guard let operand = graph.operators[index].inputs[2], let bias = graph[operand].constant?.realized()
      else { continue }
      let zeros = TensorValue(type: .float32, sizes: bias.sizes)
      let layer = try LayerProgram(graph, operator: index, constants: [2: zeros], withoutClamp: true)
      made[index] = (layer, bias)
    }
    let layers = made
    guard !layers.isEmpty else { return [] }
    let walk = LayerWalk(graph, program, wanted: Set(layers.keys))
    // One sample at a time: each has a share of its own.
    let states = try walk.states(samples, places.map { $0..<$0 + 1 }, threads: threads, [Int: Double]()) {
      (shares, call) throws(Diagnostic) in
      guard let value = call.inputs[0], let (layer, bias) = layers[call.index] else { return }
      shares[call.index] = Self.share(of: bias, in: try layer.run([value], batch: 1))
    }
    return layers.keys.sorted().compactMap { index in
      Self.median(states.compactMap { $0[index] }).map { (index, $0) }
    }
  }

  /// The median over the channels; nil where the weights make nothing but zeros.
  private static func share(of bias: TensorValue, in made: TensorValue) -> Double? {
    let (biases, values) = (bias.floats, made.floats)
    let channels = biases.count
    guard channels > 0, values.count >= channels else { return nil }
    var squares = [Double](repeating: 0, count: channels)
    for index in 0..<values.count {
      squares[index % channels] += Double(values[index]) * Double(values[index])
    }
    let rows = Double(values.count / channels)
    return median(
      squares.indices.compactMap { channel in
        let size = (squares[channel] / rows).squareRoot()
        return size > 0 ? Double(abs(biases[channel])) / size : nil
      })
  }

  private static func median(_ values: [Double]) -> Double? {
    values.isEmpty ? nil : values.sorted()[values.count / 2]
  }

  /// Layers with weights and bias that read an input before any other layer does.
  private func firstLayers() -> [Int] {
    var isRaw = [Bool](repeating: false, count: graph.tensors.count)
    for port in graph.inputs { isRaw[port.tensor.index] = true }
    var found: [Int] = []
    for (index, node) in graph.operators.enumerated() {
      guard let input = node.inputs.first ?? nil, isRaw[input.index] else { continue }
      if node.operation.hasWeights {
        let hasBias =
          node.inputs.count > 2 && node.inputs[2].map { graph[$0].constant?.type == .float32 } ?? false
        if hasBias, graph[node.inputs[1]!].constant != nil { found.append(index) }
        continue
      }
      switch node.operation {
      case .reshape, .transpose, .pad, .slice, .split:
        for case let output? in node.outputs { isRaw[output.index] = true }
      default: break
      }
    }
    return found
  }
}
