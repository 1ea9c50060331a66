import Storage

/// Which tensors a file's metadata `COMPRESSION_METADATA` calls compressed: their buffers hold indices into tables.
///
/// The payload is a small flatbuffer of its own: a root with subgraphs (field 1), each with tables (field 0), each
/// with the index of its tensor (field 0). The interpreter takes a payload that it cannot verify for absent, and so
/// does this reader.
struct TableCompression: Sendable {
  /// By subgraph; subgraphs without an entry are not mentioned.
  private(set) var tensors: [[Int]] = []

  init(_ model: MicroModel) {
    guard let bytes = model.metadata(named: "COMPRESSION_METADATA") else { return }
    let reader = FlatbufferBytes(bytes: bytes)
    guard let root = reader.target(of: 0), let subgraphs = reader.vector(1, of: root),
      subgraphs.count <= model.subgraphs.count
    else { return }
    var found: [[Int]] = []
    for (place, subgraph) in subgraphs.enumerated() {
      guard let tables = reader.vector(0, of: subgraph), !tables.isEmpty else { return }
      let indices = tables.map { reader.integer(0, of: $0) ?? 0 }
      guard indices.allSatisfy(model.subgraphs[place].tensors.indices.contains) else { return }
      found.append(indices)
    }
    tensors = found
  }
}

/// Checked access to a flatbuffer's tables.
private struct FlatbufferBytes {
  let bytes: View<UInt8>

  private func integer(at position: Int) -> Int? {
    guard position >= 0, position + 4 <= bytes.count else { return nil }
    return Int(bytes[position..<position + 4].reinterpreted(as: Int32.self)[0])
  }

  private func short(at position: Int) -> Int? {
    guard position >= 0, position + 2 <= bytes.count else { return nil }
    return Int(bytes[position..<position + 2].reinterpreted(as: UInt16.self)[0])
  }

  /// Where the reference at `position` points.
  func target(of position: Int) -> Int? { integer(at: position).map { $0 + position } }

  private func field(_ index: Int, of table: Int) -> Int? {
    guard let distance = integer(at: table), let size = short(at: table - distance), 4 + 2 * index < size,
      let offset = short(at: table - distance + 4 + 2 * index), offset > 0
    else { return nil }
    return table + offset
  }

  func integer(_ index: Int, of table: Int) -> Int? { field(index, of: table).flatMap(integer(at:)) }

  /// The tables of a vector of tables.
  func vector(_ index: Int, of table: Int) -> [Int]? {
    guard let field = field(index, of: table), let start = target(of: field), let count = integer(at: start),
      count >= 0, count <= bytes.count / 4
    else { return nil }
    var tables: [Int] = []
    for element in 0..<count {
      guard let table = target(of: start + 4 + 4 * element) else { return nil }
      tables.append(table)
    }
    return tables
  }
}
