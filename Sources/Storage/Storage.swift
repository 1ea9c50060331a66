#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// Bytes with an owner: aligned memory of our own, or a file mapped read-only.
///
/// With `TensorMath` this is the only room where unsafe pointers appear; everyone else works through ``View``.
///
///     let storage = Storage(byteCount: 64)
///     storage.view(of: Float.self)[0] = 1
public final class Storage: @unchecked Sendable {
  // Unchecked: the memory itself has no lock. Whoever writes holds the only reference, or writes a range that
  // nobody else touches (the executor's plan guarantees this for the activation buffer).

  /// Every owned allocation starts on a cache line, which is also the widest vector.
  public static let alignment = 64

  /// The machine's memory.
  public static let machineByteCount = Int(sysconf(Int32(_SC_PHYS_PAGES))) * Int(sysconf(Int32(_SC_PAGESIZE)))

  /// From this size on an allocation asks for large pages.
  private static let largePageMinimum = 4 << 20

  public let byteCount: Int
  public let isMapped: Bool
  package let base: UnsafeMutableRawPointer

  /// Zeroed memory of our own.
  public init(byteCount: Int) {
    precondition(byteCount >= 0)
    var pointer: UnsafeMutableRawPointer?
    let rounded = max(
      Storage.alignment, (byteCount + Storage.alignment - 1) / Storage.alignment * Storage.alignment)
    // Large blocks come zeroed from the kernel and are only touched when used.
    if rounded >= 1 << 20 {
      let mapped = mmap(nil, rounded, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
      precondition(mapped != MAP_FAILED, "out of memory: \(byteCount) bytes")
      pointer = mapped
      mappedByteCount = rounded
      #if canImport(Glibc)
        // Weights of this size are streamed: with large pages the processor looks ahead further.
        if rounded >= Storage.largePageMinimum { madvise(mapped, rounded, MADV_HUGEPAGE) }
      #endif
    } else {
      let status = posix_memalign(&pointer, Storage.alignment, rounded)
      precondition(status == 0, "out of memory: \(byteCount) bytes")
      memset(pointer!, 0, rounded)
      mappedByteCount = 0
    }
    base = pointer!
    self.byteCount = byteCount
    isMapped = false
  }

  private let mappedByteCount: Int

  /// A file, mapped read-only; pages come in when they are read.
  public init(mapping path: String) throws(StorageError) {
    // Without O_NONBLOCK a pipe would wait for a writer before it could be refused.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      throw errno == ENOENT ? .missing(path) : .unreadable(path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .unreadable(path, reason: String(cString: strerror(errno)))
    }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw .isDirectory(path) }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unreadable(path, reason: "it is not a regular file")
    }
    let count = Int(status.st_size)
    if count == 0 {
      base = UnsafeMutableRawPointer.allocate(byteCount: 1, alignment: Storage.alignment)
      mappedByteCount = 0
      byteCount = 0
      isMapped = false
      return
    }
    let mapped = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0)
    guard let mapped, mapped != MAP_FAILED else {
      throw .unreadable(path, reason: String(cString: strerror(errno)))
    }
    base = mapped
    byteCount = count
    mappedByteCount = count
    isMapped = true
  }

  /// Takes over a mapping that is unmapped in the end.
  init(adoptingMapping base: UnsafeMutableRawPointer, byteCount: Int) {
    self.base = base
    self.byteCount = byteCount
    mappedByteCount = byteCount
    isMapped = true
  }

  /// A copy of the given bytes.
  public convenience init(bytes: some Collection<UInt8>) {
    self.init(byteCount: bytes.count)
    let target = UnsafeMutableBufferPointer(
      start: base.assumingMemoryBound(to: UInt8.self), count: bytes.count)
    _ = target.update(fromContentsOf: bytes)
  }

  deinit {
    if mappedByteCount > 0 { munmap(base, mappedByteCount) } else { free(base) }
  }

  /// The elements from `byteOffset` on; all of them that fit when `count` is not given.
  public func view<Element: BitwiseCopyable>(
    of type: Element.Type = Element.self, byteOffset: Int = 0, count: Int? = nil
  ) -> View<Element> {
    let stride = MemoryLayout<Element>.stride
    let count = count ?? (byteCount - byteOffset) / stride
    precondition(
      byteOffset >= 0 && count >= 0 && byteOffset + count * stride <= byteCount, "view out of bounds")
    return View(storage: self, base: base + byteOffset, count: count)
  }

  /// Tells the system that mapped pages in this range will not be needed soon, so that they stop counting as ours.
  public func release(byteOffset: Int, byteCount: Int) {
    guard isMapped else { return }
    let page = Int(sysconf(Int32(_SC_PAGESIZE)))
    let start = (byteOffset + page - 1) / page * page
    let end = (byteOffset + byteCount) / page * page
    if end > start { madvise(base + start, end - start, MADV_DONTNEED) }
  }
}

/// Why a file could not be mapped.
public enum StorageError: Error, Equatable {
  case missing(String)
  case isDirectory(String)
  case unreadable(String, reason: String)
  case unwritable(String, reason: String)
}
