import JSONText
import Arguments
import Datasets
import Graph
import Reporting
import Storage

struct ExportCommand: Command {
  static let declaration = CommandDeclaration(
    name: "export", summary: "Writes C++ sources for the firmware of a .tflite model, and its contract.",
    discussion: """
      DIR gets the model as an aligned array, a resolver with exactly its operators, the size of its arena, functions \
      that bring numbers to its inputs and back from its outputs, model.io.json (the contract of inputs and outputs), \
      and test vectors with a checksum for each layer, so that a board finds its first wrong layer. Without --data the \
      vectors are random.
      """,
    examples: [
      .init("edgeopt export model_int8.tflite --c firmware/", "Writes the sources to firmware/."),
      .init(
        "edgeopt export model_int8.tflite --c firmware/ --data x.npy --scale 1/255",
        "With test vectors from real samples."),
    ])

  @Argument("The model, a .tflite file.", value: "MODEL", completion: .file(["tflite"])) var model: String
  @Option("The folder for the sources; made when it does not exist.", value: "DIR", completion: .directory)
  var c: String
  @Flag("Overwrite files that exist.") var force = false
  @OptionGroup("data") var data: DataOptions
  @OptionGroup("common options") var common: CommonOptions

  func validate() throws(UsageError) {
    guard data.data.isEmpty, let flag = data.idleFlag else { return }
    throw UsageError("\(flag) needs --data", hint: "say where the samples are: --data PATH")
  }

  func run() throws {
    guard ModelFormat(path: model) == .tflite else {
      throw Diagnostic(
        .usage, "'\(model)' is not a .tflite file",
        hint: "make one first: edgeopt quantize \(model) --calib PATH")
    }
    let device = try DeviceModel(path: model)
    let dataset =
      try data.data.isEmpty
      ? nil
      : Dataset(
        try data.request(inputs: device.inputs.map(\.port.name), seed: common.seed), for: device.dataInputs)
    let folder = try FirmwareFolder(
      path: c, device: device, bytes: try bytes(), name: stem, dataset: dataset, seed: common.seed,
      replaces: force, inputs: [model] + data.data)
    try folder.write()
    if common.json {
      let document = JSON.object([
        "model": .string(model), "folder": .string(c), "files": .strings(folder.names),
      ])
      return Terminal.output.write(document.text())
    }
    guard !common.quiet else { return }
    Terminal.output.write("\(c): \(folder.names.joined(separator: ", "))\n")
  }

  private var stem: String {
    let name = Folder.lastComponent(of: model)
    return name.lowercased().hasSuffix(".tflite") ? String(name.dropLast(7)) : name
  }

  private func bytes() throws(Diagnostic) -> View<UInt8> {
    do throws(StorageError) { return try Storage(mapping: model).view() } catch {
      throw Diagnostic(.inputOutput, "'\(model)' cannot be read again")
    }
  }
}
