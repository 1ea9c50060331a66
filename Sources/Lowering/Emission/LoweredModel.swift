import Graph
import Micro

/// A model for the device, and what became of the graph in it.
///
///     let lowered = try Lowering(evaluator: FloatEvaluator(), plan: plan).lower(graph)
///     let layer = lowered.tensorIndex[tensor]  // where the tensor's elements are while the model runs
public struct LoweredModel: Sendable {
  public var model: MicroModel
  /// The device's tensor for each of the graph's. Its elements have the same order; its shape may differ, and several
  /// of the graph's tensors may be one. Constants are not listed.
  public var tensorIndex: [TensorID: Int]
  /// The device's operators for each of the graph's; empty for what costs nothing.
  public var operatorRanges: [Range<Int>]
  /// What a user wants to know: an output became int32, a layer stayed float.
  public var notes: [String]

  public init(
    model: MicroModel, tensorIndex: [TensorID: Int], operatorRanges: [Range<Int>], notes: [String]
  ) {
    self.model = model
    self.tensorIndex = tensorIndex
    self.operatorRanges = operatorRanges
    self.notes = notes
  }
}

/// Turns a graph into the device's operators: quantized where a plan says so, float elsewhere.
///
///     let float = try Lowering(evaluator: FloatEvaluator()).lower(graph)
///     let int8 = try Lowering(evaluator: FloatEvaluator(), plan: plan, inputType: .float32).lower(graph)
public struct Lowering {
  /// Computes the tables of functions that the device lacks.
  public var evaluator: any ConstantEvaluator
  /// nil makes a float model.
  public var plan: QuantizationPlan?
  /// int8, int16, float32 or uint8. Ports that the plan leaves in float stay float.
  public var inputType: ElementType
  public var outputType: ElementType

  /// Leaves inputs and outputs in the graph's shapes. Else one whose channels are one comes channels-last.
  public var keepsPortShapes = false

  public init(
    evaluator: any ConstantEvaluator, plan: QuantizationPlan? = nil, inputType: ElementType = .int8,
    outputType: ElementType = .int8, keepsPortShapes: Bool = false
  ) {
    self.keepsPortShapes = keepsPortShapes
    self.evaluator = evaluator
    self.plan = plan
    self.inputType = inputType
    self.outputType = outputType
  }

  /// Lowers a legalized, channels-last graph. Everything that cannot be expressed is listed in one diagnostic.
  public func lower(_ graph: Graph) throws(Diagnostic) -> LoweredModel {
    var emission = Emission(graph, self)
    return try emission.run()
  }
}
