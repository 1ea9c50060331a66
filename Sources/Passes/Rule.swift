import Graph

/// What a rule puts in the place of an operator.
struct Rewrite {
  enum Result {
    case operation(Operation, inputs: [TensorID?])
    /// An existing tensor takes the place of the (first) result.
    case tensor(TensorID)
  }
  var result: Result
  /// Operators whose work the new one does too; they die when nobody else reads them.
  var absorbed: [Int] = []
  /// What is written into the result's origin.
  var change: String?

  static func operation(
    _ operation: Operation, _ inputs: [TensorID?], absorbing absorbed: [Int] = [], change: String? = nil
  ) -> Rewrite {
    Rewrite(result: .operation(operation, inputs: inputs), absorbed: absorbed, change: change)
  }

  static func tensor(_ id: TensorID, absorbing absorbed: [Int] = []) -> Rewrite {
    Rewrite(result: .tensor(id), absorbed: absorbed)
  }
}

/// One small rewriting: looks at an operator and returns what should stand there instead, or nothing.
struct Rule: Sendable {
  /// What summaries count: "clamp fused".
  let name: String
  let rewrite: @Sendable (Operator, inout Editor) throws(Diagnostic) -> Rewrite?

  init(
    _ name: String,
    _ rewrite: @escaping @Sendable (Operator, inout Editor) throws(Diagnostic) -> Rewrite?
  ) {
    self.name = name
    self.rewrite = rewrite
  }
}

extension Graph {
  /// Applies the rules until none fits any more.
  mutating func apply(_ rules: [Rule]) throws(Diagnostic) -> PassSummary {
    var editor = Editor(self)
    var summary = PassSummary()
    var waiting = Array((0..<editor.nodeCount).reversed())
    var isWaiting = [Bool](repeating: true, count: waiting.count)
    // Every rule shrinks the graph or moves it toward a form that no rule undoes; the bound only guards against
    // two rules that would undo each other.
    var budget = 64 * editor.nodeCount + 1024
    while let index = waiting.popLast() {
      isWaiting[index] = false
      for rule in rules {
        guard budget > 0, let node = editor.node(index) else { break }
        guard let rewrite = try rule.rewrite(node, &editor) else { continue }
        guard try editor.perform(rewrite, at: index, node) else { continue }
        summary.count(rule.name)
        budget -= 1
        break
      }
      if isWaiting.count < editor.nodeCount {
        isWaiting += [Bool](repeating: false, count: editor.nodeCount - isWaiting.count)
      }
      for other in editor.takeTouched().reversed() where !isWaiting[other] && editor.node(other) != nil {
        isWaiting[other] = true
        waiting.append(other)
      }
    }
    self = editor.finish()
    return summary
  }
}

extension Editor {
  fileprivate mutating func perform(
    _ rewrite: Rewrite, at index: Int, _ node: Operator
  ) throws(Diagnostic) -> Bool {
    switch rewrite.result {
    case .tensor(let id):
      guard let old = node.outputs[0], type(old) == type(id) else { return false }
      forward(index, to: id, absorbing: rewrite.absorbed)
    case .operation(let operation, let inputs):
      guard try replace(index, with: operation, inputs: inputs, absorbing: rewrite.absorbed) else {
        return false
      }
      if let change = rewrite.change, let result = node.outputs[0] { note(change, on: result) }
    }
    return true
  }
}
