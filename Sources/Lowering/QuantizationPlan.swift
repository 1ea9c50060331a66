import Graph

/// What every tensor of a graph becomes on the device: the numbers that lowering needs to write a quantized model.
///
/// Tensors that it does not name keep their type.
///
///     var plan = QuantizationPlan()
///     plan.activations[image] = .int8(scale: 1 / 255, zeroPoint: -128)
public struct QuantizationPlan: Sendable {
  /// How one activation is stored.
  public struct Activation: Sendable, Hashable {
    /// int8 or int16.
    public var type: ElementType
    public var scale: Float
    public var zeroPoint: Int

    public init(_ type: ElementType, scale: Float, zeroPoint: Int) {
      self.type = type
      self.scale = scale
      self.zeroPoint = zeroPoint
    }

    public static func int8(scale: Float, zeroPoint: Int) -> Activation {
      Activation(.int8, scale: scale, zeroPoint: zeroPoint)
    }
    /// int16 is symmetric.
    public static func int16(scale: Float) -> Activation { Activation(.int16, scale: scale, zeroPoint: 0) }
  }

  /// One operand of one operator.
  public struct Use: Hashable, Sendable {
    /// The operator's place in the graph.
    public var consumer: Int
    public var operand: Int
    public init(consumer: Int, operand: Int) {
      self.consumer = consumer
      self.operand = operand
    }
  }

  public var activations: [TensorID: Activation] = [:]
  /// What an operand is requantized to before its operator reads it, where that differs from the tensor's own numbers.
  public var requantized: [Use: Activation] = [:]
  /// The scale of each LSTM's int16 cell state, by operator: a power of two.
  public var cellScales: [Int: Float] = [:]
  /// Real-valued biases that replace the graph's, by operator.
  public var biases: [Int: [Float]] = [:]
  /// One scale for each output channel of a weight; else one for all.
  public var isPerChannel = true

  public init() {}
}
