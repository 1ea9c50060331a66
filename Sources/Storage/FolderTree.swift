#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import Synchronization

extension Folder {
  /// All files below a folder except hidden ones, relative to it, in the order of their bytes.
  public static func files(below path: String) throws(StorageError) -> [String] {
    var result: [String] = []
    for name in try names(in: path) {
      if FileKind(of: "\(path)/\(name)") == .folder {
        for file in try files(below: "\(path)/\(name)") { result.append("\(name)/\(file)") }
      } else {
        result.append(name)
      }
    }
    return result
  }

  /// Waits until the folder and everything below it would survive a loss of power.
  public static func synchronize(_ path: String) throws(StorageError) {
    for name in try names(in: path) {
      let inner = "\(path)/\(name)"
      if FileKind(of: inner) == .folder { try synchronize(inner) } else { try flush(inner) }
    }
    try flush(path)
  }

  private static func flush(_ path: String) throws(StorageError) {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    // Some file systems cannot flush folders; what they can is done by then.
    guard fsync(descriptor) == 0 || errno == EINVAL else { throw failure(path) }
  }

  /// Gives what stands at `path` another name. Returns false where a folder with something in it has that name already.
  public static func move(_ path: String, to target: String) throws(StorageError) -> Bool {
    if rename(path, target) == 0 { return true }
    if errno == ENOTEMPTY || errno == EEXIST { return false }
    throw failure(target)
  }

  /// Removes a file, or a folder with everything in it. Links are removed, not followed.
  public static func remove(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    for name in (try? entries(of: path)) ?? [] { remove("\(path)/\(name)") }
    rmdir(path)
  }

  /// Makes the folder the one that relative paths begin in.
  public static func enter(_ path: String) throws(StorageError) {
    guard chdir(path) == 0 else { throw .unreadable(path, reason: String(cString: strerror(errno))) }
  }

  /// The folder that relative paths begin in.
  public static var current: String { resolved(".") }

  private static func failure(_ path: String) -> StorageError {
    .unwritable(path, reason: String(cString: strerror(errno)))
  }
}

/// A folder that is being filled under a temporary name; it takes its name only once it is complete.
///
///     let draft = try FolderDraft("cache/quantize")
///     …write into draft.path…
///     try draft.commit()
///
/// Without ``commit(replaces:)`` the folder is removed. What a killed process left behind goes with
/// ``removeAbandoned(in:)``.
public final class FolderDraft {
  public let target: String
  public let path: String
  private var isOpen = true
  /// Holds the lock of the folder.
  private let descriptor: Int32

  private static let unfinished = Mutex<Set<String>>([])
  private static let count = Atomic<Int>(0)

  public init(_ target: String) throws(StorageError) {
    self.target = target
    // Created and remembered at once, so that an interruption finds it.
    (path, descriptor) = try Self.unfinished.withLock { (paths) throws(StorageError) in
      for _ in 0..<Self.attempts {
        let path = "\(target).\(getpid()).\(Self.count.wrappingAdd(1, ordering: .relaxed).newValue).part"
        guard let descriptor = try DraftLock.createFolder(path) else { continue }
        paths.insert(path)
        return (path, descriptor)
      }
      throw .unwritable(target, reason: "there are too many unfinished folders beside it")
    }
  }

  private static let attempts = 1000

  deinit {
    defer { close(descriptor) }
    guard isOpen else { return }
    Folder.remove(path)
    forget()
  }

  /// Completes the folder. Where one of that name is there already it stays, unless it is to be replaced.
  public func commit(replaces: Bool = false) throws(StorageError) {
    guard isOpen else { return }
    try Folder.synchronize(path)
    if try !Folder.move(path, to: target) {
      guard replaces else { return }
      let old = path + ".old.part"
      _ = try Folder.move(target, to: old)
      _ = try Folder.move(path, to: target)
      Folder.remove(old)
    }
    isOpen = false
    forget()
  }

  private func forget() {
    let path = path
    _ = Self.unfinished.withLock { $0.remove(path) }
  }

  /// Removes what unfinished folders have left behind; for the interrupt handler.
  public static func removeUnfinished() {
    unfinished.withLock { paths in
      for path in paths {
        // Whoever still writes into it may add a file while it is being emptied.
        for _ in 0..<100 where FileKind(of: path) != .missing { Folder.remove(path) }
      }
      paths.removeAll()
    }
  }

  /// Removes what killed processes have left unfinished in a folder: all of it, or that of one file there.
  public static func removeAbandoned(in folder: String, of file: String? = nil) {
    let prefix = file.map { $0 + "." } ?? ""
    for name in (try? Folder.entries(of: folder)) ?? []
    where name.hasSuffix(".part") && name.hasPrefix(prefix) {
      // Without a process's number it is none of ours.
      let numbers = name.dropFirst(prefix.count).split(separator: ".").compactMap { Int32($0) }
      if !numbers.isEmpty { DraftLock.removeIfAbandoned("\(folder)/\(name)") }
    }
  }
}

/// Keeps other processes that ask for the same lock waiting, as long as it lives; a killed process holds none.
///
///     let lock = try FileLock("run/lock")
public final class FileLock {
  private let descriptor: Int32

  public init(_ path: String) throws(StorageError) {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw .unwritable(path, reason: String(cString: strerror(errno))) }
    // File systems without locks do not keep anybody waiting; what is written is still whole.
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
  }

  deinit { close(descriptor) }
}

/// What tells whether a file is still the same without reading it.
public struct FileIdentity: Sendable, Hashable, Codable {
  public var byteCount: Int
  public var inode: Int
  /// In nanoseconds: when the content, and when anything of the file, last changed.
  public var modified: Int
  public var changed: Int

  /// nil for what is no file.
  public init?(of path: String) {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    byteCount = Int(status.st_size)
    inode = Int(truncatingIfNeeded: status.st_ino)
    #if canImport(Glibc)
      modified = status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec
      changed = status.st_ctim.tv_sec * 1_000_000_000 + status.st_ctim.tv_nsec
    #else
      modified = status.st_mtimespec.tv_sec * 1_000_000_000 + status.st_mtimespec.tv_nsec
      changed = status.st_ctimespec.tv_sec * 1_000_000_000 + status.st_ctimespec.tv_nsec
    #endif
  }

  /// Whether the file has been left alone for so long that another change would show in the times.
  public var isSettled: Bool {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec - max(modified, changed) > 2_000_000_000
  }
}
