import Arguments
import Storage

/// Holds a recipe's nodes against their forms, and collects everything that does not fit.
struct RecipeCheck {
  let root: RecipeSection
  /// The folder that paths are relative to.
  let folder: String
  private(set) var problems: [RecipeProblem] = []

  init(root: RecipeSection, folder: String) {
    self.root = root
    self.folder = folder
  }

  mutating func check(_ node: RecipeNode) {
    guard node.entries != nil || node.isNothing else {
      return add(node.place, "a recipe is a mapping of \(names(root)), not \(node.kind)")
    }
    check(node, RecipeForm.section(root), "the recipe")
  }

  private mutating func add(_ place: RecipePlace, _ message: String) {
    problems.append(RecipeProblem(place, message))
  }

  /// `name` is how messages call what stands there.
  private mutating func check(_ node: RecipeNode, _ form: RecipeForm, _ name: String) {
    switch form {
    case .value(let rule): check(node, rule, name)
    case .values(let rule):
      guard let items = node.items else { return check(node, rule, name) }
      if items.isEmpty { add(node.place, "\(name) is an empty list; give a value, or leave the key out") }
      for item in items { check(item, rule, "an item of \(name)") }
    case .section(let section): checkSection(node, section, name)
    case .variables: checkVariables(node)
    case .stages(let forms): checkStages(node, forms)
    }
  }

  // MARK: - Values

  private mutating func check(_ node: RecipeNode, _ rule: ValueRule, _ name: String) {
    guard let text = node.text, !node.isNothing else {
      let expected = rule.isTruth ? "true or false" : "a value"
      return add(node.place, "\(name) is \(node.kind), expected \(expected)")
    }
    if rule.isTruth {
      if node.truth == nil { add(node.place, "\(name) is '\(text)', expected true or false") }
      return
    }
    if text.isEmpty { return add(node.place, "\(name) is empty, expected a value") }
    if let expected = rule.expectation(text) {
      return add(node.place, "\(name) is '\(text)', expected \(expected)")
    }
    let isFile = text.contains("/") || text.hasSuffix(".yaml") || text.hasSuffix(".yml")
    if rule.isRead || rule.isReadAsFile && isFile, !isThere(text) {
      add(node.place, "'\(text)' does not exist; paths are relative to the recipe\(nearFile(text))")
    } else if rule.isReadAsFile, isFile {
      for problem in rule.fileProblems(path(text), text) { add(node.place, problem) }
    }
  }

  private func path(_ text: String) -> String { text.hasPrefix("/") ? text : "\(folder)/\(text)" }

  /// The path, or what stands behind a `NAME=`.
  private func isThere(_ text: String) -> Bool {
    if FileKind(of: path(text)) != .missing { return true }
    return text.indices.contains { index in
      text[index] == "=" && index != text.startIndex
        && FileKind(of: path(String(text[text.index(after: index)...]))) != .missing
    }
  }

  private func nearFile(_ text: String) -> String {
    let full = path(text)
    let names = (try? Folder.names(in: Folder.parent(of: full))) ?? []
    let near = Suggestion.nearest(to: Folder.lastComponent(of: full), among: names)
    return near.map { "; did you mean '\($0)'?" } ?? ""
  }

  // MARK: - Mappings

  private func names(_ section: RecipeSection) -> String { section.keys.map(\.name).joined(separator: ", ") }

  private mutating func checkSection(_ node: RecipeNode, _ section: RecipeSection, _ name: String) {
    guard let entries = node.entries else {
      if let shorthand = section.shorthand.flatMap({ section[$0] }), !node.isNothing {
        return check(node, shorthand.form, name)
      }
      if section.shorthand == nil, node.isNothing {
        return add(node.place, "\(name) is empty; its keys: \(names(section))")
      }
      return add(node.place, "\(name) is \(node.kind), expected a mapping of \(names(section))")
    }
    checkKeys(entries, section, name)
    for key in section.keys where key.isRequired && !entries.contains(where: { $0.key == key.name }) {
      add(node.place, "\(name) has no '\(key.name)': \(key.help)")
    }
    for entry in entries {
      guard let key = section[entry.key] else { continue }
      check(entry.value, key.form, "'\(key.name)'")
      for conflict in key.conflicts {
        guard let other = entries.first(where: { $0.key == conflict }), entry.value.truth != false,
          other.value.truth != false
        else { continue }
        add(
          max(entry.place, other.place),
          "'\(key.name)' and '\(conflict)' cannot be used together; keep one of them")
      }
    }
  }

  private mutating func checkKeys(_ entries: [RecipeNode.Entry], _ section: RecipeSection, _ name: String) {
    var seen = Set<String>()
    for entry in entries {
      if !seen.insert(entry.key).inserted {
        add(entry.place, "the key '\(entry.key)' appears twice; keep one of them")
      }
      if section[entry.key] == nil {
        add(entry.place, "unknown key '\(entry.key)' in \(name); \(advice(entry.key, section))")
      }
    }
  }

  /// The nearest key, or the section that a key belongs to, or all keys.
  private func advice(_ key: String, _ section: RecipeSection) -> String {
    if let place = self.place(of: key, in: root, behind: "") { return "it belongs under '\(place)'" }
    let keys = section.keys.map(\.name)
    if let near = Suggestion.nearest(to: key, among: keys) { return "did you mean '\(near)'?" }
    return keys.isEmpty ? "it takes no keys" : "its keys: \(keys.joined(separator: ", "))"
  }

  private func place(of key: String, in section: RecipeSection, behind prefix: String) -> String? {
    for candidate in section.keys {
      let path = prefix.isEmpty ? candidate.name : "\(prefix).\(candidate.name)"
      switch candidate.form {
      case .section(let inner):
        if inner[key] != nil { return path }
        if let place = place(of: key, in: inner, behind: path) { return place }
      case .stages(let forms):
        if let stage = forms.stages.last(where: { $0.options[key] != nil }) { return "\(path).\(stage.name)" }
      default: break
      }
    }
    return nil
  }

  private mutating func checkVariables(_ node: RecipeNode) {
    if node.isNothing { return }
    guard let entries = node.entries else {
      return add(node.place, "'variables' is \(node.kind), expected a mapping of names and values")
    }
    var seen = Set<String>()
    for entry in entries {
      if !seen.insert(entry.key).inserted {
        add(entry.place, "the variable '\(entry.key)' appears twice; keep one of them")
      }
      let isName = entry.key.allSatisfy {
        $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == "-")
      }
      if !isName || entry.key.isEmpty {
        add(entry.place, "'\(entry.key)' is not a valid variable name: letters, digits, '_' and '-'")
      }
      if entry.value.text == nil {
        add(entry.value.place, "the variable '\(entry.key)' is \(entry.value.kind), expected one value")
      }
    }
  }

  // MARK: - Stages

  private mutating func checkStages(_ node: RecipeNode, _ forms: StageForms) {
    let known = forms.stages.map(\.name).joined(separator: ", ")
    guard let items = node.items else {
      return add(node.place, "'stages' is \(node.kind), expected a list of stages: \(known)")
    }
    if items.isEmpty { return add(node.place, "'stages' is empty; stages are \(known)") }
    for item in items {
      if let name = item.text, !item.isNothing {
        checkStageName(name, item.place, forms)
      } else if let entries = item.entries {
        checkStage(entries, item.place, forms)
      } else {
        add(item.place, "a stage is \(item.kind), expected one of \(known), with or without options")
      }
    }
  }

  private mutating func checkStageName(_ name: String, _ place: RecipePlace, _ forms: StageForms) {
    if forms[name] != nil { return }
    let names = forms.stages.map(\.name)
    if forms.planned.contains(name) {
      return add(place, "the stage '\(name)' is not available in version \(forms.version)")
    }
    let near = Suggestion.nearest(to: name, among: names).map { "did you mean '\($0)'?" }
    add(place, "there is no stage '\(name)'; " + (near ?? "stages are \(names.joined(separator: ", "))"))
  }

  private mutating func checkStage(_ entries: [RecipeNode.Entry], _ place: RecipePlace, _ forms: StageForms) {
    guard let entry = entries.first else {
      return add(
        place, "a stage is empty, expected one of \(forms.stages.map(\.name).joined(separator: ", "))")
    }
    checkStageName(entry.key, entry.place, forms)
    for other in entries.dropFirst() {
      let isStage = forms[other.key] != nil || forms.planned.contains(other.key)
      add(
        other.place,
        isStage
          ? "'\(other.key)' is a stage of its own; begin its line with '- '"
          : "'\(other.key)' stands beside the stage '\(entry.key)'; indent options further than the stage's name"
      )
    }
    guard let stage = forms[entry.key], !entry.value.isNothing else { return }
    let (elsewhere, own) = (entry.value.entries ?? []).divided { stage.elsewhere[$0.key] != nil }
    for option in elsewhere {
      add(
        option.place,
        "'\(option.key)' is not given in a stage; \(stage.elsewhere[option.key]!)")
    }
    guard entry.value.entries != nil else {
      return add(entry.value.place, "'\(stage.name)' has \(entry.value.kind), expected a mapping of options")
    }
    checkSection(RecipeNode(.mapping(own), entry.value.place), stage.options, "'\(stage.name)'")
  }
}

extension Array {
  /// The elements that match, and the others, in their order.
  func divided(by matches: (Element) -> Bool) -> (matching: [Element], others: [Element]) {
    (filter(matches), filter { !matches($0) })
  }
}
