import Graph

extension Exporting {
  mutating func unary(_ kind: Unary, _ node: Operator) throws(Diagnostic) -> String {
    let data = name(of: node.inputs[0]!)
    let element = type(node.inputs[0]!).element
    if let (operation, attributes) = kind.onnxNode { return self.node(operation, [data], attributes) }
    switch kind {
    case .square: return self.node("Mul", [data, data])
    case .reciprocalSquareRoot: return self.node("Reciprocal", [self.node("Sqrt", [data])])
    case .clip(let minimum, let maximum): return clip(data, minimum, maximum, element)
    case .gelu(let usesTanh): return gelu(data, usesTanh: usesTanh)
    case .swish(let alpha):
      let scaled = alpha == 1 ? data : self.node("Mul", [data, scalar(alpha, .float32, "alpha")])
      return self.node("Mul", [data, self.node("Sigmoid", [scaled])])
    case .isNaN:
      return self.node("IsNaN", [data])
    case .isInfinite(let positive, let negative):
      return self.node(
        "IsInf", [data], ["detect_positive": .flag(positive), "detect_negative": .flag(negative)])
    default: throw problem("computes '\(kind)', which has no form in ONNX")
    }
  }

  /// Spelled out, since ONNX has it as one operator only from opset 20 on.
  private mutating func gelu(_ data: String, usesTanh: Bool) -> String {
    let half = node("Mul", [data, scalar(0.5, .float32, "half")])
    let inner: String
    if usesTanh {
      let cube = node("Mul", [node("Mul", [data, data]), data])
      let sum = node("Add", [data, node("Mul", [cube, scalar(0.044715, .float32, "cubic")])])
      inner = node("Tanh", [node("Mul", [sum, scalar(0.7978845608028654, .float32, "slope")])])
    } else {
      inner = node("Erf", [node("Mul", [data, scalar(0.7071067811865476, .float32, "slope")])])
    }
    return node("Mul", [half, node("Add", [inner, scalar(1, .float32, "one")])])
  }

  mutating func binary(_ kind: Binary, _ left: String, _ right: String, _ element: ElementType) -> String {
    switch kind {
    case .modulo where element.isFloat:
      // ONNX's operator takes the divisor's sign only on integers.
      let quotient = node("Floor", [node("Div", [left, right])])
      return node("Sub", [left, node("Mul", [quotient, right])])
    case .modulo: return node("Mod", [left, right], ["fmod": .int(0)])
    case .remainder: return node("Mod", [left, right], ["fmod": .int(1)])
    case .shiftLeft: return node("BitShift", [left, right], ["direction": .string("LEFT")])
    case .shiftRight: return node("BitShift", [left, right], ["direction": .string("RIGHT")])
    default: return node(kind.onnxName, [left, right])
    }
  }
}

extension Unary {
  /// The operator of ONNX that computes this alone.
  fileprivate var onnxNode: (String, [String: ExportedNode.Attribute])? {
    if let name = plainName { return (name, [:]) }
    switch self {
    case .leakyRelu(let alpha): return ("LeakyRelu", ["alpha": .float(alpha)])
    case .elu(let alpha): return ("Elu", ["alpha": .float(alpha)])
    case .celu(let alpha): return ("Celu", ["alpha": .float(alpha)])
    case .selu(let alpha, let gamma): return ("Selu", ["alpha": .float(alpha), "gamma": .float(gamma)])
    case .hardSigmoid(let alpha, let beta):
      return ("HardSigmoid", ["alpha": .float(alpha), "beta": .float(beta)])
    case .thresholdedRelu(let alpha): return ("ThresholdedRelu", ["alpha": .float(alpha)])
    case .shrink(let bias, let threshold):
      return ("Shrink", ["bias": .float(bias), "lambd": .float(threshold)])
    default: return nil
    }
  }

  private var plainName: String? {
    switch self {
    case .absolute: "Abs"
    case .negate: "Neg"
    case .sign: "Sign"
    case .reciprocal: "Reciprocal"
    case .squareRoot: "Sqrt"
    case .exp: "Exp"
    case .log: "Log"
    case .sin: "Sin"
    case .cos: "Cos"
    case .tan: "Tan"
    case .asin: "Asin"
    case .acos: "Acos"
    case .atan: "Atan"
    case .sinh: "Sinh"
    case .cosh: "Cosh"
    case .tanh: "Tanh"
    case .asinh: "Asinh"
    case .acosh: "Acosh"
    case .atanh: "Atanh"
    case .erf: "Erf"
    case .floor: "Floor"
    case .ceil: "Ceil"
    case .round: "Round"
    case .relu: "Relu"
    case .sigmoid: "Sigmoid"
    case .hardSwish: "HardSwish"
    case .softplus: "Softplus"
    case .softsign: "Softsign"
    case .mish: "Mish"
    case .not: "Not"
    case .bitwiseNot: "BitwiseNot"
    default: nil
    }
  }
}

extension Binary {
  fileprivate var onnxName: String {
    switch self {
    case .add: "Add"
    case .subtract: "Sub"
    case .multiply: "Mul"
    case .divide: "Div"
    case .power: "Pow"
    case .modulo, .remainder: "Mod"
    case .maximum: "Max"
    case .minimum: "Min"
    case .prelu: "PRelu"
    case .and: "And"
    case .or: "Or"
    case .xor: "Xor"
    case .bitwiseAnd: "BitwiseAnd"
    case .bitwiseOr: "BitwiseOr"
    case .bitwiseXor: "BitwiseXor"
    case .shiftLeft, .shiftRight: "BitShift"
    }
  }
}

extension Comparison {
  var onnxName: String {
    switch self {
    case .equal: "Equal"
    case .less: "Less"
    case .lessOrEqual: "LessOrEqual"
    case .greater: "Greater"
    case .greaterOrEqual: "GreaterOrEqual"
    }
  }
}
