import Graph
import Storage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The files beside a model that hold its large tensors. Only files inside the model's own folder are read.
struct ExternalData {
  private let folder: String
  private var files: [String: Storage] = [:]
  private var taken: [String: [(range: Range<Int>, title: String)]] = [:]

  init(modelPath: String) {
    let end = modelPath.lastIndex(of: "/")
    folder = end.map { String(modelPath[...$0]) } ?? "./"
  }

  /// The bytes that `header` points to.
  mutating func bytes(of header: TensorHeader, byteCount: Int, _ title: String) throws(Diagnostic) -> View<
    UInt8
  > {
    var location = ""
    var offset = 0
    var length = byteCount
    for (key, value) in header.external {
      switch key {
      case "location": location = value
      case "offset": offset = try number(value, key, title)
      case "length": length = try number(value, key, title)
      default: break
      }
    }
    guard length == byteCount else {
      throw Diagnostic(
        .badData, "\(title) needs \(byteCount) bytes, its external data declare \(length)",
        hint: "the model is damaged; export it again")
    }
    let file = try open(location, title)
    guard offset <= file.byteCount, length <= file.byteCount - offset else {
      throw Diagnostic(
        .badData,
        "\(title) takes bytes \(offset) to \(offset.addingReportingOverflow(length).partialValue) of '\(location)', which has \(file.byteCount)",
        hint: "the data file is incomplete, or belongs to another model")
    }
    try claim(offset..<offset + length, in: location, title)
    return file.view(byteOffset: offset, count: length)
  }

  private func number(_ text: String, _ key: String, _ title: String) throws(Diagnostic) -> Int {
    guard let value = Int(text), value >= 0 else {
      throw Diagnostic(.badData, "\(title) has external data with \(key) '\(text)', expected a number")
    }
    return value
  }

  /// Two tensors may be the same bytes, but not overlap by halves: that is a damaged or hostile file.
  private mutating func claim(_ range: Range<Int>, in location: String, _ title: String) throws(Diagnostic) {
    if range.isEmpty { return }
    var ranges = taken[location] ?? []
    // Kept in order, so that only neighbors can overlap.
    var low = 0
    var high = ranges.count
    while low < high {
      let middle = (low + high) / 2
      if ranges[middle].range.lowerBound < range.lowerBound { low = middle + 1 } else { high = middle }
    }
    for neighbor in [low - 1, low] where ranges.indices.contains(neighbor) {
      let other = ranges[neighbor]
      if other.range == range { return }
      guard !other.range.overlaps(range) else {
        throw Diagnostic(
          .badData, "\(title) and \(other.title) overlap in external data file '\(location)'",
          hint: "the model is damaged; export it again")
      }
    }
    ranges.insert((range, title), at: low)
    taken[location] = ranges
  }

  private mutating func open(_ location: String, _ title: String) throws(Diagnostic) -> Storage {
    if let known = files[location] { return known }
    try Self.check(location, title)
    let path = folder + location
    if let resolved = resolve(path), let home = resolve(folder) {
      guard resolved.hasPrefix(home == "/" ? home : home + "/") else { throw Self.escaping(location, title) }
    }
    do {
      let storage = try Storage(mapping: path)
      files[location] = storage
      return storage
    } catch {
      switch error {
      case .missing:
        throw Diagnostic(
          .missing, "\(title) is in external data file '\(location)', which is not beside the model",
          hint: "copy '\(location)' to '\(folder)'")
      case .isDirectory:
        throw Diagnostic(.badData, "\(title) is in external data file '\(location)', which is a directory")
      case .unreadable(_, let reason), .unwritable(_, let reason):
        throw Diagnostic(.inputOutput, "external data file '\(path)' cannot be read: \(reason)")
      }
    }
  }

  /// Refuses names that lead out of the model's folder, before anything is done with them.
  static func check(_ location: String, _ title: String) throws(Diagnostic) {
    // By bytes, as the system takes them apart: a slash with a combining mark is another character, but a slash.
    let bytes = Array(location.utf8)
    guard let first = bytes.first, first != UInt8(ascii: "/"), !bytes.contains(0),
      !bytes.split(separator: UInt8(ascii: "/")).contains(where: { $0.elementsEqual("..".utf8) })
    else { throw escaping(location, title) }
  }

  private static func escaping(_ location: String, _ title: String) -> Diagnostic {
    Diagnostic(
      .badData, "\(title) is in external data file '\(location)', which leaves the model's folder",
      hint: "external data must stand in the model's folder; save the model again with a plain file name")
  }

  /// The path without symbolic links; nil when there is nothing there.
  private func resolve(_ path: String) -> String? {
    guard let pointer = realpath(path, nil) else { return nil }
    defer { free(pointer) }
    return String(cString: pointer)
  }
}
