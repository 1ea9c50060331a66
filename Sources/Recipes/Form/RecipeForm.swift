import Arguments
import Reporting

/// What may stand at a place of a recipe. Checking, overriding and the JSON Schema all go by it.
indirect enum RecipeForm: Sendable {
  case value(ValueRule)
  /// One value or a list of them.
  case values(ValueRule)
  case section(RecipeSection)
  /// Names with values, which the user chooses.
  case variables
  case stages(StageForms)
}

/// A mapping with keys that are known.
struct RecipeSection: Sendable {
  var keys: [RecipeKey]
  /// The key that a value alone stands for: `model: a.onnx` is `model: {path: a.onnx}`.
  var shorthand: String?

  subscript(name: String) -> RecipeKey? { keys.first { $0.name == name } }
}

struct RecipeKey: Sendable {
  var name: String
  var help: String
  var form: RecipeForm
  var isRequired = false
  /// Keys that make no sense together with this one.
  var conflicts: [String] = []
}

/// What one value must be.
struct ValueRule: Sendable {
  /// What would have been right, when the text is no value; nil when it is one.
  var expectation: @Sendable (String) -> String? = { _ in nil }
  /// For documents that editors check.
  var form = ValueForm.text
  var choices: [String] = []
  /// True or false, and nothing else.
  var isTruth = false
  /// Names a file or a folder that must be there; in front of it may stand `NAME=`.
  var isRead = false
  /// Names a file that must be there when it looks like one.
  var isReadAsFile = false
  /// What is wrong inside of such a file, by its path, a text for each; messages call it by `name`.
  var fileProblems: @Sendable (_ path: String, _ name: String) -> [String] = { _, _ in [] }
}

/// What a list of stages may hold.
struct StageForms: Sendable {
  struct Stage: Sendable {
    var name: String
    var help: String
    var options: RecipeSection
    /// Options of the verb that the recipe gives elsewhere, and where, in words.
    var elsewhere: [String: String]
  }

  var stages: [Stage]
  /// Verbs that other versions have as stages.
  var planned: [String]
  var version: String

  subscript(name: String) -> Stage? { stages.first { $0.name == name } }
}

extension RecipeKey {
  /// A key for an option that a verb declares: the same name, values and help.
  init(_ declaration: ArgumentDeclaration, in catalog: OptionCatalog, isRead: Bool? = nil) {
    let name = declaration.name
    let takesValue = declaration.takesValue
    var rule = ValueRule(form: declaration.form, choices: declaration.choices, isTruth: !takesValue)
    if takesValue { rule.expectation = { catalog.expectation(unmetBy: $0, of: name) } }
    if case .file = declaration.completion { rule.isRead = isRead ?? true }
    var help = declaration.help
    if let text = declaration.defaultText { help += " (default: \(text))" }
    self.init(
      name: name, help: help,
      form: declaration.isRepeatable || declaration.form == .numbers ? .values(rule) : .value(rule),
      conflicts: declaration.conflicts)
  }
}

extension RecipeKey {
  init(gate: GateLimits.Key) {
    let name = gate.name
    var rule = ValueRule()
    switch gate.form {
    case .flag: rule.isTruth = true
    case .text(let pattern):
      rule.form = .pattern(pattern)
      rule.expectation = { text in
        var limits = GateLimits()
        do throws(InvalidLimit) {
          try limits.set(name, to: text)
          return nil
        } catch {
          return error.expected
        }
      }
    }
    self.init(name: name, help: gate.help, form: .value(rule))
  }
}
