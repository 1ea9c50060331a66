/// A model's numbers beside those that a baseline had of it.
///
///     print(BaselineComparison(old: nil, new: entry).text(width: 80))
public struct BaselineComparison: Sendable {
  public let old: BaselineEntry?
  public let new: BaselineEntry

  public init(old: BaselineEntry?, new: BaselineEntry) {
    self.old = old
    self.new = new
  }

  public func text(width: Int = 80) -> String {
    var table =
      old == nil
      ? Table([.text(new.name, isElastic: true), .number("")])
      : Table([.text(new.name, isElastic: true), .number("was"), .number("is"), .number("change")])
    func add(_ title: String, _ was: String?, _ value: String, _ change: String) {
      old == nil ? table.add(title, value) : table.add(title, was ?? "", value, change)
    }
    func number(_ title: String, _ value: KeyPath<BaselineEntry, Int?>, _ text: (Int) -> String) {
      let was = old.flatMap { $0[keyPath: value] }
      guard let value = new[keyPath: value] else { return }
      add(title, was.map(text), text(value), was.map { NumberFormat.growth(from: $0, to: value) } ?? "")
    }
    number("file", \.sizes.file, NumberFormat.exactBytes)
    number("compressed", \.sizes.compressed, NumberFormat.exactBytes)
    number("flash", \.sizes.flash, NumberFormat.exactBytes)
    number("arena, Cortex-M", \.arenaBytes, NumberFormat.exactBytes)
    number("MACs", \.sizes.macs, NumberFormat.count)
    number("parameters", \.sizes.parameters, NumberFormat.count)
    if let quality = new.quality {
      let scale = MetricScale(quality.metric)
      let was = old?.quality.flatMap { $0.metric == quality.metric ? $0.value : nil }
      add(
        quality.metric, was.map { scale.text($0) }, scale.text(quality.value),
        was.map { scale.change(quality.value - $0) } ?? "")
    }
    if let decibels = new.outputSqnr {
      let scale = MetricScale("sqnr")
      add(
        "SQNR of the outputs", old?.outputSqnr.map { scale.text($0) }, scale.text(decibels),
        old?.outputSqnr.map { scale.change(decibels - $0) } ?? "")
    }
    if let target = new.target { add("target", old?.target?.name, target.name, "") }
    add("SHA-256", old.map { String($0.sha256.prefix(12)) }, String(new.sha256.prefix(12)), "")
    return table.text(width: width)
  }
}

extension BaselineEntry {
  /// What every entry has, in the form in which what may be missing comes.
  fileprivate var sizes: Sizes {
    Sizes(
      file: fileBytes, compressed: compressedBytes, flash: flashBytes, macs: macs, parameters: parameters)
  }

  fileprivate struct Sizes {
    var file: Int?
    var compressed: Int?
    var flash: Int?
    var macs: Int?
    var parameters: Int?
  }
}
