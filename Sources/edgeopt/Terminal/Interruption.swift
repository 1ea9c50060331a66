import Dispatch
import Storage

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What happens on Ctrl-C: temporary files are removed, and the process leaves with 130.
enum Interruption {
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

  private static func leave(_ number: Int32) -> Never {
    OutputFile.removeUnfinished()
    FolderDraft.removeUnfinished()
    if Terminal.error.isScreen { Terminal.error.write("\r\u{1B}[K") }
    _exit(128 + number)
  }
}
