import Glibc
import Graph
import Passes
import Runtime
import Storage
import Testing

@testable import ONNXFormat

/// What is exported is imported again.
@Suite struct ExportTests {
  private let folder: String

  init() throws {
    var template = Array("/tmp/edgeopt-export.XXXXXX".utf8CString)
    folder = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  private func removeFolder() {
    for name in (try? Folder.names(in: folder)) ?? [] { unlink("\(folder)/\(name)") }
    rmdir(folder)
  }

  private func imported(_ path: String) throws -> Graph {
    try ONNXImporter(options: ImportOptions(), evaluator: FloatEvaluator()).importModel(path: path)
  }

  private func roundTrip(_ graph: Graph) throws -> Graph {
    defer { removeFolder() }
    try ONNXExporter(producerVersion: "1").export(graph, to: folder + "/out.onnx")
    return try imported(folder + "/out.onnx")
  }

  private func port(_ graph: Graph, _ id: TensorID, _ name: String, as type: SourceType? = nil) -> Port {
    Port(
      tensor: id, name: name, declaredType: type ?? SourceType(graph[id].element),
      declaredShape: graph[id].shape)
  }

  @Test func theExampleModelComesBackTheSame() throws {
    defer { removeFolder() }
    let root = String(#filePath.dropLast("Tests/ONNXFormatTests/ExportTests.swift".count))
    var graph = try imported(root + "Calibration/digits/digits_cnn.onnx")
    try Pipeline.forExport.run(on: &graph)
    let (first, second) = (folder + "/a.onnx", folder + "/b.onnx")
    let summary = try ONNXExporter().export(graph, to: first)
    var again = try imported(first)
    try Pipeline.forExport.run(on: &again)
    #expect(again.operators.map(\.operation) == graph.operators.map(\.operation))
    #expect(again.inputs.map(\.declaredShape) == graph.inputs.map(\.declaredShape))
    #expect(again.outputs.map(\.name) == graph.outputs.map(\.name))
    try ONNXExporter().export(again, to: second)
    let bytes = try Storage(mapping: first).view(of: UInt8.self).array
    #expect(
      try Storage(mapping: second).view(of: UInt8.self).array == bytes && bytes.count == summary.byteCount)
  }

  @Test func outputsThatAreInputsOrConstantsOrTwiceTheSame() throws {
    var graph = Graph(name: "ports")
    let x = graph.addTensor("x", TensorType(.float32, [.batch(1), 2]))
    graph.inputs = [port(graph, x, "x")]
    let y = try graph.append(.unary(.relu), inputs: [x], names: ["y"], sources: ["relu"])[0]!
    let c = graph.addConstant(Constant(TensorValue(floats: [1, 2], sizes: [2])), name: "c")
    graph.outputs = [
      port(graph, x, "same"), port(graph, y, "first"), port(graph, y, "second"), port(graph, c, "c"),
    ]
    let again = try roundTrip(graph)
    try again.verify()
    #expect(again.outputs.map(\.name) == ["same", "first", "second", "c"])
    #expect(again.inputs.map(\.name) == ["x"])
  }

  @Test func turnedWeightsAreWrittenAsTheyWere() {
    let value = TensorValue(floats: (0..<24).map(Float.init), sizes: [2, 3, 2, 2])
    let filter = Constant(value, name: "w").permuted([0, 2, 3, 1])
    #expect(filter.permuted([0, 3, 1, 2]).simplified.steps.isEmpty)
    let depthwise = Constant(value, name: "w").reshaped([6, 1, 2, 2]).permuted([0, 2, 3, 1])
    let turned = depthwise.permuted([0, 3, 1, 2]).simplified
    #expect(turned.realized().floats.array == value.floats.array && turned.sizes == [6, 1, 2, 2])
  }

  /// Names repeat in the bodies of functions; bytes do not.
  @Test func constantsOfOneNameStayApart() throws {
    let values = View((0..<64).map(Float.init)).reinterpreted(as: UInt8.self)
    var graph = Graph(name: "names")
    let x = graph.addTensor("x", TensorType(.float32, [32]))
    graph.inputs = [port(graph, x, "x")]
    for (index, name) in ["first", "second", "first again"].enumerated() {
      let bytes = index == 1 ? values[128..<256] : values[0..<128]
      let source = Constant.Source(name: "w", type: .float32, sizes: [32], bytes: bytes)
      let weights = graph.addConstant(Constant(source), name: "w")
      let sum = try graph.append(
        .binary(.add, clamp: nil), inputs: [x, weights], names: [name], sources: [name])[0]!
      graph.outputs.append(port(graph, sum, name))
    }
    let again = try roundTrip(graph)
    let weights = again.operators.map { again[$0.inputs[1]!].constant!.realized().floats[0] }
    #expect(weights == [0, 32, 0])
    #expect(again.tensors.filter { $0.constant != nil }.count == 2)
  }

  @Test func shapesFollowTheBatch() throws {
    var graph = Graph(name: "batch")
    let x = graph.addTensor("x", TensorType(.float32, [.batch(1), 6]))
    graph.inputs = [port(graph, x, "x")]
    let halves = try graph.append(
      .reshape([.batch(2), 3]), inputs: [x], names: ["halves"], sources: ["reshape"])[0]!
    let one = graph.addConstant(Constant(TensorValue(floats: [1], sizes: [1, 1])), name: "one")
    let ones = try graph.append(
      .broadcast([.batch(1), 6]), inputs: [one], names: ["ones"], sources: ["expand"])[0]!
    graph.outputs = [port(graph, halves, "halves"), port(graph, ones, "ones")]
    try graph.verify()
    let again = try roundTrip(graph)
    #expect(again.outputs.map(\.declaredShape) == [[.batch(2), 3], [.batch(1), 6]])
  }

  @Test func portsKeepTheirTypes() throws {
    var graph = Graph(name: "types")
    let x = graph.addTensor("x", TensorType(.float32, [1, 2]))
    graph.inputs = [port(graph, x, "x", as: .float16)]
    let y = try graph.append(.unary(.relu), inputs: [x], names: ["y"], sources: ["relu"])[0]!
    graph.outputs = [port(graph, y, "y", as: .float64)]
    let again = try roundTrip(graph)
    #expect(again.inputs[0].declaredType == .float16 && again.outputs[0].declaredType == .float64)
  }

  @Test func channelsLastGraphsKeepTheirPorts() throws {
    var graph = Graph(name: "last")
    let x = graph.addTensor("x", TensorType(.float32, [1, 5, 5, 2]))
    graph.inputs = [
      Port(
        tensor: x, name: "x", declaredType: .float32, declaredShape: [1, 2, 5, 5], permutation: [0, 2, 3, 1])
    ]
    let weights = TensorValue(floats: (0..<54).map(Float.init), sizes: [3, 3, 3, 2])
    let filter = graph.addConstant(Constant(weights), name: "w")
    let convolution = Convolution(window: WindowGeometry(size: [3, 3]), layout: .channelsLast, clamp: .relu)
    let y = try graph.append(
      .convolution(convolution), inputs: [x, filter], names: ["y"], sources: ["conv"])[0]!
    graph.outputs = [
      Port(
        tensor: y, name: "y", declaredType: .float32, declaredShape: [1, 3, 3, 3], permutation: [0, 2, 3, 1])
    ]
    try graph.verify()
    let again = try roundTrip(graph)
    try again.verify()
    #expect(again.inputs[0].declaredShape == [1, 2, 5, 5] && again.outputs[0].declaredShape == [1, 3, 3, 3])
    #expect(again.operators.contains { $0.operation.name == "convolution" })
  }

  @Test func aFolderThatIsNotThereIsExplained() throws {
    var graph = Graph(name: "none")
    let x = graph.addTensor("x", TensorType(.float32, [1]))
    graph.inputs = [port(graph, x, "x")]
    graph.outputs = [port(graph, x, "y")]
    #expect(throws: Diagnostic.self) { try ONNXExporter().export(graph, to: folder + "/missing/out.onnx") }
    #expect(throws: Diagnostic.self) { try ONNXExporter().export(graph, to: folder) }
    #expect(try Folder.names(in: folder).isEmpty)
    removeFolder()
  }
}
