/// A value in a YAML text, with the place it begins at.
///
///     let node = try YAMLNode(parsing: bytes)
///     node["mean"]?.items?.compactMap(\.number)
public struct YAMLNode: Sendable, Hashable {
  public enum Content: Sendable, Hashable {
    /// Text; plain text may mean a number or a truth value, quoted text is text.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    case mapping([Entry])
  }

  public struct Entry: Sendable, Hashable {
    public var key: String
    /// Of the key, counted from 1.
    public var line: Int
    public var column: Int
    public var value: YAMLNode
  }

  public var content: Content
  /// Counted from 1; columns count characters.
  public var line: Int
  public var column: Int

  public subscript(key: String) -> YAMLNode? { entries?.first { $0.key == key }?.value }

  public var entries: [Entry]? {
    if case .mapping(let entries) = content { return entries }
    return nil
  }

  public var items: [YAMLNode]? {
    if case .sequence(let items) = content { return items }
    return nil
  }

  /// The text of a scalar.
  public var text: String? {
    if case .scalar(let text, _) = content { return text }
    return nil
  }

  public var number: Double? {
    if case .scalar(let text, true) = content { return Double(text) }
    return nil
  }

  public var integer: Int? {
    if case .scalar(let text, true) = content { return Int(text) }
    return nil
  }

  public var truth: Bool? {
    guard case .scalar(let text, true) = content else { return nil }
    switch text {
    case "true", "True", "yes", "on": return true
    case "false", "False", "no", "off": return false
    default: return nil
    }
  }

  /// Nothing: an empty value, `~` or `null`.
  public var isNull: Bool {
    if case .scalar(let text, true) = content { return ["", "~", "null"].contains(text) }
    return false
  }
}

/// Why a text is not YAML, or uses more of YAML than is read here.
public struct YAMLError: Error, Sendable, Hashable {
  public var line: Int
  public var column: Int
  public var problem: String
}
