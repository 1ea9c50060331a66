import Graph

extension Exporting {
  mutating func recurrent(_ recurrent: Recurrent, _ node: Operator) throws(Diagnostic) -> [String] {
    var inputs = operands(node)
    if recurrent.batchMajor {
      // Few programs run ONNX's own batch-major form.
      for index in [0, 5, 6] where inputs.indices.contains(index) && !inputs[index].isEmpty {
        inputs[index] = transpose(inputs[index], [1, 0, 2])
      }
    }
    var attributes: [String: ExportedNode.Attribute] = [
      "direction": .string(recurrent.direction.rawValue), "hidden_size": .int(recurrent.hiddenSize),
    ]
    if let clip = recurrent.clip { attributes["clip"] = .float(clip) }
    let operation: String
    switch recurrent.kind {
    case .lstm(let couples):
      operation = "LSTM"
      if couples { attributes["input_forget"] = .int(1) }
    case .gru(let linearBeforeReset):
      operation = "GRU"
      attributes["linear_before_reset"] = .flag(linearBeforeReset)
    case .plain: operation = "RNN"
    }
    let count = recurrent.direction.count * recurrent.kind.activationCount
    try setActivations(Array(recurrent.activations.prefix(count)), &attributes)
    let results = nodes(operation, inputs, attributes, wanted: node.outputs.map { $0 != nil })
    guard recurrent.batchMajor else { return results }
    var restored: [String] = []
    for (index, result) in results.enumerated() {
      restored.append(result.isEmpty ? "" : transpose(result, index == 0 ? [2, 0, 1, 3] : [1, 0, 2]))
    }
    return restored
  }

  private func setActivations(
    _ activations: [Unary], _ attributes: inout [String: ExportedNode.Attribute]
  ) throws(Diagnostic) {
    var names: [String] = []
    var alphas: [Float] = []
    var betas: [Float] = []
    for activation in activations {
      switch activation {
      case .sigmoid: names.append("Sigmoid")
      case .tanh: names.append("Tanh")
      case .relu: names.append("Relu")
      case .softsign: names.append("Softsign")
      case .softplus: names.append("Softplus")
      case .leakyRelu(let alpha):
        names.append("LeakyRelu")
        alphas.append(alpha)
      case .thresholdedRelu(let alpha):
        names.append("ThresholdedRelu")
        alphas.append(alpha)
      case .elu(let alpha):
        names.append("Elu")
        alphas.append(alpha)
      case .hardSigmoid(let alpha, let beta):
        names.append("HardSigmoid")
        alphas.append(alpha)
        betas.append(beta)
      default: throw problem("has the activation '\(activation)', which ONNX's recurrent operators lack")
      }
    }
    attributes["activations"] = .strings(names)
    if !alphas.isEmpty { attributes["activation_alpha"] = .floats(alphas) }
    if !betas.isEmpty { attributes["activation_beta"] = .floats(betas) }
  }
}
