import Graph
import Storage

/// Finds the elements of tensors: in the model file, in typed fields, or in external files.
struct TensorReader {
  private let bytes: View<UInt8>
  private var external: ExternalData

  init(_ storage: Storage, modelPath: String) {
    bytes = storage.view()
    external = ExternalData(modelPath: modelPath)
  }

  /// The tensor as a constant's source. Raw and packed float data stay mapped; other typed data are decoded.
  mutating func source(_ record: TensorRecord) throws(Diagnostic) -> Constant.Source {
    let header = record.header
    let title = header.name.isEmpty ? "a tensor" : "tensor '\(header.name)'"
    let type = try DataTypes.sourceType(header.dataType, of: title)
    let count = try Self.elementCount(header.sizes, title)
    let byteCount = type.byteCount(elements: count)
    let content: View<UInt8>
    if header.isExternal {
      content = try external.bytes(of: header, byteCount: byteCount, title)
    } else if let raw = record.raw, raw.count > 0 || count == 0 || record.typed == nil {
      guard raw.count == byteCount else {
        throw Diagnostic(
          .badData,
          "\(title) of type \(type.rawValue) and sizes \(header.sizes) needs \(byteCount) bytes, the file has \(raw.count)",
          hint: "the file is damaged; export the model again")
      }
      content = bytes[raw]
    } else {
      content = try typedBytes(record, type, count, title)
    }
    return Constant.Source(name: header.name, type: type, sizes: header.sizes, bytes: content)
  }

  static func elementCount(_ sizes: [Int], _ title: String) throws(Diagnostic) -> Int {
    guard sizes.count <= ImportLimits.rank else {
      throw Diagnostic(
        .unsupported, "\(title) has \(sizes.count) dimensions, the limit is \(ImportLimits.rank)")
    }
    let count = sizes.contains { $0 < 0 } ? Int.max : Shape.elementCount(sizes)
    guard count <= Shape.maximumElementCount else {
      throw Diagnostic(
        .badData, "\(title) claims sizes \(sizes), more than \(Shape.maximumElementCount) elements",
        hint: "the file is damaged, or the model is too large for edgeopt")
    }
    return count
  }

  // MARK: Typed data

  private func typedBytes(
    _ record: TensorRecord, _ type: SourceType, _ count: Int, _ title: String
  ) throws(Diagnostic) -> View<UInt8> {
    guard let typed = record.typed else {
      guard count == 0 else {
        throw Diagnostic(
          .badData, "\(title) of sizes \(record.header.sizes) has no data",
          hint: "the file is damaged, or its external data were not declared")
      }
      return View(count: 0)
    }
    guard typed.field == Self.field(of: type) else {
      throw Diagnostic(.badData, "\(title) of type \(type.rawValue) has its data in field \(typed.field)")
    }
    // Int4 pairs share one number.
    let numbers = type.bitCount == 4 ? (count + 1) / 2 : count
    var reader = WireReader(bytes, typed.span)
    var target = ElementSink(type: type, expected: numbers, byteCount: type.byteCount(elements: count))
    while let field = try reader.next() {
      guard field.number == typed.field else { continue }
      if field.kind == .bytes, field.content.count == target.byteCount, target.isFixedWidth {
        return bytes[field.content]
      }
      try target.append(field, from: bytes, title)
    }
    guard target.count == numbers else {
      throw Diagnostic(
        .badData,
        "\(title) of sizes \(record.header.sizes) needs \(numbers) elements, the file has \(target.count)",
        hint: "the file is damaged; export the model again")
    }
    return target.bytes
  }

  private static func field(of type: SourceType) -> Int {
    switch type {
    case .float32: 4
    case .int64: 7
    case .float64: 10
    case .uint32, .uint64: 11
    default: 5
    }
  }
}

/// Collects typed elements, which come packed or one by one.
private struct ElementSink {
  let type: SourceType
  let expected: Int
  let byteCount: Int
  private(set) var count = 0
  private(set) var bytes: View<UInt8>

  init(type: SourceType, expected: Int, byteCount: Int) {
    self.type = type
    self.expected = expected
    self.byteCount = byteCount
    bytes = View(count: 0)
  }

  /// float_data and double_data stand in the file as they stand in memory.
  var isFixedWidth: Bool { type == .float32 || type == .float64 }

  mutating func append(_ field: WireField, from source: View<UInt8>, _ title: String) throws(Diagnostic) {
    switch field.kind {
    case .varint: try append(field.value, title)
    case .fixed32, .fixed64: try appendFixed(source[field.content], title)
    case .bytes where isFixedWidth: try appendFixed(source[field.content], title)
    case .bytes:
      var reader = WireReader(source, field.content)
      while reader.position < reader.end { try append(try reader.varint(), title) }
    }
  }

  /// Memory is taken only when the first element is there, and no more than the sizes say.
  private mutating func prepare(adding added: Int, _ title: String) throws(Diagnostic) {
    guard count + added <= expected else {
      throw Diagnostic(.badData, "\(title) has more than the \(expected) elements that its sizes say")
    }
    if bytes.count < (count + added) * max(1, type.bitCount / 8) {
      let grown = View<UInt8>(count: min(byteCount, max(4096, bytes.count * 2, (count + added) * 8)))
      grown.copy(from: bytes)
      bytes = grown
    }
  }

  private mutating func appendFixed(_ piece: View<UInt8>, _ title: String) throws(Diagnostic) {
    let width = type.bitCount / 8
    guard isFixedWidth, piece.count % width == 0 else {
      throw Diagnostic(.badData, "\(title) has typed data of the wrong width")
    }
    try prepare(adding: piece.count / width, title)
    bytes[count * width..<count * width + piece.count].copy(from: piece)
    count += piece.count / width
  }

  private mutating func append(_ value: UInt64, _ title: String) throws(Diagnostic) {
    guard !isFixedWidth else { throw Diagnostic(.badData, "\(title) has typed data of the wrong width") }
    try prepare(adding: 1, title)
    let width = max(1, type.bitCount / 8)
    for byte in 0..<width {
      bytes[count * width + byte] = UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))
    }
    count += 1
  }
}
