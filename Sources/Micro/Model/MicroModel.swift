import Graph
import Storage

/// A model in the form in which TensorFlow Lite Micro (TFLM) runs it: what a `.tflite` file holds.
///
/// Tensors and operators keep the order of the file, because the device's memory plan depends on it.
///
///     var model = MicroModel()
///     let x = model.main.add(MicroTensor("x", .int8, [1, 4], quantization: grid))
public struct MicroModel: Sendable {
  /// The first is the one that is invoked; the others are reached through control flow.
  public var subgraphs: [MicroSubgraph]
  public var description: String
  /// In file order. The reader and the writer leave their payloads alone.
  public var metadata: [MicroMetadata]

  public init(
    subgraphs: [MicroSubgraph] = [MicroSubgraph()], description: String = "", metadata: [MicroMetadata] = []
  ) {
    precondition(!subgraphs.isEmpty)
    self.subgraphs = subgraphs
    self.description = description
    self.metadata = metadata
  }

  /// The subgraph that is invoked.
  public var main: MicroSubgraph {
    get { subgraphs[0] }
    _modify { yield &subgraphs[0] }
  }

  /// The payload of the metadata entry of this name.
  public func metadata(named name: String) -> View<UInt8>? { metadata.first { $0.name == name }?.bytes }
}

/// A named payload beside the network.
public struct MicroMetadata: Sendable {
  public var name: String
  public var bytes: View<UInt8>

  public init(name: String, bytes: View<UInt8>) {
    self.name = name
    self.bytes = bytes
  }
}

/// Tensors, and operators in the order in which they run.
public struct MicroSubgraph: Sendable {
  public var name: String
  public var tensors: [MicroTensor] = []
  /// Indices into `tensors`.
  public var inputs: [Int] = []
  public var outputs: [Int] = []
  public var operators: [MicroOperator] = []

  public init(name: String = "") { self.name = name }

  /// Adds a tensor and says where it is.
  public mutating func add(_ tensor: MicroTensor) -> Int {
    tensors.append(tensor)
    return tensors.count - 1
  }
}

/// One tensor of a subgraph.
public struct MicroTensor: Sendable {
  public var name: String
  public var type: MicroType
  /// Every extent is fixed; empty for a scalar. Foreign files may hold −1.
  public var shape: [Int]
  /// nil when the tensor has none (TFLM takes a tensor without both scale and zero point for unquantized).
  public var quantization: Quantization?
  /// The elements of a constant, row-major, int4 packed two to a byte; nil for what operators make.
  public var data: View<UInt8>?
  /// State that stays between invocations.
  public var isVariable: Bool
  /// nil where `data` holds the elements themselves.
  public var compression: MicroCompression?

  public init(
    _ name: String, _ type: MicroType, _ shape: [Int], quantization: Quantization? = nil,
    data: View<UInt8>? = nil,
    isVariable: Bool = false
  ) {
    self.name = name
    self.type = type
    self.shape = shape
    self.quantization = quantization
    self.data = data
    self.isVariable = isVariable
  }

  public var elementCount: Int { Self.elementCount(of: shape) }
  /// Bytes of the elements in the device's memory, where an int4 takes a whole byte; nil for types without a size.
  public var byteCount: Int? { type.byteCount.map { $0 * elementCount } }
  public var isConstant: Bool { data.map { $0.count > 0 } ?? false }

  /// What stands for this count and all above it: more than any memory holds, yet their bytes still add up in an Int.
  public static let uncountable = 1 << 48

  /// The product of extents, whatever a file claims.
  public static func elementCount(of shape: some Sequence<Int>) -> Int {
    var count = 1
    for extent in shape {
      if extent == 0 { return 0 }
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      count = overflow || product.magnitude >= uncountable ? uncountable : product
    }
    return count
  }
}

/// How a constant is stored in few bits: its data are indices, most significant bit first, into values.
public struct MicroCompression: Sendable {
  /// Bits of one index, 1 to 7.
  public var bitWidth: Int
  /// In the tensor's type: one table, or one after another for each scale of the tensor.
  public var values: View<UInt8>

  public init(bitWidth: Int, values: View<UInt8>) {
    self.bitWidth = bitWidth
    self.values = values
  }
}

/// One operator of a subgraph.
public struct MicroOperator: Sendable {
  public var code: BuiltinOperator
  /// The name of a custom operator; empty for all others.
  public var customName: String
  /// The version that LiteRT wants for this use of the operator; TFLM never reads it.
  public var version: Int
  /// Indices of tensors; nil where an optional operand is absent.
  public var inputs: [Int?]
  public var outputs: [Int]
  public var options: MicroOptions
  /// The payload of a custom operator.
  public var customOptions: View<UInt8>?
  public var intermediates: [Int]
  /// The source file's nodes that this operator stands for. Not part of the file.
  public var sources: [String]

  public init(
    _ code: BuiltinOperator, inputs: [Int?], outputs: [Int], options: MicroOptions = .none, version: Int = 1,
    customName: String = "", customOptions: View<UInt8>? = nil, intermediates: [Int] = [],
    sources: [String] = []
  ) {
    self.code = code
    self.inputs = inputs
    self.outputs = outputs
    self.options = options
    self.version = version
    self.customName = customName
    self.customOptions = customOptions
    self.intermediates = intermediates
    self.sources = sources
  }
}
