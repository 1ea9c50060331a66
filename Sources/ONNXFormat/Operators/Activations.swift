import Graph

extension OperatorRegistry {
  static let activations: [OperatorEntry] =
    activationKinds.map { name, opset, kind in
      OperatorEntry(name, since: opset, inputs: 1) { importing, node throws(Diagnostic) in
        let function = try kind(node)
        return try importing.emit(.unary(function), importing.tensor(node, 0))
      }
    } + [
      OperatorEntry("SwiGLU", since: 28, inputs: 2) { importing, node throws(Diagnostic) in
        let gate = Unary.swish(alpha: try node.float("alpha", default: 1))
        let gated = try importing.unary(gate, importing.tensor(node, 0))
        return try importing.binary(.multiply, gated, importing.tensor(node, 1))
      }
    ]

  private typealias Kind = @Sendable (Node) throws(Diagnostic) -> Unary

  private static let activationKinds: [(String, Int, Kind)] = [
    ("Relu", 6, { _ in .relu }),
    ("Sigmoid", 6, { _ in .sigmoid }),
    ("HardSwish", 14, { _ in .hardSwish }),
    ("Softplus", 1, { _ in .softplus }),
    ("Softsign", 1, { _ in .softsign }),
    ("Mish", 18, { _ in .mish }),
    (
      "LeakyRelu", 6, { node throws(Diagnostic) in .leakyRelu(alpha: try node.float("alpha", default: 0.01)) }
    ),
    ("Elu", 6, { node throws(Diagnostic) in .elu(alpha: try node.float("alpha", default: 1)) }),
    ("Celu", 12, { node throws(Diagnostic) in .celu(alpha: try node.float("alpha", default: 1)) }),
    (
      "Selu", 6,
      { node throws(Diagnostic) in
        .selu(
          alpha: try node.float("alpha", default: 1.67326319217681884765625),
          gamma: try node.float("gamma", default: 1.05070102214813232421875))
      }
    ),
    (
      "HardSigmoid", 6,
      { node throws(Diagnostic) in
        .hardSigmoid(alpha: try node.float("alpha", default: 0.2), beta: try node.float("beta", default: 0.5))
      }
    ),
    (
      "Gelu", 20,
      { node throws(Diagnostic) in
        let kind = try node.string("approximate", default: "none")
        guard kind == "none" || kind == "tanh" else {
          throw node.problem("has approximation '\(kind)'; expected none or tanh")
        }
        return .gelu(tanhApproximation: kind == "tanh")
      }
    ),
    ("Swish", 24, { node throws(Diagnostic) in .swish(alpha: try node.float("alpha", default: 1)) }),
    (
      "ThresholdedRelu", 10,
      { node throws(Diagnostic) in .thresholdedRelu(alpha: try node.float("alpha", default: 1)) }
    ),
    (
      "Shrink", 9,
      { node throws(Diagnostic) in
        .shrink(bias: try node.float("bias", default: 0), threshold: try node.float("lambd", default: 0.5))
      }
    ),
  ]
}
