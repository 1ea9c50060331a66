import Graph

extension GateLimits {
  /// Whether each limit holds for the model that the report is about, in the order of ``keys``.
  ///
  /// What is relative counts from the baseline; without one, from the model before. Limits that make no sense for the
  /// report's metric, and a baseline of another metric, are errors; what was not measured fails.
  public func judge(
    _ report: Report, against baseline: BaselineEntry? = nil
  ) throws(Diagnostic) -> [Report.GateResult] {
    if let metric = report.quality?.metric { try check(metric: metric) }
    let quality = QualityGates(limits: self, report: report, baseline: baseline)
    let cost = CostGates(limits: self, report: report, baseline: baseline)
    return try quality.results() + cost.results()
  }

  /// Refuses limits whose unit is none of the metric's.
  public func check(metric: String) throws(Diagnostic) {
    let scale = MetricScale(metric)
    if let maxDrop, let problem = maxDrop.misfit(to: scale) {
      throw Diagnostic(.usage, "max-drop \(maxDrop.text) \(problem.what)", hint: problem.hint)
    }
    if let minMetric, let problem = minMetric.misfit(to: scale) {
      throw Diagnostic(.usage, "min-metric \(minMetric.text) \(problem.what)", hint: problem.hint)
    }
  }
}

extension DropLimit {
  func misfit(to scale: MetricScale) -> (what: String, hint: String)? {
    let number = SignedQuantity.text(size)
    switch (scale.unit, unit) {
    case (.share, .own), (.share, .points), (.decibel, .own), (.decibel, .decibels), (.error, .percent),
      (.similarity, .own):
      return nil
    case (.share, .percent):
      return (
        "leaves open what it is a share of",
        "drops of \(scale.name) are in percentage points: write \(number)"
      )
    case (.share, .decibels):
      return ("is not a drop of \(scale.name)", "write percentage points, such as 0.5")
    case (.decibel, _): return ("is not a drop of \(scale.name)", "write decibels, such as 1")
    case (.error, _):
      return ("is not a drop of \(scale.name)", "say by what share \(scale.name) may grow: \(number)%")
    case (.similarity, _): return ("is not a drop of \(scale.name)", "write a plain number, such as 0.01")
    case (.unknown, _):
      return ("cannot be judged: the metric '\(scale.name)' is not known", "use a newer edgeopt")
    }
  }
}

extension MetricLimit {
  func misfit(to scale: MetricScale) -> (what: String, hint: String)? {
    switch (scale.unit, unit) {
    case (.share, .own) where (0...1).contains(value): return nil
    case (.share, .percent), (.decibel, .own), (.decibel, .decibels), (.error, .own), (.similarity, .own):
      return nil
    case (.share, .own):
      let number = SignedQuantity.text(value)
      return ("is not a share", (1...100).contains(value) ? "write \(number)%" : "write a share, such as 85%")
    case (.share, _): return ("is not a value of \(scale.name)", "write a share, such as 85%")
    case (.decibel, _): return ("is not a value of \(scale.name)", "write decibels, such as 30dB")
    case (.error, _), (.similarity, _):
      return ("is not a value of \(scale.name)", "write a plain number, such as 0.01")
    case (.unknown, _):
      return ("cannot be judged: the metric '\(scale.name)' is not known", "use a newer edgeopt")
    }
  }
}

extension Report.GateResult {
  /// What it limits was not measured.
  static func unknown(_ gate: String, _ limit: String, _ remark: String) -> Report.GateResult {
    Report.GateResult(
      gate: gate, limit: limit, found: "", outcome: .unknown, margin: "not measured", remark: remark)
  }
}
