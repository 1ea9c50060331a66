extension ReportPage {
  // MARK: - Gates

  var gates: Section? {
    guard !report.gates.isEmpty else { return nil }
    var table = PageTable(
      "Gates with their limits",
      [.text("Gate"), .text("Outcome"), .text("Limit"), .text("Found"), .text("Margin")],
      folds: true)
    for gate in report.gates {
      table.add(
        .init(Markup(gate.gate), style: "code"), .init(pill(gate.outcome)), .init(gate.limit.typographic),
        .init(gate.found.typographic), .init(gate.margin.typographic + remark(gate), style: "wide-cell"))
    }
    return Section(id: "gates", title: "Gates", content: table.markup)
  }

  private func pill(_ outcome: Report.GateResult.Outcome) -> Markup {
    let word =
      switch outcome {
      case .holds: "holds"
      case .withinNoise: "within noise"
      case .fails: "fails"
      case .unknown: "not measured"
      }
    return element("span", ["class": "pill \(outcome.style)"], outcome.sign, Markup(word))
  }

  private func remark(_ gate: Report.GateResult) -> Markup {
    guard let remark = gate.remark else { return Markup() }
    return element("p", ["class": "remark"], remark.typographic)
  }

  // MARK: - Target

  var target: Section? {
    guard let target = report.target else { return nil }
    var content = element(
      "p", [:], Markup("\(target.title.capitalizedFirst), kernels: \(target.kernels)"))
    content += element(
      "div", ["class": "budgets"], budget("Flash", target.flash, of: "model file"),
      budget("SRAM", target.memory, of: "arena"))
    if let latency = target.latency {
      let time = NumberFormat.duration(seconds: latency.milliseconds / 1000)
      content += element(
        "p", [:], element("strong", [:], "About \(time)"), " for one run, by the cost model: \(latency.basis)"
      )
    }
    content += Self.list(target.notes.map { Markup($0) })
    return Section(id: "target", title: "Does it fit the device?", shortTitle: "Device", content: content)
  }

  private func budget(_ name: String, _ budget: Report.TargetFit.Budget, of part: String) -> Markup {
    let whole = max(budget.available, budget.used + budget.reserved, 1)
    let share = { (bytes: Int) in Double(bytes) / Double(whole) * 100 }
    let left = NumberFormat.bytes(abs(budget.left))
    let verdict = budget.fits ? "fits, \(left) left" : "\(left) too much"
    let sums =
      "\(NumberFormat.bytes(budget.used)) \(part)"
      + (budget.reserved > 0 ? " + \(NumberFormat.bytes(budget.reserved)) reserved" : "")
      + " of \(NumberFormat.bytes(budget.available))"
    var chart = Chart(title: "\(name): \(verdict)", description: sums, height: 26)
    chart.rectangle(x: 0, y: 3, width: share(budget.available), height: 20, style: "room")
    chart.rectangle(
      x: 0, y: 3, width: share(budget.reserved), height: 20, style: "before",
      tip: "reserved: \(NumberFormat.exactBytes(budget.reserved))")
    chart.rectangle(
      x: share(budget.reserved), y: 3, width: share(budget.used), height: 20,
      style: budget.fits ? "after" : "bad", tip: "\(part): \(NumberFormat.exactBytes(budget.used))")
    if !budget.fits {
      chart.line(x1: share(budget.available), y1: 0, x2: share(budget.available), y2: 26, style: "limit")
    }
    let outcome: Report.GateResult.Outcome = budget.fits ? .holds : .fails
    return element(
      "div", ["class": "budget"],
      element(
        "p", ["class": "title"], element("strong", [:], Markup(name)), " ",
        element("span", ["class": "pill \(outcome.style)"], outcome.sign, Markup(verdict))),
      chart.markup, element("p", ["class": "remark"], Markup(sums)))
  }

  // MARK: - Warnings

  var warnings: Section? {
    guard !report.warnings.isEmpty || !report.notes.isEmpty else { return nil }
    let items = report.warnings.map { warning in
      element(
        "li", ["class": "warning"], Report.GateResult.Outcome.withinNoise.sign,
        element(
          "div", [:], element("p", [:], Markup(warning.message)),
          warning.hint.map { element("p", ["class": "remark"], Markup($0)) } ?? Markup()))
    }
    var content = items.isEmpty ? Markup() : element("ul", ["class": "warnings"], items)
    let notes = report.notes.foldingTransposes(listsAll: false)
    content += Self.list(notes.map { Markup($0) })
    let title = report.warnings.isEmpty ? "Notes" : report.notes.isEmpty ? "Warnings" : "Warnings and notes"
    return Section(
      id: "warnings", title: title, shortTitle: report.warnings.isEmpty ? nil : "Warnings", content: content)
  }

  // MARK: - Lists

  static func list(_ items: [Markup]) -> Markup {
    items.isEmpty ? Markup() : element("ul", ["class": "plain"], items.map { element("li", [:], $0) })
  }

  /// Folded away until somebody wants it.
  static func folded(_ title: String, _ content: Markup) -> Markup {
    element("details", ["class": "more"], element("summary", [:], Markup(title)), content)
  }

  static func code(_ text: String) -> Markup { element("code", [:], Markup(text)) }
}
