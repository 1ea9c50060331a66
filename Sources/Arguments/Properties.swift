/// Where a property wrapper and the parser meet: the parser fills it, the command reads it.
final class Cell<Value> {
  var value: Value?
  init(_ value: Value?) { self.value = value }
}

/// One declared argument together with the way to store what was typed.
struct Binding {
  var declaration: ArgumentDeclaration
  /// Takes a value's text, or "true" and "false" for a flag.
  var store: (String) throws(InvalidValue) -> Void
}

/// A property wrapper that declares arguments.
protocol DeclaringProperty {
  func bindings(label: String) -> [Binding]
}

/// The name that users type for a Swift property: `outputDir` becomes `output-dir`.
func spelledName(_ label: String) -> String {
  var name = ""
  for character in label.drop(while: { $0 == "_" }) {
    if character.isUppercase, !name.isEmpty { name.append("-") }
    name.append(contentsOf: character.lowercased())
  }
  return name
}

/// An argument found by its place.
///
///     @Argument("The model.", value: "MODEL", completion: .file(["onnx"])) var model: String
@propertyWrapper public struct Argument<Value>: DeclaringProperty {
  let cell: Cell<Value>
  let template: ArgumentDeclaration
  let store: (Cell<Value>, String) throws(InvalidValue) -> Void

  public var wrappedValue: Value { cell.value! }

  public init(_ help: String, value: String, completion: Completion = .none) where Value: ArgumentValue {
    cell = Cell(nil)
    template = .make(
      .positional, help, value, choices: Value.choices, form: Value.form, completion, isRequired: true)
    store = { (cell, text) throws(InvalidValue) in cell.value = try Value(argument: text) }
  }

  public init<Element: ArgumentValue>(_ help: String, value: String, completion: Completion = .none)
  where Value == Element? {
    cell = Cell(.some(nil))
    template = .make(.positional, help, value, choices: Element.choices, form: Element.form, completion)
    store = { (cell, text) throws(InvalidValue) in cell.value = .some(try Element(argument: text)) }
  }

  func bindings(label: String) -> [Binding] {
    var declaration = template
    declaration.name = spelledName(label)
    return [Binding(declaration: declaration) { (text) throws(InvalidValue) in try store(cell, text) }]
  }
}

/// `--name VALUE`.
///
///     @Option("Threads to use.", value: "N") var threads: Int?
///     @Option("Fixes an input's shape.", value: "NAME=SIZES") var inputShape: [ShapeAssignment] = []
@propertyWrapper public struct Option<Value>: DeclaringProperty {
  let cell: Cell<Value>
  let template: ArgumentDeclaration
  let name: String?
  let store: (Cell<Value>, String) throws(InvalidValue) -> Void

  public var wrappedValue: Value { cell.value! }

  /// A required option.
  public init(
    _ help: String, name: String? = nil, short: Character? = nil, value: String,
    completion: Completion = .none,
    conflicts: [String] = []
  ) where Value: ArgumentValue {
    cell = Cell(nil)
    self.name = name
    template = .make(
      .option, help, value, choices: Value.choices, form: Value.form, completion, short: short,
      conflicts: conflicts,
      isRequired: true)
    store = { (cell, text) throws(InvalidValue) in cell.value = try Value(argument: text) }
  }

  /// An option with a default.
  public init(
    wrappedValue: Value, _ help: String, name: String? = nil, short: Character? = nil, value: String,
    completion: Completion = .none, conflicts: [String] = []
  ) where Value: ArgumentValue {
    cell = Cell(wrappedValue)
    self.name = name
    template = .make(
      .option, help, value, choices: Value.choices, form: Value.form, completion, short: short,
      conflicts: conflicts,
      defaultText: wrappedValue.argumentText)
    store = { (cell, text) throws(InvalidValue) in cell.value = try Value(argument: text) }
  }

  /// An option that may be left out. `defaultText` says in words what happens then.
  public init<Element: ArgumentValue>(
    _ help: String, name: String? = nil, short: Character? = nil, value: String,
    completion: Completion = .none, conflicts: [String] = [], defaultText: String? = nil
  ) where Value == Element? {
    cell = Cell(.some(nil))
    self.name = name
    template = .make(
      .option, help, value, choices: Element.choices, form: Element.form, completion, short: short,
      conflicts: conflicts,
      defaultText: defaultText)
    store = { (cell, text) throws(InvalidValue) in cell.value = .some(try Element(argument: text)) }
  }

  /// An option that may be given many times.
  public init<Element: ArgumentValue>(
    wrappedValue: [Element], _ help: String, name: String? = nil, short: Character? = nil, value: String,
    completion: Completion = .none, conflicts: [String] = []
  ) where Value == [Element] {
    cell = Cell(wrappedValue)
    self.name = name
    template = .make(
      .option, help, value, choices: Element.choices, form: Element.form, completion, short: short,
      conflicts: conflicts,
      isRepeatable: true)
    store = { (cell, text) throws(InvalidValue) in cell.value!.append(try Element(argument: text)) }
  }

  func bindings(label: String) -> [Binding] {
    var declaration = template
    declaration.name = name ?? spelledName(label)
    return [Binding(declaration: declaration) { (text) throws(InvalidValue) in try store(cell, text) }]
  }
}

/// `--name`, or `--name` and `--no-name`.
///
///     @Flag("Print one JSON document.") var json = false
///     @Flag("Fuse activations.", invertible: true) var fuse = true
@propertyWrapper public struct Flag: DeclaringProperty {
  let cell: Cell<Bool>
  let template: ArgumentDeclaration
  let name: String?
  private let typed = Cell<Bool>(nil)

  public var wrappedValue: Bool { cell.value! }
  /// What was typed; nil when nothing was.
  public var projectedValue: Bool? { typed.value }

  public init(
    wrappedValue: Bool, _ help: String, name: String? = nil, short: Character? = nil,
    invertible: Bool = false,
    conflicts: [String] = [], isHidden: Bool = false, defaultText: String? = nil
  ) {
    cell = Cell(wrappedValue)
    self.name = name
    var template = ArgumentDeclaration.make(
      invertible ? .invertibleFlag : .flag, help, "", choices: [], .none, short: short, conflicts: conflicts,
      defaultText: defaultText ?? (invertible ? (wrappedValue ? "on" : "off") : nil))
    template.isHidden = isHidden
    self.template = template
  }

  func bindings(label: String) -> [Binding] {
    var declaration = template
    declaration.name = name ?? spelledName(label)
    return [
      Binding(declaration: declaration) { (text) throws(InvalidValue) in
        cell.value = text == "true"
        typed.value = cell.value
      }
    ]
  }
}

/// Arguments that several verbs share.
public protocol ArgumentGroup {
  init()
}

/// Takes a group's arguments into a verb, under a heading of their own in its help.
///
///     @OptionGroup("common options") var common: CommonOptions
@propertyWrapper public struct OptionGroup<Group: ArgumentGroup>: DeclaringProperty {
  public let wrappedValue: Group
  let title: String?

  public init(_ title: String? = nil) {
    wrappedValue = Group()
    self.title = title
  }

  func bindings(label _: String) -> [Binding] {
    declaredBindings(of: wrappedValue).map { binding in
      var copy = binding
      copy.declaration.section = copy.declaration.section ?? title
      return copy
    }
  }
}

/// The arguments that the properties of a verb or a group declare, in the order in which they are written.
func declaredBindings(of subject: Any) -> [Binding] {
  Mirror(reflecting: subject).children.flatMap { child in
    (child.value as? any DeclaringProperty)?.bindings(label: child.label ?? "") ?? []
  }
}

extension ArgumentDeclaration {
  static func make(
    _ role: Role, _ help: String, _ valueName: String, choices: [String], form: ValueForm = .text,
    _ completion: Completion,
    short: Character? = nil, conflicts: [String] = [], defaultText: String? = nil, isRequired: Bool = false,
    isRepeatable: Bool = false
  ) -> ArgumentDeclaration {
    ArgumentDeclaration(
      role: role, name: "", short: short, valueName: valueName, help: help, defaultText: defaultText,
      isRequired: isRequired, isRepeatable: isRepeatable, choices: choices, form: form,
      completion: completion,
      conflicts: conflicts, section: nil)
  }
}
