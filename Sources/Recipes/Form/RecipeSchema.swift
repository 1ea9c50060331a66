import Arguments
import JSONText

extension RecipeVocabulary {
  /// The form of recipes as a JSON Schema, by which editors complete and check.
  public var schema: JSON {
    guard case .members(let members) = SchemaWriter.schema(of: .section(root)) else { return .null }
    return .members(
      [
        .init(name: "$schema", value: "https://json-schema.org/draft/2020-12/schema"),
        .init(name: "title", value: "edgeopt recipe"),
        .init(
          name: "description",
          value: .string("What 'edgeopt optimize' does to a model. Of version \(version).")),
      ] + members)
  }
}

/// Writes forms as JSON Schema. Wherever a value stands, `${name}` may stand too.
private enum SchemaWriter {
  private static let variable = JSON.object(["type": "string", "pattern": .string(#"\$\{[^}]+\}"#)])

  static func schema(of form: RecipeForm) -> JSON {
    switch form {
    case .value(let rule): anyOf(values(rule) + [variable])
    case .values(let rule):
      anyOf(values(rule) + [variable, list(anyOf(values(rule) + [variable]))])
    case .section(let section): schema(of: section)
    case .variables:
      .object([
        "type": "object", "propertyNames": .object(["pattern": "^[A-Za-z0-9_-]+$"]),
        "additionalProperties": .object(["type": .strings(["string", "number", "boolean"])]),
      ])
    case .stages(let forms): schema(of: forms)
    }
  }

  private static func list(_ items: JSON) -> JSON {
    .object(["type": "array", "items": items, "minItems": 1])
  }

  private static func anyOf(_ choices: [JSON]) -> JSON {
    choices.count == 1 ? choices[0] : .object(["anyOf": .array(choices)])
  }

  private static func values(_ rule: ValueRule) -> [JSON] {
    if rule.isTruth { return [.object(["type": "boolean"])] }
    if !rule.choices.isEmpty { return [.object(["enum": .strings(rule.choices)])] }
    switch rule.form {
    case .text: return [.object(["type": .strings(["string", "number"]), "minLength": 1])]
    case .number: return [.object(["type": "number"])]
    case .numbers:
      return [
        .object(["type": "number"]),
        .object([
          "type": "string",
          "pattern": .string(#"^ *-?[0-9.]+(e[+-]?[0-9]+)?( *, *-?[0-9.]+(e[+-]?[0-9]+)?)* *$"#),
        ]),
      ]
    case .pattern(let pattern):
      return [.object(["type": .strings(["string", "number"]), "pattern": .string(pattern)])]
    case .integer(let least, let greatest):
      var members: [JSON.Member] = [.init(name: "type", value: "integer")]
      if let least { members.append(.init(name: "minimum", value: .integer(least))) }
      if let greatest { members.append(.init(name: "maximum", value: .integer(greatest))) }
      return [.members(members)]
    }
  }

  private static func schema(of section: RecipeSection) -> JSON {
    var members: [JSON.Member] = [
      .init(name: "type", value: "object"),
      .init(name: "properties", value: .members(section.keys.map(property))),
    ]
    let required = section.keys.filter(\.isRequired).map(\.name)
    if !required.isEmpty { members.append(.init(name: "required", value: .strings(required))) }
    let conflicts = section.keys.flatMap { key in
      key.conflicts.filter { section[$0] != nil && key.name < $0 }.map { [key.name, $0] }
    }
    if !conflicts.isEmpty {
      members.append(
        .init(
          name: "not",
          value: anyOf(conflicts.map { .object(["required": .strings($0)]) })))
    }
    members.append(.init(name: "additionalProperties", value: false))
    let mapping = JSON.members(members)
    guard let shorthand = section.shorthand.flatMap({ section[$0] }) else { return mapping }
    return anyOf([schema(of: shorthand.form), mapping])
  }

  private static func property(_ key: RecipeKey) -> JSON.Member {
    var members = [JSON.Member(name: "description", value: .string(key.help))]
    if case .members(let inner) = schema(of: key.form) { members += inner }
    return .init(name: key.name, value: .members(members))
  }

  /// A list of names, or of names with options.
  private static func schema(of forms: StageForms) -> JSON {
    let names = JSON.object(["enum": .strings(forms.stages.map(\.name))])
    let withOptions = forms.stages.map { stage in
      JSON.object([
        "type": "object",
        "properties": .members([
          .init(
            name: stage.name,
            value: .object([
              "description": .string(stage.help),
              "anyOf": .array([.object(["type": "null"]), schema(of: stage.options)]),
            ]))
        ]),
        "required": .strings([stage.name]), "additionalProperties": false,
      ])
    }
    return list(anyOf([names] + withOptions))
  }
}
