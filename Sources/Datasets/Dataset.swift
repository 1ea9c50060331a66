import Graph
import Storage

/// Labeled samples on disk, read one by one or in batches, from any number of threads.
///
///     let data = try Dataset(request, for: graph.inputs.map { DataInput($0) })
///     let batch = try data.batch(0..<32)
///
/// Nothing is kept: memory does not grow with the number of samples.
public struct Dataset: Sendable {
  public let inputs: [DataInput]
  /// Samples in the selection.
  public let count: Int
  /// Samples that the files hold.
  public let totalCount: Int
  private let feeds: [InputFeed]
  private let labelFeed: LabelFeed?
  private let selection: SampleSelection
  /// What the flags and the `data.yaml` say together.
  public let settings: DataSettings

  init(
    feeds: [InputFeed], labels: LabelFeed?, selection: SampleSelection, totalCount: Int,
    settings: DataSettings
  ) {
    self.feeds = feeds
    inputs = feeds.map(\.input)
    labelFeed = labels
    self.selection = selection
    self.totalCount = totalCount
    self.settings = settings
    count = selection.count
  }

  public var hasLabels: Bool { labelFeed != nil }
  /// Whether labels are class indexes; false for arrays and without labels.
  public var hasClassLabels: Bool { labelFeed?.isClassIndex ?? false }
  /// What the classes are called, by their indexes; nil when nobody says so.
  public var classNames: [String]? { settings.classes ?? (labelFeed?.source as? ClassSource)?.names }
  /// Whether every input has an axis along which samples can be stacked; without it batches hold one sample.
  public var isStackable: Bool { inputs.allSatisfy { $0.batchAxis != nil } }

  /// What messages call sample `index`.
  public func name(at index: Int) -> String { feeds[0].source.name(at: selection[index]) }

  /// One sample, as a batch of one.
  public func sample(at index: Int) throws(Diagnostic) -> Sample {
    let position = selection[index]
    let values = try feeds.map { feed throws(Diagnostic) in try feed.sample(at: position) }
    return Sample(name: name(at: index), inputs: values, label: try labelFeed?.label(at: position))
  }

  /// Several samples, stacked along each input's batch axis.
  public func batch(_ range: Range<Int>) throws(Diagnostic) -> Batch {
    precondition(range.count == 1 || isStackable, "these inputs cannot be stacked")
    let positions = range.map { selection[$0] }
    let values = try feeds.map { feed throws(Diagnostic) in try feed.batch(positions) }
    var labels: [Label] = []
    if let labelFeed {
      labels = try positions.map { position throws(Diagnostic) in try labelFeed.label(at: position) }
    }
    return Batch(names: range.map(name(at:)), inputs: values, labels: labels)
  }

  /// The label alone; nil without labels.
  public func label(at index: Int) throws(Diagnostic) -> Label? { try labelFeed?.label(at: selection[index]) }
}

/// Which of the stored samples are used, in file order.
struct SampleSelection: Sendable {
  let count: Int
  private let start: Int
  private let chosen: [Int]?

  init(of total: Int, settings: DataSettings, firstSamples: Int?) throws(Diagnostic) {
    start = settings.skip ?? 0
    guard start >= 0, start < total else {
      throw Diagnostic(
        .badData, "--skip \(start) leaves nothing of \(total) samples", hint: "skip fewer than \(total)")
    }
    let remaining = total - start
    guard let samples = settings.samples else {
      chosen = nil
      count = min(remaining, firstSamples ?? remaining)
      return
    }
    guard samples > 0 else {
      throw Diagnostic(.usage, "--samples \(samples) leaves nothing", hint: "give 1 or more")
    }
    if samples >= remaining {
      chosen = nil
      count = remaining
    } else {
      var generator = SeededGenerator(seed: settings.seed ?? 0)
      chosen = generator.subset(samples, of: remaining)
      count = samples
    }
  }

  subscript(index: Int) -> Int {
    precondition(index >= 0 && index < count, "sample index out of bounds")
    return start + (chosen?[index] ?? index)
  }
}
