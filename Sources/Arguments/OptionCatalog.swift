/// The options that a verb or a group of options declares, for whoever takes their values from elsewhere than from
/// words: a recipe, for instance.
///
///     let options = OptionCatalog(Greet.self)
///     options["name"]?.help
///     options.expectation(unmetBy: "0", of: "times")  // "a number from 1 to 9"
public struct OptionCatalog: Sendable {
  /// In the order of their declaration, without what help texts do not show.
  public private(set) var declarations: [ArgumentDeclaration]
  /// Bindings to values of their own, made anew for each look.
  private let makeBindings: @Sendable () -> [Binding]

  public init(_ command: any Command.Type) {
    self.init { declaredBindings(of: command.init()) }
  }

  public init<Group: ArgumentGroup & SendableMetatype>(_ group: Group.Type) {
    self.init { declaredBindings(of: group.init()) }
  }

  private init(_ makeBindings: @escaping @Sendable () -> [Binding]) {
    self.makeBindings = makeBindings
    declarations = makeBindings().map(\.declaration).filter { !$0.isHidden && $0.role != .positional }
  }

  /// Only the options of these names.
  public func keeping(_ names: [String]) -> OptionCatalog {
    var copy = self
    copy.declarations = declarations.filter { names.contains($0.name) }
    return copy
  }

  public subscript(name: String) -> ArgumentDeclaration? { declarations.first { $0.name == name } }

  /// What would have been right, when the text is no value of the option; nil when it is one.
  public func expectation(unmetBy text: String, of name: String) -> String? {
    guard let binding = makeBindings().first(where: { $0.declaration.name == name }) else { return nil }
    do throws(InvalidValue) {
      try binding.store(text)
      return nil
    } catch {
      return error.expected
    }
  }
}
