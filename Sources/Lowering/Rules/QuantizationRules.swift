import Graph

extension Graph {
  /// The rule of each operator, in order. The graph is legalized: operators that have no int8 form say so.
  public func quantizationRules() -> [OperatorRule] { operators.map(quantizationRule) }

  /// What one operator demands of the numbers around it.
  public func quantizationRule(of node: Operator) -> OperatorRule {
    var rule = OperatorRule(
      operands: node.inputs.map { $0.map { self[$0].element.isFloat ? .own : .unquantized } ?? .absent },
      results: node.outputs.map { $0.map { self[$0].element.isFloat ? .free : .unquantized } ?? .unquantized }
    )
    let onReals = (node.inputs + node.outputs).contains { $0.map { self[$0].element.isFloat } ?? false }
    if onReals { refine(&rule, for: node) }
    return rule
  }

  private func refine(_ rule: inout OperatorRule, for node: Operator) {
    switch node.operation {
    case .unary(let kind):
      refine(&rule, unary: kind)
    case .binary(let kind, _):
      refine(&rule, binary: kind, node)
    case .compare:
      rule.limits = [.operandScaleBelow(1, operands: [0, 1])]
      rule.takesInt16 = false
    case .select:
      rule.share([1, 2])
    case .cast(let type):
      // Integers become float first, so that their numbers may be any.
      let isTruth = node.inputs[0].map { self[$0].element == .bool } ?? false
      if type.isFloat, isTruth { rule.fix(int8: .truth) }
    case .reshape, .transpose, .slice, .split:
      rule.copies()
    case .broadcast, .tile, .pad:
      rule.copies()
      if rule.operands.count > 1, rule.operands[1] == .own { rule.operands[1] = .shared }
    case .gather:
      rule.copies()
      rule.takesInt16 = false
    case .concat:
      rule.share(Array(rule.operands.indices))
    case .reduce(let reduction, _, _):
      refine(&rule, reduction: reduction)
    case .argExtreme:
      rule.takesInt16 = false
    case .softmax(_, let logarithmic):
      rule.fix(int8: logarithmic ? .logProbability : .probability, int16: logarithmic ? nil : .unit16)
      if !logarithmic { rule.limits = [.operandScaleAbove(0x1p-26, operands: [0])] }
      rule.takesInt16 = !logarithmic
    case .cumulative(let cumulative):
      rule.takesInt16 = false
      if cumulative.kind == .product { rule.form = .none }
    case .matmul(_, let transposesRight):
      if isConstant(node, 1), let id = node.inputs[1], self[id].shape.rank == 2 {
        rule.operands[1] = .weights(axis: transposesRight ? 0 : 1)
      }
    case .dense, .convolution, .transposedConvolution:
      if isConstant(node, 1) { rule.operands[1] = .weights(axis: 0) }
      if rule.operands.count > 2, rule.operands[2] == .own { rule.operands[2] = .bias }
    case .pool(let pool):
      rule.copies()
      if case .lp = pool.kind { rule.form = .none }
    case .resize(let resize):
      rule.copies()
      if resize.mode == .linear { rule.takesInt16 = false }
    case .recurrent:
      refine(recurrent: &rule)
    case .composite(let composite):
      switch composite {
      case .depthToSpace, .spaceToDepth:
        rule.copies()
        rule.takesInt16 = false
      default: rule.form = .none
      }
    case .quantizeLinear, .dequantizeLinear: break
    case .gatherElements, .gatherND, .scatterElements, .scatterND, .oneHot, .triangle, .reverseSequence,
      .topK:
      rule.form = .none
    }
  }

  private func isConstant(_ node: Operator, _ operand: Int) -> Bool {
    node.inputs.indices.contains(operand) && node.inputs[operand].map { self[$0].constant != nil } ?? false
  }

  private func refine(_ rule: inout OperatorRule, unary kind: Unary) {
    switch kind {
    case .relu, .leakyRelu, .absolute, .negate, .square: break
    case .sigmoid: rule.fix(int8: .probability, int16: .unit16)
    case .tanh: rule.fix(int8: .signedUnit, int16: .unit16)
    case .clip: break
    case .reciprocalSquareRoot: rule.form = .table
    case .elu(let alpha):
      rule.form = alpha == 1 ? .native : .table
      rule.takesInt16 = false
    case .hardSwish:
      // Where the limit does not hold, the table takes over.
      rule.takesInt16 = false
    case .not, .bitwiseNot: break
    default:
      rule.form = .table
      rule.takesInt16 = false
    }
  }

  private func refine(_ rule: inout OperatorRule, binary kind: Binary, _ node: Operator) {
    switch kind {
    case .add, .subtract:
      rule.limits = [.resultScaleAbove(factor: 0x1p-19, operands: [0, 1])]
    case .multiply, .prelu: break
    case .maximum, .minimum: rule.share([0, 1])
    case .divide: if !isConstant(node, 1) { rule.form = .none }
    case .and, .or, .xor, .bitwiseAnd, .bitwiseOr, .bitwiseXor, .shiftLeft, .shiftRight: break
    case .power where isConstant(node, 1) && node.inputs[1].map { self[$0].shape.elementCountPerSample } == 1:
      rule.operands[1] = .unquantized
      rule.form = .table
      rule.takesInt16 = false
    case .power, .modulo, .remainder: rule.form = .none
    }
  }

  private func refine(_ rule: inout OperatorRule, reduction: Reduction) {
    switch reduction {
    case .sum, .mean: break
    case .maximum, .minimum:
      rule.copies()
      rule.takesInt16 = false
    default: rule.form = .none
    }
  }

  /// Weights are rounded for each gate (the rows of a gate share a scale); states take the result's numbers.
  private func refine(recurrent rule: inout OperatorRule) {
    for operand in 1..<min(3, rule.operands.count) where rule.operands[operand] == .own {
      rule.operands[operand] = .weights(axis: nil)
    }
    if rule.operands.count > 3, rule.operands[3] == .own { rule.operands[3] = .bias }
  }
}

extension OperatorRule {
  /// The results have the numbers of operand 0.
  fileprivate mutating func copies() {
    for index in results.indices where results[index] == .free { results[index] = .same(operand: 0) }
  }

  fileprivate mutating func share(_ sharing: [Int]) {
    for operand in sharing where operands[operand] == .own { operands[operand] = .shared }
  }

  fileprivate mutating func fix(int8: QuantizationPlan.Activation, int16: QuantizationPlan.Activation? = nil)
  {
    results = results.map { $0 == .free ? .fixed(int8: int8, int16: int16) : $0 }
  }
}
