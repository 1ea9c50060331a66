import Graph

/// Turns one node into operators of the graph; returns what each of the node's outputs stands for.
typealias Translation = @Sendable (inout Importing, Node) throws(Diagnostic) -> [ImportedValue?]
/// A translation with one result.
typealias SingleTranslation = @Sendable (inout Importing, Node) throws(Diagnostic) -> TensorID

/// An operator that the import knows.
struct OperatorEntry: Sendable {
  let name: String
  let domain: String
  let firstOpset: Int
  /// Operands whose values decide shapes, axes or amounts, so that they must be known at import.
  let shapeOperands: [Int]
  let maximumInputs: Int
  let translate: Translation

  init(
    _ name: String, domain: String = "", since firstOpset: Int = 1, inputs maximumInputs: Int,
    shapeOperands: [Int] = [], _ translate: @escaping SingleTranslation
  ) {
    self.init(
      many: name, domain: domain, since: firstOpset, inputs: maximumInputs, shapeOperands: shapeOperands
    ) { importing, node throws(Diagnostic) in
      [.tensor(try translate(&importing, node))]
    }
  }

  init(
    many name: String, domain: String = "", since firstOpset: Int = 1, inputs maximumInputs: Int,
    shapeOperands: [Int] = [], _ translate: @escaping Translation
  ) {
    self.name = name
    self.domain = domain
    self.firstOpset = firstOpset
    self.maximumInputs = maximumInputs
    self.shapeOperands = shapeOperands
    self.translate = translate
  }
}

/// Everything that the import knows, by name.
enum OperatorRegistry {
  static let entries: [OperatorEntry] =
    elementwise + activations + movement + slicing + fills + indexing + reductions + linear + windows
    + resizing + normalizations + recurrences + quantizations + integerOperators + attention + control
    + contributed

  private static let table: [String: OperatorEntry] = Dictionary(
    entries.map { ("\($0.domain)/\($0.name)", $0) }, uniquingKeysWith: { first, _ in first })

  static func entry(domain: String, name: String) -> OperatorEntry? { table["\(domain)/\(name)"] }
}

extension ONNXImporter {
  /// An operator of ONNX that can be imported, and the opsets in which it is understood.
  public struct SupportedOperator: Hashable, Sendable {
    public let name: String
    /// Empty for the standard operators.
    public let domain: String
    public let opsets: ClosedRange<Int>
    /// Inputs, counted from 0, whose values must be known: constants, or given by the user.
    public let knownInputs: [Int]
  }

  /// All operators that can be imported, by name.
  ///
  ///     for known in ONNXImporter.supportedOperators { print(known.name, known.opsets) }
  public static var supportedOperators: [SupportedOperator] {
    OperatorRegistry.entries.map { entry in
      let last = entry.domain.isEmpty ? Opsets.supported.upperBound : 1
      return SupportedOperator(
        name: entry.name, domain: entry.domain, opsets: min(entry.firstOpset, last)...last,
        knownInputs: entry.shapeOperands)
    }.sorted { ($0.domain, $0.name) < ($1.domain, $1.name) }
  }
}
