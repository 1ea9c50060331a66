extension Report.TargetFit {
  public var fits: Bool { flash.fits && memory.fits }

  /// What there is, what the model takes and what is left, for a terminal.
  public func text(width: Int = 80) -> String {
    var table = Table([
      .text(title, isElastic: true), .number("there is"), .number("reserved"), .number("model"),
      .number("left"), .text(""),
    ])
    for (name, budget) in [("flash", flash), ("SRAM", memory)] {
      table.add(
        name, NumberFormat.exactBytes(budget.available), NumberFormat.exactBytes(budget.reserved),
        NumberFormat.exactBytes(budget.used), NumberFormat.exactBytes(budget.left),
        budget.fits ? "fits" : "TOO LARGE")
    }
    var lines: [String] = []
    if let latency {
      lines.append("about \(NumberFormat.duration(seconds: latency.milliseconds / 1000)): \(latency.basis)")
    }
    return table.text(width: width)
      + (lines + notes.map { "note: \($0)" }).map { $0.printable().wrapped(to: width, hanging: 2) }.joined()
  }
}
