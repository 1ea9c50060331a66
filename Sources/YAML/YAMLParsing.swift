import CYAML

extension YAMLNode {
  /// Reads one document. Anchors, aliases, tags and repeated keys are refused, so that a text means what it shows
  /// and stays as large as it is. Who lists all problems of a text itself may take repeated keys (`keepsRepeatedKeys`).
  public init(parsing bytes: [UInt8], keepsRepeatedKeys: Bool = false) throws(YAMLError) {
    guard bytes.count <= YAMLEvents.maximumByteCount else {
      throw YAMLError(
        line: 1, column: 1,
        problem: "the text has \(bytes.count) bytes; at most \(YAMLEvents.maximumByteCount) are read"
      )
    }
    let events = try YAMLEvents(bytes)
    var reader = NodeReader(events: events.list, keepsRepeatedKeys: keepsRepeatedKeys)
    self = try reader.document()
  }
}

private struct YAMLEvents {
  static let maximumByteCount = 1 << 20

  enum Event {
    case scalar(String, isPlain: Bool)
    case sequenceStart, sequenceEnd, mappingStart, mappingEnd
    case documentStart
  }

  /// Where an event begins; both counted from 1.
  struct Mark {
    var line: Int
    var column: Int

    init(_ mark: yaml_mark_t) {
      line = mark.line + 1
      column = mark.column + 1
    }
  }

  private(set) var list: [(event: Event, mark: Mark)] = []

  init(_ bytes: [UInt8]) throws(YAMLError) {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else {
      throw YAMLError(line: 1, column: 1, problem: "out of memory")
    }
    defer { yaml_parser_delete(&parser) }
    // The parser reads from this memory until it is deleted.
    let text = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(1, bytes.count))
    defer { text.deallocate() }
    _ = text.update(fromContentsOf: bytes)
    yaml_parser_set_input_string(&parser, text.baseAddress, bytes.count)
    var isDone = false
    while !isDone {
      var event = yaml_event_t()
      guard yaml_parser_parse(&parser, &event) == 1 else {
        let problem = parser.problem.map { String(cString: $0) } ?? "the text is no YAML"
        throw YAMLError(Mark(parser.problem_mark), problem)
      }
      defer { yaml_event_delete(&event) }
      isDone = try take(event)
    }
  }

  /// Returns whether the text is at its end.
  private mutating func take(_ event: yaml_event_t) throws(YAMLError) -> Bool {
    let mark = Mark(event.start_mark)
    switch event.type {
    case YAML_STREAM_END_EVENT: return true
    case YAML_DOCUMENT_START_EVENT: list.append((.documentStart, mark))
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      try refuse(anchor: scalar.anchor, tag: scalar.tag, mark)
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      list.append((.scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), mark))
    case YAML_SEQUENCE_START_EVENT:
      try refuse(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag, mark)
      list.append((.sequenceStart, mark))
    case YAML_MAPPING_START_EVENT:
      try refuse(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag, mark)
      list.append((.mappingStart, mark))
    case YAML_SEQUENCE_END_EVENT: list.append((.sequenceEnd, mark))
    case YAML_MAPPING_END_EVENT: list.append((.mappingEnd, mark))
    case YAML_ALIAS_EVENT: throw YAMLError(mark, "aliases ('*name') are not read")
    default: break
    }
    return false
  }

  private func refuse(anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?, _ mark: Mark)
    throws(YAMLError)
  {
    if anchor != nil { throw YAMLError(mark, "anchors ('&name') are not read") }
    if tag != nil { throw YAMLError(mark, "tags ('!name') are not read") }
  }
}

private struct NodeReader {
  let events: [(event: YAMLEvents.Event, mark: YAMLEvents.Mark)]
  let keepsRepeatedKeys: Bool
  private var position = 0
  private static let maximumDepth = 64

  init(events: [(event: YAMLEvents.Event, mark: YAMLEvents.Mark)], keepsRepeatedKeys: Bool) {
    self.events = events
    self.keepsRepeatedKeys = keepsRepeatedKeys
  }

  mutating func document() throws(YAMLError) -> YAMLNode {
    guard !events.isEmpty else { return YAMLNode(content: .mapping([]), line: 1, column: 1) }
    position = 1
    let node = try node(depth: 0)
    guard position == events.count else {
      throw YAMLError(events[position].mark, "a second document begins; one is read")
    }
    return node
  }

  private mutating func node(depth: Int) throws(YAMLError) -> YAMLNode {
    let (event, mark) = events[position]
    guard depth < Self.maximumDepth else {
      throw YAMLError(mark, "values are nested too deeply")
    }
    position += 1
    switch event {
    case .scalar(let text, let isPlain):
      return YAMLNode(content: .scalar(text, isPlain: isPlain), line: mark.line, column: mark.column)
    case .sequenceStart:
      var items: [YAMLNode] = []
      while !isAtEnd { items.append(try node(depth: depth + 1)) }
      position += 1
      return YAMLNode(content: .sequence(items), line: mark.line, column: mark.column)
    case .mappingStart:
      return YAMLNode(content: .mapping(try entries(depth: depth)), line: mark.line, column: mark.column)
    default: throw YAMLError(mark, "a value is missing")
    }
  }

  private mutating func entries(depth: Int) throws(YAMLError) -> [YAMLNode.Entry] {
    var entries: [YAMLNode.Entry] = []
    var seen: Set<String> = []
    while !isAtEnd {
      let key = try node(depth: depth + 1)
      guard let text = key.text else {
        throw YAMLError(line: key.line, column: key.column, problem: "a key must be text")
      }
      guard seen.insert(text).inserted || keepsRepeatedKeys else {
        throw YAMLError(
          line: key.line, column: key.column, problem: "the key '\(text)' appears twice")
      }
      entries.append(
        YAMLNode.Entry(key: text, line: key.line, column: key.column, value: try node(depth: depth + 1)))
    }
    position += 1
    return entries
  }

  private var isAtEnd: Bool {
    switch events[position].event {
    case .sequenceEnd, .mappingEnd: true
    default: false
    }
  }
}

extension YAMLError {
  fileprivate init(_ mark: YAMLEvents.Mark, _ problem: String) {
    self.init(line: mark.line, column: mark.column, problem: problem)
  }
}
