import CYAML

extension YAMLNode {
  /// Reads one document. Anchors, aliases, tags and repeated keys are refused, so that a text means what it shows
  /// and stays as large as it is.
  public init(parsing bytes: [UInt8]) throws(YAMLError) {
    guard bytes.count <= YAMLEvents.maximumByteCount else {
      throw YAMLError(
        line: 1, problem: "the text has \(bytes.count) bytes; at most \(YAMLEvents.maximumByteCount) are read"
      )
    }
    let events = try YAMLEvents(bytes)
    var reader = NodeReader(events: events.list)
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

  private(set) var list: [(event: Event, line: Int)] = []

  init(_ bytes: [UInt8]) throws(YAMLError) {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { throw YAMLError(line: 1, problem: "out of memory") }
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
        throw YAMLError(line: parser.problem_mark.line + 1, problem: problem)
      }
      defer { yaml_event_delete(&event) }
      isDone = try take(event)
    }
  }

  /// Returns whether the text is at its end.
  private mutating func take(_ event: yaml_event_t) throws(YAMLError) -> Bool {
    let line = event.start_mark.line + 1
    switch event.type {
    case YAML_STREAM_END_EVENT: return true
    case YAML_DOCUMENT_START_EVENT: list.append((.documentStart, line))
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      try refuse(anchor: scalar.anchor, tag: scalar.tag, line)
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      list.append((.scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE), line))
    case YAML_SEQUENCE_START_EVENT:
      try refuse(anchor: event.data.sequence_start.anchor, tag: event.data.sequence_start.tag, line)
      list.append((.sequenceStart, line))
    case YAML_MAPPING_START_EVENT:
      try refuse(anchor: event.data.mapping_start.anchor, tag: event.data.mapping_start.tag, line)
      list.append((.mappingStart, line))
    case YAML_SEQUENCE_END_EVENT: list.append((.sequenceEnd, line))
    case YAML_MAPPING_END_EVENT: list.append((.mappingEnd, line))
    case YAML_ALIAS_EVENT: throw YAMLError(line: line, problem: "aliases ('*name') are not read")
    default: break
    }
    return false
  }

  private func refuse(anchor: UnsafeMutablePointer<UInt8>?, tag: UnsafeMutablePointer<UInt8>?, _ line: Int)
    throws(YAMLError)
  {
    if anchor != nil { throw YAMLError(line: line, problem: "anchors ('&name') are not read") }
    if tag != nil { throw YAMLError(line: line, problem: "tags ('!name') are not read") }
  }
}

private struct NodeReader {
  let events: [(event: YAMLEvents.Event, line: Int)]
  private var position = 0
  private static let maximumDepth = 64

  init(events: [(event: YAMLEvents.Event, line: Int)]) { self.events = events }

  mutating func document() throws(YAMLError) -> YAMLNode {
    guard !events.isEmpty else { return YAMLNode(content: .mapping([]), line: 1) }
    position = 1
    let node = try node(depth: 0)
    guard position == events.count else {
      throw YAMLError(line: events[position].line, problem: "a second document begins; one is read")
    }
    return node
  }

  private mutating func node(depth: Int) throws(YAMLError) -> YAMLNode {
    let (event, line) = events[position]
    guard depth < Self.maximumDepth else {
      throw YAMLError(line: line, problem: "values are nested too deeply")
    }
    position += 1
    switch event {
    case .scalar(let text, let isPlain): return YAMLNode(content: .scalar(text, isPlain: isPlain), line: line)
    case .sequenceStart:
      var items: [YAMLNode] = []
      while !isAtEnd { items.append(try node(depth: depth + 1)) }
      position += 1
      return YAMLNode(content: .sequence(items), line: line)
    case .mappingStart: return YAMLNode(content: .mapping(try entries(depth: depth)), line: line)
    default: throw YAMLError(line: line, problem: "a value is missing")
    }
  }

  private mutating func entries(depth: Int) throws(YAMLError) -> [YAMLNode.Entry] {
    var entries: [YAMLNode.Entry] = []
    var seen: Set<String> = []
    while !isAtEnd {
      let key = try node(depth: depth + 1)
      guard let text = key.text else { throw YAMLError(line: key.line, problem: "a key must be text") }
      guard seen.insert(text).inserted else {
        throw YAMLError(line: key.line, problem: "the key '\(text)' stands there twice")
      }
      entries.append(YAMLNode.Entry(key: text, value: try node(depth: depth + 1)))
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
