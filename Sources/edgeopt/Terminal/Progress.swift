import Reporting

/// A line on standard error that says how far the work is; nothing unless somebody watches.
struct Progress {
  private let title: String
  private let total: Int?
  private let isShown: Bool
  private let start = ContinuousClock.now
  private var lastDrawn: ContinuousClock.Instant?

  init(_ title: String, total: Int?, isQuiet: Bool) {
    self.title = title
    self.total = total
    isShown = !isQuiet && Terminal.error.isScreen
  }

  /// Draws at most ten times a second, and not at all for work of less than half a second.
  mutating func advance(to done: Int) {
    guard isShown else { return }
    let now = ContinuousClock.now
    guard now - start > .milliseconds(500), lastDrawn.map({ now - $0 > .milliseconds(100) }) ?? true else {
      return
    }
    lastDrawn = now
    let line = ProgressLine(title: title, done: done, total: total, seconds: (now - start).inSeconds)
    Terminal.error.write("\r" + line.text(width: Terminal.error.width) + "\u{1B}[K")
  }

  /// Takes the line away.
  func finish() {
    if lastDrawn != nil { Terminal.error.write("\r\u{1B}[K") }
  }
}

extension Duration {
  var inSeconds: Double {
    let (seconds, attoseconds) = components
    return Double(seconds) + Double(attoseconds) * 1e-18
  }
}
