import Graph
import Quantization
import Reporting

/// Something that is likely wrong with the data or with what came of them, and what to do about it.
struct QuantizationWarning {
  var message: String
  var hint: String?
  /// Worth knowing, though nothing is wrong.
  var isNote = false

  init(_ message: String, hint: String? = nil) {
    self.message = message
    self.hint = hint
  }

  init(_ finding: DoctorReport.Finding) {
    self.init(finding.message, hint: finding.hint)
    isNote = finding.severity == .note
  }

  /// Below this many decibels the error is a third of the outputs' size or more.
  private static let leastFidelity = 10.0

  /// nil when the outputs are near enough.
  init?(_ fidelity: OutputFidelity?, hasFindings: Bool) {
    guard let fidelity, fidelity.decibels < Self.leastFidelity else { return nil }
    let decibels = NumberFormat.fixed(fidelity.decibels, digits: 1)
    self.init(
      "the int8 outputs have little in common with the float model's (SQNR \(decibels) dB)",
      hint: hasFindings
        ? "look at the findings about the data above"
        : "check that the calibration samples are prepared as the model expects")
  }

  var fact: Report.Warning { Report.Warning(message, hint: hint) }

  /// Message and hint as one line.
  var sentences: String { ([message] + [hint].compactMap { $0 }).joined(separator: "; ") }

  func text(width: Int) -> String {
    let word = isNote ? "note" : "warning"
    let head = "\(word): \(message.printable())\n"
    let lines = (hint ?? "").printable(keepsLines: true).split(separator: "\n").map { "  \($0)\n" }.joined()
    // What is not for a screen can be searched for, a line each.
    return width == .max ? head + lines : head.wrapped(to: width, hanging: 2) + lines.wrapped(to: width)
  }
}
