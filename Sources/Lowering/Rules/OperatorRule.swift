import Graph

/// What one operator demands of the numbers (scale and zero point) of its operands and results on the device.
///
///     for (index, rule) in graph.quantizationRules().enumerated() where rule.results == [.free] {
///       // the scale of operator `index`'s result may be chosen
///     }
public struct OperatorRule: Sendable, Hashable {
  /// The numbers of a result.
  public enum Result: Sendable, Hashable {
    /// Any; the operator rescales.
    case free
    /// The kernel computes for these alone; nil where the operator does not exist in int16.
    case fixed(int8: QuantizationPlan.Activation, int16: QuantizationPlan.Activation?)
    /// Those of an operand, whose integers are copied or compared as they are.
    case same(operand: Int)
    /// Not a real number: indices, truth values.
    case unquantized
  }

  /// The numbers of an operand.
  public enum Operand: Sendable, Hashable {
    /// The tensor's own, whatever they are. A constant is rounded by its own range.
    case own
    /// Those of the first result: a tensor with others is requantized before, a constant is rounded to them.
    case shared
    /// A constant rounded to symmetric int8, with one scale for each index along `axis` of the graph's tensor (one
    /// scale for all where the axis is nil).
    case weights(axis: Int?)
    /// A constant whose scale is the product of those of operand 0 and the weights.
    case bias
    /// Read while lowering, or an index or truth value on the device.
    case unquantized
    /// An optional operand that is absent.
    case absent
  }

  /// What a kernel cannot compute with.
  public enum Limit: Sendable, Hashable {
    /// The result's scale must be greater than this factor times the greatest scale of these operands.
    case resultScaleAbove(factor: Float, operands: [Int])
    /// The scales of these operands must be less than this.
    case operandScaleBelow(Float, operands: [Int])
    /// The scales of these operands must be greater than this.
    case operandScaleAbove(Float, operands: [Int])
  }

  /// How the operator comes to the device.
  public enum Form: Sendable, Hashable {
    /// As one of the device's operators, or a few of them with the same numbers.
    case native
    /// As a table of all 256 results, each exact to half a step; int8 alone.
    case table
    /// There is no int8 form.
    case none
  }

  public var operands: [Operand]
  public var results: [Result]
  public var limits: [Limit] = []
  public var form: Form = .native
  public var takesInt16: Bool = true

  public init(operands: [Operand], results: [Result]) {
    self.operands = operands
    self.results = results
  }

  /// The operands that must have the numbers of the first result, either way around.
  public var sharingOperands: [Int] {
    if case .same(let operand)? = results.first { return [operand] }
    return operands.indices.filter { operands[$0] == .shared }
  }
}

extension QuantizationPlan.Activation {
  /// What softmax and logistic compute in int8: 0 to 255/256.
  public static let probability = Self.int8(scale: 1 / 256, zeroPoint: -128)
  /// What tanh computes in int8: −1 to 127/128.
  public static let signedUnit = Self.int8(scale: 1 / 128, zeroPoint: 0)
  /// What softmax, logistic and tanh compute in int16.
  public static let unit16 = Self.int16(scale: 1 / 32768)
  /// What log softmax computes: −15.94 to 0.
  public static let logProbability = Self.int8(scale: 16 / 256, zeroPoint: 127)
  /// Truth values as numbers.
  public static let truth = Self.int8(scale: 1, zeroPoint: 0)
}
