#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What stands at a path.
///
///     if FileKind(of: "data") == .folder { … }
public enum FileKind: Sendable, Hashable {
  case file(byteCount: Int)
  case folder
  /// A device, a pipe, a socket.
  case other
  case missing

  /// Follows symbolic links.
  public init(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0 else {
      self = .missing
      return
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: self = .file(byteCount: Int(status.st_size))
    case S_IFDIR: self = .folder
    default: self = .other
    }
  }
}

/// The entries of a folder.
public enum Folder {
  /// The names in `path` except hidden ones, sorted by their bytes, so that every machine sees the same order.
  public static func names(in path: String) throws(StorageError) -> [String] {
    try entries(of: path).filter { !$0.hasPrefix(".") }
      .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// All names in `path` but its own and its parent's, in any order.
  static func entries(of path: String) throws(StorageError) -> [String] {
    guard let handle = opendir(path) else {
      throw errno == ENOENT ? .missing(path) : .unreadable(path, reason: String(cString: strerror(errno)))
    }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  /// The path without symbolic links where something stands at it, else the path itself.
  public static func resolved(_ path: String) -> String {
    guard let real = realpath(path, nil) else { return path }
    defer { free(real) }
    return String(cString: real)
  }

  /// Makes the folder and those above it where they are missing.
  public static func create(_ path: String) throws(StorageError) {
    switch FileKind(of: path) {
    case .folder: return
    case .missing: break
    default: throw .unwritable(path, reason: "it exists and is not a folder")
    }
    let parent = Folder.parent(of: path)
    if parent != path { try create(parent) }
    guard mkdir(path, 0o777) == 0 || errno == EEXIST else {
      throw .unwritable(path, reason: String(cString: strerror(errno)))
    }
  }

  /// `a/b` for `a/b/c`, `.` for `c`, `/` for `/c`.
  public static func parent(of path: String) -> String {
    var trimmed = Substring(path)
    while trimmed.count > 1, trimmed.last == "/" { trimmed.removeLast() }
    guard let slash = trimmed.lastIndex(of: "/") else { return "." }
    return slash == trimmed.startIndex ? "/" : String(trimmed[..<slash])
  }

  /// `c` for `a/b/c`.
  public static func lastComponent(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The way from a folder to what stands at a path.
  ///
  ///     Folder.relative("a/b.onnx", to: "a/c")  // "../b.onnx"
  public static func relative(_ path: String, to folder: String) -> String {
    let target = resolved(parent(of: path)).split(separator: "/") + [Substring(lastComponent(of: path))]
    let home = resolved(folder).split(separator: "/")
    var common = 0
    while common < min(home.count, target.count - 1), home[common] == target[common] { common += 1 }
    let up = Array(repeating: Substring(".."), count: home.count - common)
    return (up + target[common...]).joined(separator: "/")
  }
}
