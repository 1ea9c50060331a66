import Arguments

/// Puts the values of a recipe's variables where `${name}` stands; `$${` stands for `${` itself.
struct Variables {
  private let values: [String: RecipeNode]
  private var failed = false
  /// What variables come to, each found out once; nil for those that come to nothing.
  private var known: [String: String?] = [:]
  /// Texts do not grow beyond this, however variables multiply one another.
  private static let greatestLength = 4096
  private(set) var problems: [RecipeProblem] = []
  /// Where texts stand that could not be completed: nothing else is to be said of them.
  private(set) var incomplete: Set<RecipePlace> = []

  /// From the mapping `variables` of a recipe.
  init(_ node: RecipeNode?) {
    var values: [String: RecipeNode] = [:]
    for entry in node?.entries ?? [] where entry.value.text != nil { values[entry.key] = entry.value }
    self.values = values
  }

  mutating func replace(in node: RecipeNode) -> RecipeNode {
    var node = node
    switch node.content {
    case .scalar(let text, let isPlain):
      failed = false
      node.content = .scalar(expanded(text, node.place, within: []), isPlain: isPlain)
      if failed { incomplete.insert(node.place) }
    case .list(let items): node.content = .list(items.map { replace(in: $0) })
    case .mapping(let entries):
      node.content = .mapping(
        entries.map { entry in
          var entry = entry
          entry.value = replace(in: entry.value)
          return entry
        })
    }
    return node
  }

  private mutating func expanded(_ text: String, _ place: RecipePlace, within names: [String]) -> String {
    guard text.contains("${") else { return text }
    var result = ""
    var rest = text[...]
    while let start = rest.firstRange(of: "${") {
      let before = rest[..<start.lowerBound]
      if before.last == "$" {
        result += before.dropLast() + "${"
        rest = rest[start.upperBound...]
        continue
      }
      result += before
      guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
        complain(place, "'${' has no '}'; write '$${' for the characters themselves")
        return text
      }
      result += value(of: String(rest[start.upperBound..<end]), place, within: names)
      rest = rest[rest.index(after: end)...]
    }
    return result + rest
  }

  private mutating func value(of name: String, _ place: RecipePlace, within names: [String]) -> String {
    guard let node = values[name], let text = node.text else {
      let near = Suggestion.nearest(to: name, among: values.keys.sorted())
      let known = near.map { "did you mean '\($0)'?" } ?? "variables are defined under 'variables'"
      complain(place, "there is no variable '\(name)'; \(known)")
      return ""
    }
    if let found = known[name] {
      if found == nil { failed = true }
      return found ?? ""
    }
    if names.contains(name) {
      let circle = (names.drop { $0 != name } + [name]).joined(separator: " → ")
      complain(node.place, "the variable '\(name)' is defined by itself: \(circle)")
      return ""
    }
    let before = failed
    failed = false
    var result: String? = expanded(text, node.place, within: names + [name])
    if let length = result?.utf8.count, length > Self.greatestLength {
      complain(
        node.place, "the variable '\(name)' comes to \(length) characters; \(Self.greatestLength) are enough")
    }
    if failed { result = nil }
    known[name] = .some(result)
    failed = failed || before
    return result ?? ""
  }

  private mutating func complain(_ place: RecipePlace, _ message: String) {
    failed = true
    problems.append(RecipeProblem(place, message))
  }
}
