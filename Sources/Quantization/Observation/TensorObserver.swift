import Graph
import Storage
import TensorMath

/// What calibration saw of one tensor.
public struct Observation: Sendable, Hashable {
  /// A sample, and how far it reaches in one direction.
  public struct Reach: Sendable, Hashable {
    public var sample: Int
    public var value: Float
  }

  /// Of all samples.
  public var extremes = Extremes()
  /// Of the samples that ranges are chosen from, as the histogram is: without those that judge the choice.
  public var shown = Extremes()
  /// Of the first half of the samples alone, which tells whether more would still move the range.
  public var firstHalf = Extremes()
  /// The samples that reach farthest up, farthest first, and those that reach farthest down.
  public var highest: [Reach] = []
  public var lowest: [Reach] = []
  /// The first samples that hold one number alone, and how many there are.
  public var constantSamples: [Int] = []
  public var constantCount = 0
  /// nil when only the extremes were asked for.
  public var histogram: ValueHistogram?

  /// Samples that `highest` and `lowest` hold.
  static let reachCount = 8

  public init() {}

  /// The order in which two observations are merged makes no difference.
  mutating func merge(_ other: Observation) {
    extremes.formUnion(other.extremes)
    shown.formUnion(other.shown)
    firstHalf.formUnion(other.firstHalf)
    for reach in other.highest { Self.insert(reach, into: &highest, before: { $0 > $1 }) }
    for reach in other.lowest { Self.insert(reach, into: &lowest, before: { $0 < $1 }) }
    constantSamples = Array((constantSamples + other.constantSamples).sorted().prefix(Self.reachCount))
    constantCount += other.constantCount
    if let theirs = other.histogram {
      if histogram != nil { histogram!.merge(theirs) } else { histogram = theirs }
    }
  }

  mutating func add(_ seen: Extremes, sample: Int, isShown: Bool, isFirstHalf: Bool) {
    extremes.formUnion(seen)
    if isShown { shown.formUnion(seen) }
    if isFirstHalf { firstHalf.formUnion(seen) }
    if seen.least == seen.greatest {
      constantCount += 1
      constantSamples = Array((constantSamples + [sample]).sorted().prefix(Self.reachCount))
    }
    Self.insert(Reach(sample: sample, value: seen.greatest), into: &highest, before: { $0 > $1 })
    Self.insert(Reach(sample: sample, value: seen.least), into: &lowest, before: { $0 < $1 })
  }

  private static func insert(_ reach: Reach, into list: inout [Reach], before: (Float, Float) -> Bool) {
    if list.count == reachCount, let last = list.last, !isAhead(reach, of: last, before) { return }
    let place = list.firstIndex { isAhead(reach, of: $0, before) } ?? list.count
    list.insert(reach, at: place)
    if list.count > reachCount { list.removeLast() }
  }

  private static func isAhead(_ first: Reach, of second: Reach, _ before: (Float, Float) -> Bool) -> Bool {
    before(first.value, second.value) || (first.value == second.value && first.sample < second.sample)
  }
}

/// Watches one tensor for one thread.
final class TensorObserver {
  private var seen = Observation()
  private let recorder: HistogramRecorder?

  /// Of every so many samples one is counted in the histogram.
  private let stride: Int

  init(countsValues: Bool, stride: Int = 1) {
    recorder = countsValues ? HistogramRecorder() : nil
    self.stride = stride
  }

  /// Takes in a batch; gives the first sample that has NaN or infinity in it.
  func add(_ values: View<Float>, samples: Range<Int>, isShown: Bool, firstHalf: Int) -> Int? {
    let size = values.count / samples.count
    for (place, sample) in samples.enumerated() {
      let part = values[place * size..<(place + 1) * size]
      let found = Extremes(of: part)
      guard found.isFinite else { return sample }
      seen.add(found, sample: sample, isShown: isShown, isFirstHalf: sample < firstHalf)
      if isShown, let recorder, sample % stride == 0 { recorder.add(part, within: found) }
    }
    return nil
  }

  var observation: Observation {
    var result = seen
    result.histogram = recorder?.histogram
    return result
  }
}
