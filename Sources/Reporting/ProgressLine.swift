/// One line that says how far long work has come: a bar, the rate and the time left.
///
///     ProgressLine(title: "evaluating", done: 3200, total: 10_000, seconds: 1.5).text(width: 80)
public struct ProgressLine: Sendable {
  public var title: String
  public var done: Int
  public var total: Int?
  public var seconds: Double

  public init(title: String, done: Int, total: Int?, seconds: Double) {
    self.title = title
    self.done = done
    self.total = total
    self.seconds = seconds
  }

  public func text(width: Int) -> String {
    let rate = seconds > 0 ? Double(done) / seconds : 0
    let rateText = rate >= 100 ? NumberFormat.count(Int(rate)) : NumberFormat.fixed(rate, digits: 1)
    guard let total, total > 0 else {
      return "\(title)  \(NumberFormat.count(done))  \(rateText)/s".shortened(to: max(1, width - 1))
    }
    let fraction = min(1, Double(done) / Double(total))
    let left = done > 0 ? NumberFormat.duration(seconds: seconds * (1 - fraction) / fraction) + " left" : ""
    let counts = "\(NumberFormat.count(done))/\(NumberFormat.count(total))"
    let tail = "  \(counts)  \(rateText)/s  \(left)"
    let room = width - 1 - title.count - 3 - tail.count
    guard room >= 8 else { return "\(title)\(tail)".shortened(to: max(1, width - 1)) }
    let cells = min(30, room)
    let filled = Int(fraction * Double(cells))
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: cells - filled)
    return "\(title)  \(bar)\(tail)"
  }
}
