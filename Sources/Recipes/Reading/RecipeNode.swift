import YAML

/// A value of a recipe with the place where it was written: YAML's nodes, and what overrides put between them.
struct RecipeNode: Sendable {
  enum Content: Sendable {
    /// Plain text may mean a truth value or nothing; quoted text is text.
    case scalar(String, isPlain: Bool)
    case list([RecipeNode])
    case mapping([Entry])
  }

  struct Entry: Sendable {
    var key: String
    var place: RecipePlace
    var value: RecipeNode
  }

  var content: Content
  var place: RecipePlace

  init(_ content: Content, _ place: RecipePlace) {
    self.content = content
    self.place = place
  }

  /// The nodes of a file, or of the value of an override when that is given.
  init(_ node: YAMLNode, override: Int? = nil) {
    func place(_ line: Int, _ column: Int) -> RecipePlace {
      override.map(RecipePlace.override) ?? .file(line: line, column: column)
    }
    self.place = place(node.line, node.column)
    content =
      switch node.content {
      case .scalar(let text, let isPlain): .scalar(text, isPlain: isPlain)
      case .sequence(let items): .list(items.map { RecipeNode($0, override: override) })
      case .mapping(let entries):
        .mapping(
          entries.map {
            Entry(
              key: $0.key, place: place($0.line, $0.column), value: RecipeNode($0.value, override: override))
          })
      }
  }

  var entries: [Entry]? { if case .mapping(let entries) = content { entries } else { nil } }
  var items: [RecipeNode]? { if case .list(let items) = content { items } else { nil } }
  var text: String? { if case .scalar(let text, _) = content { text } else { nil } }
  subscript(key: String) -> RecipeNode? { entries?.first { $0.key == key }?.value }

  /// Nothing: an empty value, `~` or `null`.
  var isNothing: Bool {
    if case .scalar(let text, true) = content { ["", "~", "null"].contains(text) } else { false }
  }

  var truth: Bool? {
    guard case .scalar(let text, true) = content else { return nil }
    return switch text.lowercased() {
    case "true", "yes", "on": true
    case "false", "no", "off": false
    default: nil
    }
  }

  /// What it is, in messages.
  var kind: String {
    switch content {
    case .list: "a list"
    case .mapping: "a mapping"
    case .scalar(let text, _): isNothing ? "nothing" : "'\(text)'"
    }
  }
}
