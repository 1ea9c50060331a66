import Arguments
import YAML

/// A value that replaces one of a recipe: `data.calibration.samples=100`, `stages.quantize.percentile=99.9`, or
/// `name=value` for a variable.
public struct RecipeOverride: Sendable, Hashable, ArgumentValue {
  /// As it was typed.
  public let text: String
  let path: [String]
  let value: String

  public init(argument: String) throws(InvalidValue) {
    guard let sign = argument.firstIndex(of: "="), sign != argument.startIndex else {
      throw InvalidValue("KEY=VALUE")
    }
    text = argument
    path = argument[..<sign].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    value = String(argument[argument.index(after: sign)...])
    guard path.allSatisfy({ !$0.isEmpty }) else {
      throw InvalidValue("KEY=VALUE, with dots between the parts of a key")
    }
  }

  public var argumentText: String { text }
  public static var form: ValueForm { .pattern("^[^=.]+(\\.[^=.]+)*=.*$") }
}

/// Puts overrides into a recipe's nodes.
struct OverrideApplication {
  let root: RecipeSection
  private(set) var node: RecipeNode
  private(set) var problems: [RecipeProblem] = []

  init(root: RecipeSection, _ node: RecipeNode) {
    self.root = root
    self.node = node
  }

  mutating func apply(_ override: RecipeOverride, index: Int) {
    let place = RecipePlace.override(index)
    do {
      let value = try Self.node(override.value, index: index)
      var path = override.path[...]
      if path.count == 1, let name = path.first, root[name] == nil {
        guard node["variables"]?[name] != nil else { throw Failure(unknownName(name)) }
        path = ["variables", name]
      }
      node = try Self.setting(path, to: value, in: node, RecipeForm.section(root), place)
    } catch let failure as Failure {
      problems.append(RecipeProblem(place, failure.message))
    } catch {
      problems.append(RecipeProblem(place, "the value cannot be read"))
    }
  }

  private struct Failure: Error {
    var message: String
    init(_ message: String) { self.message = message }
  }

  /// Lists and quoted texts as in YAML; all else is the value itself.
  private static func node(_ text: String, index: Int) throws -> RecipeNode {
    guard let first = text.first, "[{\"'".contains(first) else {
      return RecipeNode(.scalar(text, isPlain: true), .override(index))
    }
    do throws(YAMLError) {
      return RecipeNode(try YAMLNode(parsing: Array(text.utf8)), override: index)
    } catch {
      throw Failure("the value is no YAML: \(error.problem)")
    }
  }

  private func unknownName(_ name: String) -> String {
    let variables = node["variables"]?.entries?.map(\.key) ?? []
    let near = Suggestion.nearest(to: name, among: variables + root.keys.map(\.name))
    return "the recipe has no variable and no key '\(name)'; "
      + (near.map { "did you mean '\($0)'?" }
        ?? "variables: \(variables.isEmpty ? "none" : variables.joined(separator: ", "))")
  }

  private static func setting(
    _ path: ArraySlice<String>, to value: RecipeNode, in node: RecipeNode?, _ form: RecipeForm,
    _ place: RecipePlace
  ) throws -> RecipeNode {
    guard let name = path.first else { return value }
    switch form {
    case .value, .values: throw Failure("there is nothing below it: '\(name)' is too much")
    case .variables:
      guard path.count == 1 else { throw Failure("a variable has no parts") }
      return entry(name, value, in: node, place)
    case .section(let section):
      guard let key = section[name] else {
        let near = Suggestion.nearest(to: name, among: section.keys.map(\.name))
        throw Failure(
          "unknown key '\(name)'; "
            + (near.map { "did you mean '\($0)'?" }
              ?? "keys: \(section.keys.map(\.name).joined(separator: ", "))"))
      }
      var node = node
      // `model: a.onnx` has room for more than the path once it is written out.
      if let old = node, old.entries == nil, !old.isNothing, let shorthand = section.shorthand {
        node = RecipeNode(.mapping([.init(key: shorthand, place: old.place, value: old)]), old.place)
      }
      let inner = try setting(path.dropFirst(), to: value, in: node?[name], key.form, place)
      return entry(name, inner, in: node, place)
    case .stages(let forms): return try setting(stage: path, to: value, in: node, forms, place)
    }
  }

  /// A stage is found by its name or by its number from 0.
  private static func setting(
    stage path: ArraySlice<String>, to value: RecipeNode, in node: RecipeNode?, _ forms: StageForms,
    _ place: RecipePlace
  ) throws -> RecipeNode {
    var items = node?.items ?? []
    let names = items.map { $0.text ?? $0.entries?.first?.key ?? "" }
    let wanted = path.first!
    guard
      let index = Int(wanted).flatMap({ items.indices.contains($0) ? $0 : nil })
        ?? names.firstIndex(of: wanted)
    else {
      let near = Suggestion.nearest(to: wanted, among: names).map { "did you mean '\($0)'?" }
      throw Failure(
        "the recipe has no stage '\(wanted)'; \(near ?? "its stages: \(names.joined(separator: ", "))")")
    }
    guard let form = forms[names[index]] else { throw Failure("'\(names[index])' is no stage") }
    guard path.count > 1 else {
      throw Failure("an option of the stage is missing: stages.\(wanted).OPTION=VALUE")
    }
    if let name = path.dropFirst().first, let elsewhere = form.elsewhere[name] {
      throw Failure("'\(name)' is not given in a stage; \(elsewhere)")
    }
    let old = items[index].entries?.first
    let options = try setting(
      path.dropFirst(), to: value, in: old?.value.isNothing == true ? nil : old?.value,
      .section(form.options), place)
    items[index] = RecipeNode(
      .mapping([.init(key: names[index], place: old?.place ?? items[index].place, value: options)]),
      items[index].place)
    return RecipeNode(.list(items), node?.place ?? place)
  }

  private static func entry(
    _ key: String, _ value: RecipeNode, in node: RecipeNode?, _ place: RecipePlace
  ) -> RecipeNode {
    var entries = node?.entries ?? []
    if let index = entries.firstIndex(where: { $0.key == key }) {
      entries[index].value = value
    } else {
      entries.append(.init(key: key, place: place, value: value))
    }
    return RecipeNode(.mapping(entries), node?.place ?? place)
  }
}
