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

  /// For each layer that reads an input, the median over its channels of the bias's share: |bias| over the root mean square
  /// of what the weights make.
  func biasShares(
    _ samples: CalibrationSamples, _ ranges: [Range<Int>], threads: Int
  ) throws(Diagnostic) -> [(layer: Int, share: Double)] {
    var made: [Int: LayerProgram] = [:]
    for index in firstLayers() {
      guard let bias = graph.operators[index].inputs[2] else { continue }
      let zeros = TensorValue(type: .float32, sizes: graph[bias].shape.perSample)
      made[index] = try LayerProgram(graph, operator: index, constants: [2: zeros], withoutClamp: true)
    }
    let layers = made
    guard !layers.isEmpty else { return [] }
    let walk = LayerWalk(graph, program, wanted: Set(layers.keys))
    let states = try walk.states(samples, ranges, threads: threads, [Int: [Double]]()) {
      (sums, call) throws(Diagnostic) in
      let input = graph.operators[call.index].inputs[0]!
      let shape = graph[input].shape
      guard let value = call.inputs[0] else { return }
      let batch = shape.batchAxis.map { max(1, value.sizes[$0] / shape[$0].perSample) } ?? 1
      let made = try layers[call.index]!.run([value], batch: batch)
      let channels = made.sizes.last ?? 1
      var squares = sums[call.index] ?? [Double](repeating: 0, count: channels + 1)
      for index in 0..<made.elementCount {
        squares[index % channels] += Double(made.floats[index]) * Double(made.floats[index])
      }
      squares[channels] += Double(made.elementCount / channels)
      sums[call.index] = squares
    }
    return layers.keys.sorted().compactMap { index in
      var total: [Double] = []
      for case let sums? in states.map({ $0[index] }) {
        total = total.isEmpty ? sums : zip(total, sums).map { $0 + $1 }
      }
      guard let count = total.last, count > 0,
        let bias = graph.operators[index].inputs[2].flatMap({ graph[$0].constant })?.realized().floats
      else { return nil }
      let shares = (0..<bias.count).compactMap { channel -> Double? in
        let mean = (total[channel] / count).squareRoot()
        return mean > 0 ? Double(abs(bias[channel])) / mean : nil
      }.sorted()
      return shares.isEmpty ? nil : (index, shares[shares.count / 2])
    }
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
