import JSONText
import Arguments
import Graph
import Reporting
import TensorMath

/// What every verb that works on models takes.
struct CommonOptions: ArgumentGroup {
  @Flag("Print the result as one JSON document on standard output, and nothing else there.") var json = false
  @Flag("Print nothing but the result, warnings and errors.", short: "q", conflicts: ["verbose"]) var quiet =
    false
  @Flag("Say more about what is done.", short: "v") var verbose = false
  @Option("Threads to work with.", value: "N", defaultText: "all") var threads: ThreadCount?
  @Option("The seed of everything random.", value: "N") var seed = 0

  func workers() throws(Diagnostic) -> Workers { try Machine.workers(threads: threads?.count) }

  /// Prints the document or the text, whichever was asked for; to `path` instead of standard output when there is one.
  func print(
    _ text: @autoclosure () -> String, json document: @autoclosure () -> JSON, to output: OutputOptions
  ) throws(Diagnostic) {
    let result = json ? document().text() : text()
    guard let path = output.output else { return Terminal.output.write(result) }
    try output.write(Array(result.utf8), to: path)
  }

  /// A remark beside the result.
  func remark(_ text: String) {
    if !quiet { Terminal.error.write("note: \(text)\n") }
  }

  /// What the user must know even of a result that was asked for quietly or as JSON.
  func warn(_ warning: QuantizationWarning) {
    if warning.isNote, quiet || json { return }
    Terminal.error.write(warning.text(width: Terminal.error.tableWidth))
  }

  /// What only `--verbose` shows.
  func detail(_ text: @autoclosure () -> String) {
    if verbose { Terminal.error.write(text() + "\n") }
  }
}

/// `--threads`: at least one.
struct ThreadCount: ArgumentValue {
  var count: Int

  init(argument: String) throws(InvalidValue) {
    guard let count = Int(argument), (1...1024).contains(count) else {
      throw InvalidValue("a number from 1 to 1024")
    }
    self.count = count
  }
  var argumentText: String { String(count) }
  static var form: ValueForm { .integer(least: 1, greatest: 1024) }
}
