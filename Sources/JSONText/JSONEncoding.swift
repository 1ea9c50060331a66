extension JSON {
  /// A value as a document: the names of its properties in `snake_case`, in the order in which they are declared; what is
  /// nil is left out.
  ///
  ///     JSON(encoding: Size(fileBytes: 12))  // {"file_bytes": 12}
  ///
  /// Numbers that are not finite become null, and are read back as infinity.
  public init(encoding value: some Encodable) {
    // The containers below throw nothing, and neither do the values that the compiler encodes.
    self = (try? Growth.grown(from: value)) ?? .null
  }
}

/// `fileBytes` becomes `file_bytes`.
func snakeCase(_ name: String) -> String {
  var result = ""
  for character in name {
    if character.isUppercase, !result.isEmpty { result.append("_") }
    result.append(contentsOf: character.lowercased())
  }
  return result
}

/// A document while it is being made.
private final class Growth {
  private enum Kind { case value, members, elements }

  private var kind = Kind.members
  private var value = JSON.null
  private var members: [(name: String, value: Growth)] = []
  private var elements: [Growth] = []

  static func grown(from value: some Encodable) throws -> JSON {
    let root = Growth()
    try root.fill(value)
    return root.document
  }

  var document: JSON {
    switch kind {
    case .value: value
    case .members: .members(members.map { JSON.Member(name: $0.name, value: $0.value.document) })
    case .elements: .array(elements.map(\.document))
    }
  }

  func fill(_ value: some Encodable) throws {
    try value.encode(to: GrowthEncoder(growth: self))
  }

  func set(_ value: JSON) {
    kind = .value
    self.value = value
  }

  func member(_ name: String) -> Growth {
    members.append((name, Growth()))
    return members[members.count - 1].value
  }

  func becomeArray() { kind = .elements }

  func element() -> Growth {
    elements.append(Growth())
    return elements[elements.count - 1]
  }

  var elementCount: Int { elements.count }
}

private struct GrowthEncoder: Encoder {
  let growth: Growth
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy _: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(MemberEncoding<Key>(growth: growth))
  }
  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    growth.becomeArray()
    return ElementEncoding(growth: growth)
  }
  func singleValueContainer() -> any SingleValueEncodingContainer { PlainEncoding(growth: growth) }
}

private struct MemberEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let growth: Growth
  var codingPath: [any CodingKey] { [] }

  private func member(_ key: some CodingKey) -> Growth { growth.member(snakeCase(key.stringValue)) }

  func encodeNil(forKey key: Key) { member(key).set(.null) }
  func encode(_ value: some Encodable, forKey key: Key) throws { try member(key).fill(value) }
  func nestedContainer<NestedKey: CodingKey>(
    keyedBy _: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    KeyedEncodingContainer(MemberEncoding<NestedKey>(growth: member(key)))
  }
  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    GrowthEncoder(growth: member(key)).unkeyedContainer()
  }
  func superEncoder() -> any Encoder { GrowthEncoder(growth: growth.member("super")) }
  func superEncoder(forKey key: Key) -> any Encoder { GrowthEncoder(growth: member(key)) }
}

private struct ElementEncoding: UnkeyedEncodingContainer {
  let growth: Growth
  var codingPath: [any CodingKey] { [] }
  var count: Int { growth.elementCount }

  func encodeNil() { growth.element().set(.null) }
  func encode(_ value: some Encodable) throws { try growth.element().fill(value) }
  func nestedContainer<NestedKey: CodingKey>(keyedBy _: NestedKey.Type) -> KeyedEncodingContainer<NestedKey> {
    KeyedEncodingContainer(MemberEncoding<NestedKey>(growth: growth.element()))
  }
  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer {
    GrowthEncoder(growth: growth.element()).unkeyedContainer()
  }
  func superEncoder() -> any Encoder { GrowthEncoder(growth: growth.element()) }
}

private struct PlainEncoding: SingleValueEncodingContainer {
  let growth: Growth
  var codingPath: [any CodingKey] { [] }

  func encodeNil() { growth.set(.null) }
  func encode(_ value: Bool) { growth.set(.bool(value)) }
  func encode(_ value: String) { growth.set(.string(value)) }
  func encode(_ value: Double) { growth.set(.number(value)) }
  // Through its text, so that 0.1 is not 0.10000000149011612.
  func encode(_ value: Float) { growth.set(.number(Double("\(value)") ?? Double(value))) }
  func encode(_ value: Int) { growth.set(.integer(value)) }
  func encode(_ value: Int8) { growth.set(.integer(Int(value))) }
  func encode(_ value: Int16) { growth.set(.integer(Int(value))) }
  func encode(_ value: Int32) { growth.set(.integer(Int(value))) }
  func encode(_ value: Int64) { growth.set(.integer(Int(value))) }
  func encode(_ value: UInt) { growth.set(.integer(Int(clamping: value))) }
  func encode(_ value: UInt8) { growth.set(.integer(Int(value))) }
  func encode(_ value: UInt16) { growth.set(.integer(Int(value))) }
  func encode(_ value: UInt32) { growth.set(.integer(Int(value))) }
  func encode(_ value: UInt64) { growth.set(.integer(Int(clamping: value))) }
  func encode(_ value: some Encodable) throws { try growth.fill(value) }
}
