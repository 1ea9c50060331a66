import JSONText
import Arguments
import Datasets
import Graph
import ONNXFormat
import Reporting
import Runtime
import Storage

struct RunCommand: Command {
  static let declaration = CommandDeclaration(
    name: "run", summary: "Runs a model once on given inputs and writes its outputs as .npy files.",
    discussion: """
      Every output is written to DIR/NAME.npy with the model's own type and layout; characters of NAME other than \
      letters, digits, '.', '_' and '-' become '_'. Files that exist are not overwritten without --force.

      A .tflite file gives the bytes that TensorFlow Lite Micro computes. Its inputs may be given as the integers that the \
      device gets, or as float32 numbers, which are rounded to them; several samples may be stacked along the first axis.

      Results are the same bytes with any number of threads and any instruction set.
      """,
    examples: [
      .init(
        "edgeopt run model.onnx --input image=x.npy --output-dir out", "Writes out/NAME.npy for every output."
      ),
      .init(
        "edgeopt run model.onnx --input x.npy --output-dir out",
        "The name may be left out when there is one input."),
      .init(
        "edgeopt run model.onnx --input x.npy --output-dir out --dump-layers layers",
        "Also writes every tensor in between, under its ONNX name."),
    ])

  @Argument("The model, a .onnx or .tflite file.", value: "MODEL", completion: .file(["onnx", "tflite"]))
  var model: String
  @Option("An input's value.", value: "[NAME=]FILE.npy", completion: .file(["npy"])) var input: [String] = []
  @Option("The folder for the outputs; made when it does not exist.", value: "DIR", completion: .directory)
  var outputDir: String
  @Option("Write every tensor, too.", value: "DIR", completion: .directory) var dumpLayers: String?
  @Flag("Overwrite files that exist.") var force = false
  @Option(
    "Run N times and tell how long each took; the outputs are those of the last.", name: "repeat", value: "N",
    defaultText: "1") var repetitions: RepetitionCount?
  @OptionGroup("common options") var common: CommonOptions

  func run() throws {
    if ModelFormat(path: model) == .tflite { return try runDeviceModel() }
    let workers = try common.workers()
    let arguments = try InputArguments(model: model, arguments: input)
    var loader = ModelLoader(path: model)
    loader.keepsPortLayout = true
    loader.purpose = dumpLayers == nil ? .execution : .layerDump
    loader.importOptions = arguments.importOptions
    let loaded = try loader.load()
    for step in loaded.passes { common.detail("pass \(step.pass): \(step.summary)") }
    let program = try Runtime.Program(loaded.graph, fusesSteps: dumpLayers == nil)
    let outputs = try OutputFolder(
      path: outputDir, names: program.graph.outputs.map(\.name), replaces: force,
      inputs: [model] + arguments.files.map(\.path))
    let session = try program.makeSession(batch: 1, threads: workers.threads)
    let values = program.graph.inputs.map { arguments.value(for: $0) }
    if let dumpLayers {
      try dump(program.graph, session, to: dumpLayers, inputs: [model] + arguments.files.map(\.path))
    }
    var (results, times) = try timed { () throws(Diagnostic) in try session.run(values) }
    for _ in 1..<(repetitions?.count ?? 1) {
      let (again, time) = try timed { () throws(Diagnostic) in try session.run(values) }
      results = again
      times += time
    }
    for (index, (port, result)) in zip(program.graph.outputs, results).enumerated() {
      try outputs.write(result.inDeclaredLayout(of: port), at: index, as: port.declaredType)
    }
    let described = zip(program.graph.outputs.enumerated(), results).map { entry, result in
      RunOutput(
        name: entry.element.name, type: entry.element.declaredType.rawValue,
        sizes: result.inDeclaredLayout(of: entry.element).sizes, path: outputs.paths[entry.offset])
    }
    report(described, times, threads: workers.threads)
  }

  /// The result of `body` with the one time it took.
  func timed<Results>(
    _ body: () throws(Diagnostic) -> Results
  ) throws(Diagnostic) -> (Results, [RunTime]) {
    let (start, processor) = (ContinuousClock.now, Machine.processorSeconds)
    let results = try body()
    let time = RunTime(
      seconds: (ContinuousClock.now - start).inSeconds, processor: Machine.processorSeconds - processor)
    return (results, [time])
  }

  /// Writes each tensor as soon as it is made; the buffer it lies in is used again.
  private func dump(_ graph: Graph, _ session: Session, to path: String, inputs: [String]) throws {
    let folder = try LayerFolder(path: path, graph: graph, replaces: force, inputs: inputs)
    session.onTensor = { id, value throws(Diagnostic) in try folder.write(value, of: graph[id], id) }
  }

  func report(_ outputs: [RunOutput], _ times: [RunTime], threads: Int) {
    let seconds = times.map(\.seconds).sorted()[times.count / 2]
    if common.json {
      let document = JSON.object([
        "model": .string(model), "outputs": .array(outputs.map(\.json)), "seconds": .number(seconds),
        "threads": .integer(threads),
        "runs": .array(
          times.map {
            .object(["seconds": .number($0.seconds), "processor_seconds": .number($0.processor)])
          }),
      ])
      return Terminal.output.write(document.text())
    }
    guard !common.quiet else { return }
    var table = Table([
      .text("output", isElastic: true), .text("type"), .text("shape"), .text("file", isElastic: true),
    ])
    for output in outputs {
      let shape = output.sizes.isEmpty ? "scalar" : output.sizes.map(String.init).joined(separator: "×")
      table.add(output.name, output.type, shape, output.path)
    }
    Terminal.output.write(table.text(width: Terminal.output.tableWidth))
    let often = times.count > 1 ? "\(times.count) times, the median " : ""
    Terminal.output.write("ran \(often)in \(NumberFormat.duration(seconds: seconds)) on \(threads) threads\n")
  }
}

/// One output as it was written.
struct RunOutput {
  var name: String
  var type: String
  var sizes: [Int]
  var path: String
  /// How integers stand for real numbers.
  var quantization: Quantization?

  var json: JSON {
    var members: [JSON.Member] = [
      .init(name: "name", value: .string(name)), .init(name: "type", value: .string(type)),
      .init(name: "shape", value: .integers(sizes)), .init(name: "file", value: .string(path)),
    ]
    if let quantization {
      members.append(.init(name: "scale", value: .number(Double(quantization.scales[0]))))
      members.append(.init(name: "zero_point", value: .integer(quantization.zeroPoints[0])))
    }
    return .members(members)
  }
}

/// How long one run of a loaded model took, by the clock and by the processors.
struct RunTime {
  var seconds: Double
  var processor: Double
}

/// `--repeat`: at least once.
struct RepetitionCount: ArgumentValue {
  var count: Int

  init(argument: String) throws(InvalidValue) {
    guard let count = Int(argument), (1...1_000_000).contains(count) else {
      throw InvalidValue("a number from 1 to 1000000")
    }
    self.count = count
  }
  var argumentText: String { String(count) }
}
