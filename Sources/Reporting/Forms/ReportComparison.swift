/// The models of a report side by side, a line for each thing that is measured.
///
///     for row in ReportComparison(report).rows { print(row.title, row.before, row.after, row.change) }
public struct ReportComparison: Sendable {
  public struct Row: Sendable, Hashable {
    public var title: String
    /// Empty where it is not known.
    public var before = ""
    public var after = ""
    public var change = ""
  }

  /// What the models are called over their columns: "float32" and "int8" where that tells them apart.
  public private(set) var titles: (before: String, after: String) = ("before", "after")
  public private(set) var rows: [Row] = []
  /// Whether there are two models.
  public var isPair: Bool { before != nil && after != nil }

  private let before: Report.Model?
  private let after: Report.Model?

  public init(_ report: Report) {
    before = report.before
    after = report.after
    if let before, let after {
      let names = (before.precision, after.precision)
      if names.0 != names.1, max(names.0.count, names.1.count) <= 18 { titles = names }
    } else if let only = report.before ?? report.after, only.precision.count <= 18 {
      titles = (only.precision, only.precision)
    }
    addSizes()
    if let quality = report.quality { add(quality) }
  }

  private mutating func addSizes() {
    add("file", \.fileBytes, NumberFormat.bytes)
    add("compressed", \.compressedBytes, NumberFormat.bytes)
    add("weights and constants", \.weightBytes, NumberFormat.bytes)
    add("graph", \.graphBytes, NumberFormat.bytes)
    add("parameters", \.parameters, NumberFormat.count)
    add("MACs", \.macs, NumberFormat.count)
    add("operators", \.operators, NumberFormat.count)
    add("arena, Cortex-M", \.arena?.minimum, NumberFormat.exactBytes)
  }

  private mutating func add(
    _ title: String, _ value: KeyPath<Report.Model, Int>, _ text: (Int) -> String
  ) {
    add(title, before?[keyPath: value], after?[keyPath: value], text)
  }
  private mutating func add(
    _ title: String, _ value: KeyPath<Report.Model, Int?>, _ text: (Int) -> String
  ) {
    add(title, before.flatMap { $0[keyPath: value] }, after.flatMap { $0[keyPath: value] }, text)
  }
  private mutating func add(_ title: String, _ before: Int?, _ after: Int?, _ text: (Int) -> String) {
    guard before != nil || after != nil else { return }
    var row = Row(title: title, before: before.map(text) ?? "", after: after.map(text) ?? "")
    if let before, let after { row.change = NumberFormat.growth(from: before, to: after) }
    rows.append(row)
  }

  private mutating func add(_ quality: Report.Quality) {
    if let metric = quality.metric, quality.before != nil || quality.after != nil {
      let scale = MetricScale(metric)
      let values = (quality.before?.value, quality.after?.value)
      var row = Row(
        title: metric, before: values.0.map { scale.text($0) } ?? "",
        after: values.1.map { scale.text($0) } ?? "")
      if let before = values.0, let after = values.1, before.isFinite, after.isFinite {
        row.change = scale.change(after - before)
      }
      rows.append(row)
      rows.append(
        Row(
          title: "\(NumberFormat.confidence(quality.confidence)) interval",
          before: quality.before.map { scale.interval($0.low, $0.high) } ?? "",
          after: quality.after.map { scale.interval($0.low, $0.high) } ?? ""))
    }
    if let agreement = quality.agreement {
      rows.append(Row(title: "agreement", after: MetricScale("top1").text(agreement.value)))
    }
    if let decibels = quality.outputSqnr {
      let text = "\(NumberFormat.fixed(decibels, digits: 1)) dB"
      rows.append(Row(title: "SQNR of the outputs", after: decibels == .infinity ? "no error" : text))
    }
  }
}
