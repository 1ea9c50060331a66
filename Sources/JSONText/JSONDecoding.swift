import Graph

extension JSON {
  /// The document as a value of a type that the compiler decodes; the reverse of ``init(encoding:)``. Members that the type
  /// does not have are passed over.
  ///
  ///     let report = try JSON(parsing: bytes, called: "r.json").decoded(as: Report.self, called: "r.json")
  public func decoded<Value: Decodable>(as _: Value.Type, called name: String) throws(Diagnostic) -> Value {
    do {
      return try DocumentDecoder(document: self).value(Value.self)
    } catch let error as Misfit {
      let place = error.path.isEmpty ? "the document" : "'\(error.path.joined(separator: "."))'"
      throw Diagnostic(.badData, "'\(name)': \(place) \(error.problem)")
    } catch {
      throw Diagnostic(.badData, "'\(name)' holds something else than was expected: \(error)")
    }
  }

  fileprivate var kind: String {
    switch self {
    case .null: "null"
    case .bool: "a truth value"
    case .integer, .number: "a number"
    case .string: "text"
    case .array: "a list"
    case .members: "an object"
    }
  }
}

/// A place in the document that is not what the type wants.
private struct Misfit: Error {
  var path: [String]
  var problem: String
}

private struct DocumentDecoder: Decoder {
  let document: JSON
  var path: [String] = []
  var codingPath: [any CodingKey] { [] }
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func misfit(_ expected: String) -> Misfit {
    Misfit(path: path, problem: "is \(document.kind), expected \(expected)")
  }

  func value<Value: Decodable>(_: Value.Type) throws -> Value { try Value(from: self) }

  func container<Key: CodingKey>(keyedBy _: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .members(let members) = document else { throw misfit("an object") }
    let values = Dictionary(members.map { ($0.name, $0.value) }) { first, _ in first }
    return KeyedDecodingContainer(MemberDecoding<Key>(values: values, path: path))
  }
  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let elements) = document else { throw misfit("a list") }
    return ElementDecoding(elements: elements, path: path)
  }
  func singleValueContainer() -> any SingleValueDecodingContainer { PlainDecoding(decoder: self) }
}

private struct MemberDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let values: [String: JSON]
  let path: [String]
  var codingPath: [any CodingKey] { [] }
  var allKeys: [Key] { values.keys.sorted().compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { values[snakeCase(key.stringValue)] != nil }

  private func decoder(_ key: some CodingKey) throws -> DocumentDecoder {
    let name = snakeCase(key.stringValue)
    guard let value = values[name] else { throw Misfit(path: path + [name], problem: "is missing") }
    return DocumentDecoder(document: value, path: path + [name])
  }

  func decodeNil(forKey key: Key) throws -> Bool { try decoder(key).document == .null }
  func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value {
    try decoder(key).value(type)
  }
  /// Null is no absent number: it stands for infinity.
  func decodeIfPresent(_ type: Double.Type, forKey key: Key) throws -> Double? {
    contains(key) ? try decoder(key).value(type) : nil
  }
  func decodeIfPresent(_ type: Float.Type, forKey key: Key) throws -> Float? {
    contains(key) ? try decoder(key).value(type) : nil
  }
  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> { try decoder(key).container(keyedBy: type) }
  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try decoder(key).unkeyedContainer()
  }
  func superDecoder() throws -> any Decoder { DocumentDecoder(document: .null, path: path) }
  func superDecoder(forKey key: Key) throws -> any Decoder { try decoder(key) }
}

private struct ElementDecoding: UnkeyedDecodingContainer {
  let elements: [JSON]
  let path: [String]
  private(set) var currentIndex = 0
  var codingPath: [any CodingKey] { [] }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  init(elements: [JSON], path: [String]) {
    self.elements = elements
    self.path = path
  }

  private mutating func next() throws -> DocumentDecoder {
    guard !isAtEnd else { throw Misfit(path: path, problem: "is too short") }
    currentIndex += 1
    return DocumentDecoder(document: elements[currentIndex - 1], path: path + [String(currentIndex - 1)])
  }

  mutating func decodeNil() -> Bool {
    guard !isAtEnd, elements[currentIndex] == .null else { return false }
    currentIndex += 1
    return true
  }
  mutating func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try next().value(type) }
  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> { try next().container(keyedBy: type) }
  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    try next().unkeyedContainer()
  }
  mutating func superDecoder() throws -> any Decoder { try next() }
}

private struct PlainDecoding: SingleValueDecodingContainer {
  let decoder: DocumentDecoder
  var codingPath: [any CodingKey] { [] }

  func decodeNil() -> Bool { decoder.document == .null }
  func decode(_: Bool.Type) throws -> Bool {
    guard case .bool(let value) = decoder.document else { throw decoder.misfit("true or false") }
    return value
  }
  func decode(_: String.Type) throws -> String {
    guard case .string(let value) = decoder.document else { throw decoder.misfit("text") }
    return value
  }
  func decode(_: Double.Type) throws -> Double {
    if decoder.document == .null { return .infinity }
    guard let value = decoder.document.double else { throw decoder.misfit("a number") }
    return value
  }
  func decode(_: Float.Type) throws -> Float { Float(try decode(Double.self)) }
  private func integer<Value: FixedWidthInteger>() throws -> Value {
    guard let value = decoder.document.integer else { throw decoder.misfit("a whole number") }
    guard let result = Value(exactly: value) else {
      throw Misfit(path: decoder.path, problem: "is \(value), which is out of range")
    }
    return result
  }
  func decode(_: Int.Type) throws -> Int { try integer() }
  func decode(_: Int8.Type) throws -> Int8 { try integer() }
  func decode(_: Int16.Type) throws -> Int16 { try integer() }
  func decode(_: Int32.Type) throws -> Int32 { try integer() }
  func decode(_: Int64.Type) throws -> Int64 { try integer() }
  func decode(_: UInt.Type) throws -> UInt { try integer() }
  func decode(_: UInt8.Type) throws -> UInt8 { try integer() }
  func decode(_: UInt16.Type) throws -> UInt16 { try integer() }
  func decode(_: UInt32.Type) throws -> UInt32 { try integer() }
  func decode(_: UInt64.Type) throws -> UInt64 { try integer() }
  func decode<Value: Decodable>(_ type: Value.Type) throws -> Value { try decoder.value(type) }
}
