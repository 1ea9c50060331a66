/// The gates over what a model costs.
struct CostGates {
  let limits: GateLimits
  let report: Report
  let baseline: BaselineEntry?

  /// The model that is judged, and the one before it.
  private var model: Report.Model? { report.after ?? report.before }
  private var before: Report.Model? { report.after == nil ? nil : report.before }

  func results() -> [Report.GateResult] {
    [size, flash, arena, macs, latency, fit, silence].compactMap { $0 }
  }

  // MARK: - Numbers

  private static let noModel = "the report describes no model"

  private var size: Report.GateResult? {
    limits.maxSize.map {
      judge(
        "max-size", $0.bound, model?.fileBytes, baseline?.fileBytes ?? before?.fileBytes,
        missing: Self.noModel, NumberFormat.exactBytes)
    }
  }

  private var flash: Report.GateResult? {
    guard let limit = limits.maxFlash else { return nil }
    var found = model.map { $0.weightBytes + $0.graphBytes }
    var reference = baseline?.flashBytes ?? before.map { $0.weightBytes + $0.graphBytes }
    if let target = report.target {
      if let baseline {
        // Profiles count differently: only the same one compares.
        if baseline.target?.name == target.name {
          (found, reference) = (target.flash.used, baseline.target?.flashBytes)
        } else if limit.bound.isAbsolute {
          found = target.flash.used
        }
      } else if limit.bound.isAbsolute {
        found = target.flash.used
      }
    }
    return judge(
      "max-flash", limit.bound, found, reference, missing: Self.noModel, NumberFormat.exactBytes)
  }

  private var arena: Report.GateResult? {
    limits.maxArena.map {
      judge(
        "max-arena", $0.bound, model?.arena?.minimum, baseline?.arenaBytes ?? before?.arena?.minimum,
        missing: "the arena is known of .tflite models: make one with 'quantize' or 'convert'",
        NumberFormat.exactBytes)
    }
  }

  private var macs: Report.GateResult? {
    limits.maxMacs.map {
      judge(
        "max-macs", $0.bound, model?.macs, baseline?.macs ?? before?.macs, missing: Self.noModel,
        NumberFormat.count)
    }
  }

  private func judge(
    _ gate: String, _ bound: Bound, _ found: Int?, _ reference: Int?, missing: String,
    _ text: (Int) -> String
  ) -> Report.GateResult {
    guard let found else { return .unknown(gate, words(bound, nil, text), missing) }
    if !bound.isAbsolute, reference == nil {
      let remark =
        baseline == nil
        ? "there is nothing to compare \(text(found)) with: give --baseline FILE, or an absolute limit"
        : "the baseline does not say it: bring it up to date with 'edgeopt baseline update'"
      return .unknown(gate, words(bound, nil, text), remark)
    }
    let greatest = bound.greatest(from: reference ?? 0)
    let holds = found <= greatest
    let margin = "\(text(abs(greatest - found))) \(holds ? "to spare" : "too much")"
    var remark: String?
    if !bound.isAbsolute, let reference {
      let whose = baseline == nil ? "before" : "in the baseline"
      remark = "\(text(reference)) \(whose), \(text(found)) now"
      let growth = NumberFormat.growth(from: reference, to: found)
      if !growth.isEmpty { remark! += ": \(growth)" }
    }
    return Report.GateResult(
      gate: gate, limit: words(bound, greatest, text), found: text(found),
      outcome: holds ? .holds : .fails, margin: margin, remark: remark)
  }

  /// "65,536 B", "27,438 B (+2%)"
  private func words(_ bound: Bound, _ greatest: Int?, _ text: (Int) -> String) -> String {
    if case .absolute(let number) = bound { return text(number) }
    guard let greatest else { return bound.text }
    return "\(text(greatest)) (\(bound.text))"
  }

  // MARK: - The device

  private var latency: Report.GateResult? {
    guard let limit = limits.maxLatency else { return nil }
    let words = Self.time(limit.milliseconds)
    guard let latency = report.target?.latency, latency.milliseconds.isFinite else {
      let remark =
        report.target.map { "the profile '\($0.name)' has no cost model: measure on the device" }
        ?? "name a target whose profile has a cost model: --target NAME ('edgeopt targets' lists them)"
      return .unknown("max-latency", words, remark)
    }
    let rest = limit.milliseconds - latency.milliseconds
    let holds = rest >= -1e-9
    return Report.GateResult(
      gate: "max-latency", limit: words, found: Self.time(latency.milliseconds),
      outcome: holds ? .holds : .fails, margin: "\(Self.time(abs(rest))) \(holds ? "to spare" : "too much")",
      remark: "estimated: \(latency.basis)")
  }

  private static func time(_ milliseconds: Double) -> String {
    "\(NumberFormat.significant(milliseconds, digits: 3)) ms"
  }

  private var fit: Report.GateResult? {
    guard limits.fitsTarget else { return nil }
    guard let target = report.target else {
      return .unknown(
        "fits-target", "", "name a target: --target NAME ('edgeopt targets' lists them)")
    }
    let budgets = [("flash", target.flash), ("SRAM", target.memory)]
    let holds = budgets.allSatisfy(\.1.fits)
    let lacking = budgets.filter { !$0.1.fits }.map { name, budget in
      "\(NumberFormat.exactBytes(max(0, -budget.left))) of \(name) too much"
    }
    let least = budgets.min { $0.1.left < $1.1.left }!
    return Report.GateResult(
      gate: "fits-target", limit: target.name, found: holds ? "fits" : "does not fit",
      outcome: holds ? .holds : .fails,
      margin: holds
        ? "\(NumberFormat.exactBytes(least.1.left)) of \(least.0) to spare"
        : lacking.joined(separator: ", "))
  }

  private var silence: Report.GateResult? {
    guard limits.noWarnings else { return nil }
    let count = report.warnings.count
    return Report.GateResult(
      gate: "no-warnings", limit: "0", found: NumberFormat.count(count),
      outcome: count == 0 ? .holds : .fails,
      margin: count == 0 ? "" : NumberFormat.count(count, of: "warning"),
      remark: report.warnings.first.map { first in
        first.message + (count > 1 ? " (and \(NumberFormat.count(count - 1)) more)" : "")
      })
  }
}
