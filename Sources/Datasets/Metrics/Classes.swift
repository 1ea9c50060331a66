import Graph
import Statistics
import Storage

/// The right class of a sample, checked against what the model gives.
public struct ClassLabel: Sendable {
  public let index: Int

  public init(_ label: Label, output: TensorValue, metric: MetricKind, name: String) throws(Diagnostic) {
    let classes = max(2, output.elementCount)
    switch label {
    case .classIndex(let given): index = given
    case .array(let array) where array.elementCount == 1 && array.wholeNumber(at: 0) != nil:
      index = array.wholeNumber(at: 0)!
    case .array(let array) where array.elementCount == classes:
      // One entry for each class, the largest for the right one.
      index = array.asFloats().floats.indexOfLargest
    case .array(let array):
      throw Diagnostic(
        .badData,
        "metric \(metric.rawValue) needs class labels, the label of '\(name)' has the sizes \(array.sizes)",
        hint: "give one integer for each sample, or choose --metric mse, mae, psnr, sqnr or cosine")
    }
    guard (0..<classes).contains(index) else {
      throw Diagnostic(
        .badData, "the label of '\(name)' is \(index), the model's output has \(classes) classes",
        hint: "labels count from 0 to \(classes - 1)")
    }
  }
}

/// What a model gives for each class.
public struct ClassScores {
  private let scores: View<Float>
  public let isFinite: Bool

  public init(_ output: TensorValue) {
    scores = output.asFloats().floats
    isFinite = scores.isFinite
  }

  /// Classes that the model knows: a single output is the probability of class 1.
  public var classCount: Int { max(2, scores.count) }

  /// The class that the model chooses; of equal ones the first, and none where an output is no number.
  public var chosen: Int? {
    guard isFinite, scores.count > 0 else { return nil }
    return scores.count == 1 ? (scores[0] > 0.5 ? 1 : 0) : scores.indexOfLargest
  }

  /// Whether a class is among the `places` largest; of equal ones the first counts as larger.
  func ranks(_ index: Int, within places: Int) -> Bool {
    guard isFinite, scores.count > 0 else { return false }
    if scores.count == 1 { return places > 1 || (scores[0] > 0.5) == (index == 1) }
    let own = scores[index]
    var better = 0
    for position in 0..<scores.count
    where scores[position] > own || (scores[position] == own && position < index) {
      better += 1
    }
    return better < places
  }

  /// To be ranked among other samples': what is no number ranks below everything.
  var ranked: [Float] {
    isFinite ? scores.array : Array(repeating: -.greatestFiniteMagnitude, count: scores.count)
  }
}

extension View<Float> {
  var indexOfLargest: Int {
    var best = 0
    for index in 0..<count where self[index] > self[best] { best = index }
    return best
  }

  fileprivate var isFinite: Bool {
    for index in 0..<count where !self[index].isFinite { return false }
    return true
  }
}

extension TensorValue {
  /// Whether all elements are, as integers always are.
  var isFinite: Bool { type != .float32 || floats.isFinite }
}

/// Scores and classes of all samples, to be ranked at the end.
struct Ranking: Sendable {
  private var scores: [Float] = []
  private var classes: [Int32] = []
  private var width = 0

  mutating func add(_ values: [Float], of right: Int) {
    width = values.count
    scores += values
    classes.append(Int32(right))
  }

  /// The area and its range; the mean over classes that occur and do not fill all.
  func area(_ confidence: Confidence) -> (area: Double, interval: Interval) {
    let areas = columns.compactMap { area(of: $0) }
    guard !areas.isEmpty else { return (0.5, Interval(0, 1)) }
    let count = Double(areas.count)
    let intervals = areas.map {
      confidence.area($0.value, positives: $0.positives, negatives: $0.negatives)
    }
    return (
      areas.reduce(0) { $0 + $1.value } / count,
      Interval(intervals.reduce(0) { $0 + $1.low } / count, intervals.reduce(0) { $0 + $1.high } / count)
    )
  }

  /// What `other` has more, of the same samples.
  func difference(from other: Ranking) -> AreaDifference {
    var difference = AreaDifference(samples: classes.count)
    for (own, its) in zip(columns, other.columns) {
      guard let before = other.area(of: its), let after = area(of: own) else { continue }
      difference.add(before: before, after: after, isPositive: classes.map { $0 == own.wanted })
    }
    return difference
  }

  /// The classes that are ranked, and where their scores are.
  private var columns: [(wanted: Int32, column: Int)] {
    width <= 2 ? [(1, max(0, width - 1))] : (0..<width).map { (Int32($0), $0) }
  }

  private func area(of class: (wanted: Int32, column: Int)) -> RankedArea? {
    guard width > 0 else { return nil }
    return RankedArea(
      stride(from: `class`.column, to: scores.count, by: width).map { scores[$0] },
      isPositive: classes.map { $0 == `class`.wanted })
  }
}
