import Graph
import Lowering
import Runtime
import Storage
import TensorMath

/// Runs the float graph with weights and activations rounded as a plan says: fast, and close to the device's numbers
/// (which the integer executor gives exactly).
///
///     let simulation = try PlanSimulation(graph, plan)
///     let outputs = try simulation.makeSession(batch: 8).run(inputs)
public struct PlanSimulation: Sendable {
  public let program: Program
  /// What each tensor is rounded to, by its index.
  let grids: [RealGrid?]

  public init(_ graph: Graph, _ plan: QuantizationPlan, weights: Bool = true, activations: Bool = true)
    throws(Diagnostic)
  {
    var rounded = graph
    for (index, rule) in graph.quantizationRules().enumerated() {
      let constants = graph.roundedConstants(of: index, rule, plan, weights: weights)
      for (operand, value) in constants.sorted(by: { $0.key < $1.key }) {
        let name = graph.operators[index].inputs[operand].map { graph[$0].name } ?? ""
        rounded.operators[index].inputs[operand] = rounded.addConstant(Constant(value), name: name)
      }
    }
    program = try Program(rounded, fusesSteps: false)
    grids = graph.tensors.indices.map { activations ? plan.activations[TensorID($0)]?.grid : nil }
  }

  public func makeSession(batch: Int) throws(Diagnostic) -> Session {
    let session = try program.makeSession(batch: batch)
    let workers = Workers(threads: 1)
    session.onTensor = { [grids] (id, value) throws(Diagnostic) in
      guard id.index < grids.count, let grid = grids[id.index] else { return }
      grid.round(value.floats, into: value.floats, on: workers)
    }
    return session
  }
}

extension Graph {
  /// The weights and the bias of an operator as real numbers once they are rounded, by operand.
  func roundedConstants(
    of index: Int, _ rule: OperatorRule, _ plan: QuantizationPlan, weights: Bool = true
  ) -> [Int: TensorValue] {
    let node = operators[index]
    var result: [Int: TensorValue] = [:]
    for (operand, kind) in rule.operands.enumerated() {
      guard let input = node.inputs[operand], let value = self[input].constant else { continue }
      switch kind {
      case .weights(let axis):
        guard weights else { continue }
        let rounding = WeightRounding(value.realized(), axis: plan.isPerChannel ? axis : nil)
        result[operand] = rounding.integers().reals
      case .bias:
        if let bias = plan.biases[index] { result[operand] = TensorValue(floats: bias, sizes: value.sizes) }
      case .own, .shared, .unquantized, .absent: break
      }
    }
    return result
  }
}

extension QuantizationPlan.Activation {
  /// The real numbers that the integers stand for.
  var grid: RealGrid? {
    guard let bounds = type.integerRange, scale > 0 else { return nil }
    return RealGrid(scale: scale, low: bounds.lowerBound - zeroPoint, high: bounds.upperBound - zeroPoint)
  }
}
