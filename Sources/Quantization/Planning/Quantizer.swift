import Graph
import Lowering
import TensorMath

/// What quantization is asked for.
public struct QuantizerOptions: Sendable, Hashable {
  /// One scale for each output channel of a weight; else one for all.
  public var isPerChannel = true

  public init() {}
}

/// Makes the plan of a quantized model from ranges: every rule of the device's kernels holds in it by construction.
///
///     let (plan, notes) = try Quantizer(legal).plan(found.ranges)
public struct Quantizer: Sendable {
  let groups: TensorGroups
  let names: TensorNames
  /// Tensors that need 16 bits.
  private let wide: Set<TensorID>

  public init(_ legal: Legalization) {
    groups = TensorGroups(legal.graph)
    names = TensorNames(legal.graph)
    wide = legal.wide
  }

  /// `graph` is legalized: it has only operators that the device has.
  public init(_ graph: Graph) {
    groups = TensorGroups(graph)
    names = TensorNames(graph)
    wide = []
  }

  /// The plan, and what the user should know about it.
  public func plan(
    _ ranges: RangeTable, _ options: QuantizerOptions = QuantizerOptions()
  ) throws(Diagnostic) -> (plan: QuantizationPlan, notes: [String]) {
    var plan = QuantizationPlan()
    plan.isPerChannel = options.isPerChannel
    var notes: [String] = []
    let known = Dictionary(
      ranges.entries.flatMap { entry in ([entry.tensor] + entry.sharing).map { ($0, entry) } },
      uniquingKeysWith: { first, _ in first })
    var missing: [String] = []
    for group in groups.all {
      let members = groups.members(of: group)
      let isWide = members.contains { wide.contains($0) }
      let numbers: QuantizationPlan.Activation
      switch groups.fixed[group] {
      case .fixed(let int8, let int16):
        if isWide, int16 == nil {
          notes.append("'\(names[members[0]])' has no 16-bit form and stays int8")
        }
        numbers = isWide ? int16 ?? int8 : int8
      default:
        if let given = members.lazy.compactMap({ groups.graph.givenNumbers(of: $0) }).first {
          numbers = isWide ? .int16(covering: given.range) : given
        } else if let entry = members.lazy.compactMap({ known[names[$0]] }).first {
          numbers = isWide ? .int16(covering: entry.range) : .int8(covering: entry.range)
        } else {
          missing.append(names[members[0]])
          continue
        }
      }
      for tensor in members {
        let given = groups.graph.givenNumbers(of: tensor) ?? numbers
        // Numbers of the file are kept, and a rescaling stands between where an operator needs others; not where a
        // kernel computes for one scale alone.
        let mustChange = isWide || groups.fixed[group] != nil
        plan.activations[tensor] = mustChange ? numbers : given
        if mustChange, given != numbers {
          notes.append("'\(names[tensor])' has scale \(numbers.scale) instead of the file's \(given.scale)")
        }
      }
    }
    if !missing.isEmpty { throw Self.unknown(missing, isUncalibrated: known.isEmpty) }
    try obeyLimits(&plan)
    for use in groups.apart { requantize(use, in: &plan) }
    try planCells(known, &plan)
    try correctBiases(ranges.corrections, &plan)
    return (plan, notes)
  }

  /// The cell state of an LSTM is int16 with a power of two as its scale.
  private func planCells(
    _ known: [String: RangeTable.Entry], _ plan: inout QuantizationPlan
  ) throws(Diagnostic) {
    for (index, node) in groups.graph.operators.enumerated() {
      guard case .recurrent(let layer) = node.operation, case .lstm = layer.kind else { continue }
      let name = names.cell(of: node)
      guard let range = known[name]?.range else { throw Self.unknown([name], isUncalibrated: known.isEmpty) }
      let reach = max(-range.lower, range.upper)
      // The least power of two that holds the state; 2^-15 holds up to 1.
      var exponent = -15
      while Double(sign: .plus, exponent: exponent, significand: 32767) < reach { exponent += 1 }
      plan.cellScales[index] = Float(sign: .plus, exponent: exponent, significand: 1)
    }
  }

  private func correctBiases(
    _ corrections: [RangeTable.Correction], _ plan: inout QuantizationPlan
  ) throws(Diagnostic) {
    let byResult = Dictionary(
      corrections.map { ($0.result, $0.values) }, uniquingKeysWith: { first, _ in first })
    for (index, node) in groups.graph.operators.enumerated() where node.operation.hasWeights {
      guard let output = node.outputs[0], let correction = byResult[names[output]] else { continue }
      let shape = groups.graph[output].shape
      guard shape.rank > 0, shape[shape.rank - 1] == .fixed(correction.count) else {
        throw Diagnostic(
          .badData,
          "the bias correction of '\(names[output])' has \(correction.count) values, its result is \(shape)",
          hint: "calibrate this model with this version of edgeopt")
      }
      var bias = [Float](repeating: 0, count: correction.count)
      if node.inputs.count > 2, let operand = node.inputs[2] {
        guard let value = groups.graph[operand].constant?.realized(), value.type == .float32,
          value.elementCount == correction.count
        else { continue }
        bias = value.floats.array
      }
      plan.biases[index] = zip(bias, correction).map { $0 - $1 }
    }
  }

  private static func unknown(_ names: [String], isUncalibrated: Bool) -> Diagnostic {
    let shown = names.prefix(8).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 8 ? ", …" : "")
    // Without any range the model was taken for one that brings all of its scales along.
    return isUncalibrated
      ? Diagnostic(
        .badData, "the file gives no scale for \(shown): the model is float there",
        hint: "choose ranges on samples: --calib PATH")
      : Diagnostic(
        .badData, "there is no range for \(shown)", hint: "calibrate this model with this version of edgeopt")
  }

  private func requantize(_ use: QuantizationPlan.Use, in plan: inout QuantizationPlan) {
    let node = groups.graph.operators[use.consumer]
    guard let input = node.inputs[use.operand], let output = node.outputs.first ?? nil,
      let wanted = plan.activations[output], plan.activations[input] != wanted
    else { return }
    plan.requantized[use] = wanted
  }

  /// Widens scales until every kernel can compute with them. A scale only grows, so this ends.
  private func obeyLimits(_ plan: inout QuantizationPlan) throws(Diagnostic) {
    var hasChanged = true
    while hasChanged {
      hasChanged = false
      for (node, rule) in zip(groups.graph.operators, groups.rules) {
        for limit in rule.limits {
          switch limit {
          case .resultScaleAbove(let factor, let operands):
            guard let output = node.outputs.first ?? nil else { continue }
            let greatest = scales(node, operands, plan).max() ?? 0
            // A part in 64 more, so that rounding cannot undo it.
            if widen(output, above: factor * greatest * (1 + 1 / 64), &plan) { hasChanged = true }
          case .operandScaleAbove(let least, let operands):
            for operand in operands {
              guard let input = node.inputs[operand] else { continue }
              if widen(input, above: least * (1 + 1 / 64), &plan) { hasChanged = true }
            }
          case .operandScaleBelow(let bound, let operands):
            guard let greatest = scales(node, operands, plan).max(), greatest >= bound else { continue }
            throw Diagnostic(
              .unsupported,
              "'\(node.sourceName)' (\(node.operation.name)) compares numbers that reach "
                + "\(greatest * 255); the device compares int8 numbers with steps below \(bound) only",
              hint: "scale the numbers down before comparing them")
          }
        }
      }
    }
  }

  private func scales(_ node: Operator, _ operands: [Int], _ plan: QuantizationPlan) -> [Float] {
    operands.compactMap { operand in
      guard operand < node.inputs.count, let input = node.inputs[operand] else { return nil }
      if let own = plan.activations[input]?.scale { return own }
      guard let value = groups.graph[input].constant?.realized(), value.type.isFloat else { return nil }
      return QuantizationPlan.Activation.int8(covering: RealRange(Extremes(of: value.floats))).scale
    }
  }

  private func widen(_ tensor: TensorID, above scale: Float, _ plan: inout QuantizationPlan) -> Bool {
    guard let current = plan.activations[tensor], current.scale <= scale, let group = groups[tensor],
      groups.fixed[group] == nil
    else { return false }
    for member in groups.members(of: group) {
      plan.activations[member]?.scale = scale.nextUp
    }
    return true
  }
}

extension QuantizationPlan.Activation {
  /// Scales below this would let biases and multipliers leave their 32 bits.
  static let leastScale: Float = 0x1p-40

  /// int8 numbers for this range; zero is exact.
  static func int8(covering range: RealRange) -> Self {
    let scale = scale(width: range.width, steps: 255)
    // The zero point is rounded once; the range moves by up to half a step.
    let zero = (-128 - range.lower / Double(scale)).rounded()
    return .int8(scale: scale, zeroPoint: Int(min(127, max(-128, zero))))
  }

  /// int16 numbers for this range, symmetric around zero.
  static func int16(covering range: RealRange) -> Self {
    .int16(scale: scale(width: max(-range.lower, range.upper), steps: 32767))
  }

  private static func scale(width: Double, steps: Double) -> Float {
    // Zero alone: any scale is exact; this one multiplies well.
    guard width > 0 else { return 1 / 128 }
    return max(leastScale, Float(width / steps))
  }

  /// The real numbers that the integers stand for.
  var range: RealRange {
    let bounds = type.integerRange ?? -128...127
    return RealRange(
      Double(bounds.lowerBound - zeroPoint) * Double(scale),
      Double(bounds.upperBound - zeroPoint) * Double(scale))
  }
}

extension Graph {
  /// The int8 numbers that the file gives a tensor (see ``takingGivenNumbers()``).
  func givenNumbers(of tensor: TensorID) -> QuantizationPlan.Activation? {
    let given = self[tensor].quantization ?? self[tensor].origin.givenQuantization
    guard self[tensor].element.isFloat, let given, given.axis == nil else { return nil }
    return .int8(scale: given.scales[0], zeroPoint: given.zeroPoints[0])
  }
}
