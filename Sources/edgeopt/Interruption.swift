import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What happens on Ctrl-C: temporary files are removed, and the process leaves with 130.
///
/// A signal reaches the process, not an object; hence the one process-wide list.
enum Interruption {
  private static let temporaryPaths = Mutex<Set<String>>([])

  /// Starts to listen. The queue is a serial one of its own, so that busy workers cannot keep it waiting.
  static func prepare() {
    let queue = DispatchQueue(label: "edgeopt.interruption")
    for number in [SIGINT, SIGTERM, SIGHUP] {
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
      // The handler holds its source, which lives as long as the process.
      source.setEventHandler {
        if source.data > 0 { leave(number) }
      }
      source.resume()
    }
  }

  /// The path will be removed when the process is interrupted before ``forget(_:)``.
  static func remember(_ path: String) { temporaryPaths.withLock { _ = $0.insert(path) } }

  static func forget(_ path: String) { temporaryPaths.withLock { _ = $0.remove(path) } }

  private static func leave(_ number: Int32) -> Never {
    // The lock is kept: no file may be renamed into place or begun after this.
    temporaryPaths.withLock { paths in
      for path in paths { unlink(path) }
      _exit(128 + number)
    }
  }
}
