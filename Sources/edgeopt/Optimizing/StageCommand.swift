import Arguments
import Storage

/// A verb that can be a stage of a recipe: it does its work and writes its files, without a word on standard output.
protocol StageCommand: Command {
  /// The words that send its results into `folder`; the model is called `name` there.
  static func outputWords(folder: String, name: String, _ wishes: StageWishes) -> [String]
  func produceFiles() throws
}

/// What a recipe wants of its last stage beside the model.
struct StageWishes {
  /// The file of the model in the recipe: "digits.tflite".
  var modelName: String
  var firmware = false
  var qdq = false
}

/// How the results of stages are called in their folders.
enum StageFile {
  static let report = "report.json"
  static let ranges = "ranges.json"
  static let qdq = "qdq.onnx"
  static let firmware = "firmware"
}

extension QuantizeCommand: StageCommand {
  static func outputWords(folder: String, name: String, _ wishes: StageWishes) -> [String] {
    var words = ["--output=\(folder)/\(name)", "--report=\(folder)/\(StageFile.report)"]
    if wishes.firmware { words.append("--c=\(folder)/\(StageFile.firmware)") }
    if wishes.qdq { words.append("--qdq=\(folder)/\(StageFile.qdq)") }
    return words
  }

  func produceFiles() throws { try produce() }
}

extension ConvertCommand: StageCommand {
  static func outputWords(folder: String, name: String, _: StageWishes) -> [String] {
    ["--output=\(folder)/\(name)", "--report=\(folder)/\(StageFile.report)", "--quiet"]
  }

  func produceFiles() throws { try run() }
}

extension CalibrateCommand: StageCommand {
  static func outputWords(folder: String, name _: String, _: StageWishes) -> [String] {
    ["--output=\(folder)/\(StageFile.ranges)"]
  }

  func produceFiles() throws {
    let file = try chooseRanges()
    try output.write(Array(file.json.text().utf8), to: output.output ?? StageFile.ranges)
  }
}

extension ExportCommand: StageCommand {
  static func outputWords(folder: String, name _: String, _: StageWishes) -> [String] {
    ["--c=\(folder)/\(StageFile.firmware)", "--quiet"]
  }

  func produceFiles() throws { try run() }
}

extension CompareCommand: StageCommand {
  static func outputWords(folder: String, name _: String, _: StageWishes) -> [String] {
    ["--report=\(folder)/\(StageFile.report)"]
  }

  func produceFiles() throws { try writeReports() }
}
