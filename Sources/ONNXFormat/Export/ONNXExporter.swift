import Graph
import Storage

/// Writes a ``Graph`` as an ONNX file that keeps the source's input and output names, shapes and layouts.
///
///     try ONNXExporter().export(graph, to: "simplified.onnx")
///
/// The lowest opset from 18 on that knows all operators is used. Constants go from their source to the file one by
/// one; the bytes depend on nothing but the graph.
public struct ONNXExporter: Sendable {
  public var producer = "edgeopt"
  public var producerVersion: String
  /// Whether real constants that are known as integers are written so, each with its DequantizeLinear.
  public var keepsIntegers = false
  /// Notes in the file, by name.
  public var metadata: [(name: String, value: String)] = []

  public init(producerVersion: String = "") { self.producerVersion = producerVersion }

  /// What was written.
  public struct Summary: Sendable, Hashable {
    public var byteCount: Int
    public var nodeCount: Int
    public var opset: Int
  }

  @discardableResult
  public func export(_ graph: Graph, to path: String) throws(Diagnostic) -> Summary {
    var exporting = Exporting(graph, keepsIntegers: keepsIntegers)
    try exporting.translate()
    let model = ExportedModel(
      exporting, producer: producer, producerVersion: producerVersion, metadata: metadata)
    guard model.byteCount <= ExportedModel.maximumByteCount else {
      throw Diagnostic(
        .unsupported,
        "the model takes \(model.byteCount) bytes; an ONNX file without external data holds at most "
          + "\(ExportedModel.maximumByteCount)",
        hint: "a microcontroller needs a far smaller model: prune or factorize it first")
    }
    do throws(StorageError) {
      try model.write(to: path)
      return Summary(byteCount: model.byteCount, nodeCount: exporting.nodes.count, opset: exporting.opset)
    } catch {
      switch error {
      case .missing:
        throw Diagnostic(
          .inputOutput, "\(path) cannot be written: its folder does not exist", hint: "make the folder first")
      case .isDirectory:
        throw Diagnostic(.inputOutput, "\(path) is a folder", hint: "give the file a name of its own")
      case .unreadable(_, let reason), .unwritable(_, let reason):
        throw Diagnostic(.inputOutput, "\(path) cannot be written: \(reason)")
      }
    }
  }
}
