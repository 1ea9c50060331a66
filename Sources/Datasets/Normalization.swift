import Graph
import Storage

/// x' = (x × scale − mean) / deviation, in float32, per channel or for all alike.
struct Normalization: Sendable, Hashable {
  var scale: DataScale
  var mean: [Float]?
  var deviation: [Float]?

  /// nil when nothing is to be done.
  init?(scale: DataScale?, mean: [Float]?, deviation: [Float]?) {
    if scale == nil && mean == nil && deviation == nil { return nil }
    self.scale = scale ?? DataScale(numerator: 1)
    self.mean = mean
    self.deviation = deviation
  }

  /// Refuses what can never work, whatever the data are.
  func check(_ flags: (mean: String, deviation: String)) throws(Diagnostic) {
    if let deviation, deviation.contains(0) {
      throw Diagnostic(.usage, "\(flags.deviation) has a zero, by which nothing can be divided")
    }
    if let mean, let deviation, mean.count != deviation.count, mean.count > 1, deviation.count > 1 {
      throw Diagnostic(
        .usage, "\(flags.mean) has \(mean.count) numbers, \(flags.deviation) has \(deviation.count)",
        hint: "give one number, or one for each channel, to both")
    }
  }

  /// How many channels the numbers are for; 1 when they hold for all.
  var channelCount: Int { max(mean?.count ?? 1, deviation?.count ?? 1) }

  /// Works on elements of the given sizes in place; `axis` is where the channels are.
  func apply(to elements: View<Float>, sizes: [Int], axis: Int) {
    let channels = channelCount
    let inner = channels == 1 ? elements.count : Shape.elementCount(Array(sizes[(axis + 1)...]))
    let outer = channels == 1 ? 1 : Shape.elementCount(Array(sizes[..<axis]))
    Codec.normalize(
      elements, outer: outer, channels: channels, inner: inner, numerator: scale.numerator,
      denominator: scale.denominator, mean: mean.map { spread($0, channels) },
      deviation: deviation.map { spread($0, channels) })
  }

  private func spread(_ values: [Float], _ count: Int) -> [Float] {
    values.count == count ? values : [Float](repeating: values[0], count: count)
  }

  /// The axis of `sizes` that has as many entries as there are numbers.
  func channelAxis(of sizes: [Int], known: Int?, what: String) throws(Diagnostic) -> Int {
    let count = channelCount
    if count == 1 { return 0 }
    if let known, sizes.indices.contains(known), sizes[known] == count { return known }
    // Images and sequences have their channels first or last.
    let ends = sizes.isEmpty ? [] : sizes.count == 1 ? [0] : [0, sizes.count - 1]
    var fitting = ends.filter { sizes[$0] == count }
    if fitting.isEmpty { fitting = sizes.indices.filter { sizes[$0] == count } }
    if fitting.count == 1 { return fitting[0] }
    if fitting.isEmpty {
      throw Diagnostic(
        .badData, "mean or standard deviation have \(count) numbers, \(what) has the sizes \(sizes)",
        hint: "give one number, or one for each channel")
    }
    throw Diagnostic(
      .badData,
      "\(what) has the sizes \(sizes): which axis the \(count) means and deviations are for is open",
      hint: "say it with --data-layout nhwc, nchw, nwc or ncw")
  }
}
