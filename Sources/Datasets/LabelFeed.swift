import Graph
import Storage

/// The labels on their way out: class indexes, or arrays that are normalized.
struct LabelFeed: Sendable {
  let source: any SampleSource
  let isClassIndex: Bool
  private let normalization: Normalization?
  private let channelAxis: Int

  init(_ source: any SampleSource, settings: DataSettings) throws(Diagnostic) {
    self.source = source
    let first = try source.sample(at: 0)
    let normalization = Normalization(
      scale: settings.labelScale, mean: settings.labelMean, deviation: settings.labelStandardDeviation)
    try normalization?.check((mean: "--label-mean", deviation: "--label-std"))
    self.normalization = normalization
    isClassIndex = first.elementCount == 1 && !first.type.isFloat && normalization == nil
    channelAxis =
      try normalization?.channelAxis(
        of: first.sizes, known: settings.layout?.isChannelsLast == true ? first.sizes.count - 1 : nil,
        what: "a label of '\(source.name(at: 0))'") ?? 0
  }

  func label(at index: Int) throws(Diagnostic) -> Label {
    let value = try source.sample(at: index)
    if isClassIndex {
      guard value.elementCount == 1, let label = value.wholeNumber(at: 0) else {
        throw Diagnostic(
          .badData, "label '\(source.name(at: index))' is no class index: its sizes are \(value.sizes)",
          hint: "give one integer for each sample")
      }
      return .classIndex(label)
    }
    guard let normalization else { return .array(value) }
    let floats =
      value.type.isFloat ? TensorValue(floats: value.floats.array, sizes: value.sizes) : value.asFloats()
    normalization.apply(to: floats.floats, sizes: floats.sizes, axis: channelAxis)
    return .array(floats)
  }
}
