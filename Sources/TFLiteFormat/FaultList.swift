import Graph

/// What is wrong with a file, gathered so that all of it is said at once.
struct FaultList {
  private var items: [(kind: Diagnostic.Kind, text: String)] = []
  private var known = Set<String>()

  mutating func add(_ kind: Diagnostic.Kind, _ text: String) {
    if items.count < 10_000, known.insert(text).inserted { items.append((kind, text)) }
  }

  /// Throws all faults of the most telling kind: wrong content before content that is merely not for us.
  func report(in name: String) throws(Diagnostic) {
    let wrong = items.filter { $0.kind == .badData }
    let all = wrong.isEmpty ? items : wrong
    guard let first = all.first else { return }
    let hint =
      first.kind == .badData
      ? "the file is damaged, or the tool that wrote it is at fault: convert the model again"
      : "convert the model again, for a microcontroller"
    if all.count == 1 { throw Diagnostic(first.kind, "'\(name)': \(first.text)", hint: hint) }
    let shown = all.prefix(20).map { "\n  \($0.text)" }.joined()
    let rest = all.count > 20 ? "\n  and \(all.count - 20) more" : ""
    throw Diagnostic(first.kind, "'\(name)' has \(all.count) faults:\(shown)\(rest)", hint: hint)
  }
}
