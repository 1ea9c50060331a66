#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif
import Reporting

/// Standard output or standard error, and what is known of the screen behind it.
struct Terminal {
  let descriptor: Int32

  static let output = Terminal(descriptor: 1)
  static let error = Terminal(descriptor: 2)

  var isScreen: Bool { isatty(descriptor) == 1 }

  /// Whether color would be welcome: on a screen, unless `NO_COLOR` is set or the screen is a dumb one.
  var usesColor: Bool {
    isScreen && (Terminal.environment("NO_COLOR") ?? "").isEmpty && Terminal.environment("TERM") != "dumb"
  }

  /// Columns of the screen; 80 where there is none.
  var width: Int {
    if let columns = Terminal.environment("COLUMNS").flatMap({ Int($0) }), columns > 0 { return columns }
    var size = winsize()
    guard isScreen, ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Columns for tables: what is not for a screen has no width of its own.
  var tableWidth: Int { isScreen || Terminal.environment("COLUMNS") != nil ? width : .max }

  /// Writes all of the text. A reader that went away (`| head`) ends the process as the system does; when standard
  /// output takes no more for another reason, the result is lost and the process says so.
  func write(_ text: String) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return failed(String(cString: strerror(errno))) }
      rest = rest.dropFirst(count)
    }
  }

  private func failed(_ reason: String) {
    guard descriptor == Terminal.output.descriptor else { return }
    Terminal.error.writeError("standard output cannot be written: \(reason)", hint: nil)
    exitProcess(.inputOutput)
  }

  /// "error: …", and the hint on lines of its own.
  func writeError(_ message: String, hint: String?) {
    let head = usesColor ? "\u{1B}[1;31merror:\u{1B}[0m" : "error:"
    let lines = (hint ?? "").split(separator: "\n").map { "  \($0)\n" }.joined()
    write("\(head) \(message.printable(keepsLines: true))\n\(lines.printable(keepsLines: true))")
  }

  static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
}

func exitProcess(_ code: ExitCode) -> Never { exit(code.rawValue) }
