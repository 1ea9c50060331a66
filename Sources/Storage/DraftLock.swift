#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What tells that somebody is at work on an unfinished file or folder: a lock, which goes with its process. Unlike the
/// process's number, which means another process in another container, all who see the file see the lock.
///
/// On file systems without locks nobody gets one, and nothing is taken for abandoned.
enum DraftLock {
  /// Opens a file or creates it, with the lock; nil where another has it.
  static func openFile(_ path: String) throws(StorageError) -> Int32? {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o666)
    guard descriptor >= 0 else { throw failure(path) }
    guard lock(descriptor) != .isTaken, isStill(path, descriptor) else {
      close(descriptor)
      return nil
    }
    // What a killed process left there.
    guard ftruncate(descriptor, 0) == 0 else {
      let failure = failure(path)
      close(descriptor)
      throw failure
    }
    return descriptor
  }

  /// Creates a folder with the lock; nil where something has that name.
  static func createFolder(_ path: String) throws(StorageError) -> Int32? {
    try Folder.create(Folder.parent(of: path))
    guard mkdir(path, 0o777) == 0 else {
      if errno == EEXIST { return nil }
      throw failure(path)
    }
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      // Without its lock it was taken for abandoned.
      if errno == ENOENT { return nil }
      throw failure(path)
    }
    guard lock(descriptor) != .isTaken, isStill(path, descriptor) else {
      close(descriptor)
      return nil
    }
    return descriptor
  }

  /// Removes a file or a folder that nobody is at work on.
  static func removeIfAbandoned(_ path: String) {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    if lock(descriptor) == .isOurs, isStill(path, descriptor) { Folder.remove(path) }
  }

  private enum Outcome {
    case isOurs, isTaken, isUnknown
  }

  private static func lock(_ descriptor: Int32) -> Outcome {
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      if errno == EINTR { continue }
      return errno == EWOULDBLOCK ? .isTaken : .isUnknown
    }
    return .isOurs
  }

  /// Whether the path still leads to what was opened: it may have been removed before it was locked.
  private static func isStill(_ path: String, _ descriptor: Int32) -> Bool {
    var (named, opened) = (stat(), stat())
    guard stat(path, &named) == 0, fstat(descriptor, &opened) == 0 else { return false }
    return named.st_ino == opened.st_ino && named.st_dev == opened.st_dev
  }

  private static func failure(_ path: String) -> StorageError {
    .unwritable(path, reason: String(cString: strerror(errno)))
  }
}
