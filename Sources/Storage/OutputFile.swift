#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import Synchronization

/// A file being written under a temporary name beside its own; it takes its name only once it is complete.
///
///     let file = try OutputFile("out.npy")
///     try file.write(header)
///     try file.write(elements)
///     try file.commit()
///
/// Without ``commit()`` the temporary file is removed, and nothing that stood at the path is touched.
public final class OutputFile {
  public let path: String
  public private(set) var byteCount = 0
  /// Where the bytes go until the file is complete; nil for a device or a pipe, which takes them as they come.
  private let temporaryPath: String?
  /// The file that a symbolic link at `path` stands for, or `path`.
  private let target: String
  private var descriptor: Int32
  private var buffer: [UInt8] = []

  private static let unfinished = Mutex<Set<String>>([])

  public init(_ path: String) throws(StorageError) {
    self.path = path
    let kind = FileKind(of: path)
    if kind == .folder { throw .isDirectory(path) }
    target = Folder.resolved(path)
    if kind == .other {
      temporaryPath = nil
      descriptor = open(path, O_WRONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Self.failure(path) }
    } else {
      let name: String
      (name, descriptor) = try Self.openDraft(target)
      temporaryPath = name
      _ = Self.unfinished.withLock { $0.insert(name) }
    }
    buffer.reserveCapacity(Self.bufferSize)
  }

  /// Another process may have the same number in its container: its files are locked.
  private static func openDraft(_ target: String) throws(StorageError) -> (name: String, descriptor: Int32) {
    for attempt in 0..<attempts {
      let name = "\(target).\(getpid())\(attempt == 0 ? "" : ".\(attempt)").part"
      if let descriptor = try DraftLock.openFile(name) { return (name, descriptor) }
    }
    throw .unwritable(target, reason: "there are too many unfinished files beside it")
  }

  private static let attempts = 1000

  private static let bufferSize = 1 << 16

  deinit {
    if descriptor >= 0 { abandon() }
  }

  public func write(_ bytes: some Collection<UInt8>) throws(StorageError) {
    buffer.append(contentsOf: bytes)
    byteCount += bytes.count
    if buffer.count >= Self.bufferSize { try flush() }
  }

  /// Writes a view's bytes without a copy.
  public func write(_ view: View<UInt8>) throws(StorageError) {
    if view.count < 4096 {
      try write(view.array)
      return
    }
    try flush()
    try send(UnsafeRawBufferPointer(start: view.base, count: view.count))
    byteCount += view.count
  }

  /// Completes the file and gives it its name, replacing what stood there.
  public func commit() throws(StorageError) {
    try flush()
    let closed = close(descriptor)
    descriptor = -1
    guard closed == 0, temporaryPath.map({ rename($0, target) == 0 }) ?? true else {
      let failure = Self.failure(path)
      abandon()
      throw failure
    }
    forget()
  }

  /// Removes what unfinished files have left behind; for the interrupt handler.
  public static func removeUnfinished() {
    unfinished.withLock { names in
      for name in names { unlink(name) }
      names.removeAll()
    }
  }

  private func abandon() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    if let temporaryPath { unlink(temporaryPath) }
    forget()
  }

  private func forget() {
    guard let temporaryPath else { return }
    _ = Self.unfinished.withLock { $0.remove(temporaryPath) }
  }

  private func flush() throws(StorageError) {
    let pending = buffer
    buffer.removeAll(keepingCapacity: true)
    var failure: StorageError?
    pending.withUnsafeBytes { bytes in
      do throws(StorageError) { try send(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  private func send(_ bytes: UnsafeRawBufferPointer) throws(StorageError) {
    var sent = 0
    while sent < bytes.count {
      let count = Glibc.write(descriptor, bytes.baseAddress! + sent, bytes.count - sent)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Self.failure(path) }
      sent += count
    }
  }

  private static func failure(_ path: String) -> StorageError {
    .unwritable(path, reason: String(cString: strerror(errno)))
  }
}

extension Storage {
  /// A file without a name, as large as `byteCount`, mapped for writing: room for what is too large for memory.
  /// It is gone with the storage, also when the process is killed.
  public convenience init(scratchFileOf byteCount: Int, in folder: String) throws(StorageError) {
    let name =
      "\(folder)/edgeopt.\(getpid()).\(Storage.scratchCount.wrappingAdd(1, ordering: .relaxed).newValue)"
    let descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .unwritable(name, reason: String(cString: strerror(errno))) }
    unlink(name)
    defer { close(descriptor) }
    // Reserves the blocks, so that a full disk is an error here and not a signal at the first store.
    let status = posix_fallocate(descriptor, 0, byteCount)
    guard status == 0 else { throw .unwritable(name, reason: String(cString: strerror(status))) }
    let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw .unwritable(name, reason: String(cString: strerror(errno)))
    }
    self.init(adoptingMapping: mapped, byteCount: byteCount)
  }

  private static let scratchCount = Atomic<Int>(0)
}
