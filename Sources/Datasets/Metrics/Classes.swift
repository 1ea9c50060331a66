import Graph
import Statistics
import Storage

/// The right class of a sample, checked against what the model gives.
struct ClassLabel {
  let index: Int

  init(_ label: Label, output: TensorValue, metric: MetricKind, name: String) throws(Diagnostic) {
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

  /// Whether the class is among the `places` largest outputs; of equal ones the first counts as larger. A single
  /// output is the probability of class 1.
  func isWithin(_ places: Int, of output: TensorValue, notFinite: inout Int) -> Bool {
    let scores = output.asFloats().floats
    guard scores.count > 0 else { return false }
    for position in 0..<scores.count where !scores[position].isFinite {
      notFinite += 1
      return false
    }
    if scores.count == 1 { return places > 1 || (scores[0] > 0.5) == (index == 1) }
    let own = scores[index]
    var better = 0
    for position in 0..<scores.count
    where scores[position] > own || (scores[position] == own && position < index) {
      better += 1
    }
    return better < places
  }
}

extension View<Float> {
  var indexOfLargest: Int {
    var best = 0
    for index in 0..<count where self[index] > self[best] { best = index }
    return best
  }
}

/// Scores and classes of all samples, to be ranked at the end.
struct Ranking: Sendable {
  private var scores: [Float] = []
  private var classes: [Int32] = []
  private var width = 0
  private(set) var notFinite = 0

  var count: Int { classes.count }

  mutating func add(_ output: TensorValue, right: ClassLabel) {
    let values = output.asFloats().floats
    width = values.count
    // What is no number ranks below everything.
    let isFinite = (0..<values.count).allSatisfy { values[$0].isFinite }
    if !isFinite { notFinite += 1 }
    for index in 0..<values.count { scores.append(isFinite ? values[index] : -.greatestFiniteMagnitude) }
    classes.append(Int32(right.index))
  }

  /// The area and its range; the mean over classes that occur and do not fill all.
  func area(_ confidence: Confidence) -> (area: Double, low: Double, high: Double) {
    if width <= 2 { return areaOfClass(1, column: max(0, width - 1), confidence) ?? (0.5, 0, 1) }
    let areas = (0..<width).compactMap { areaOfClass(Int32($0), column: $0, confidence) }
    guard !areas.isEmpty else { return (0.5, 0, 1) }
    let count = Double(areas.count)
    return (
      areas.reduce(0) { $0 + $1.area } / count, areas.reduce(0) { $0 + $1.low } / count,
      areas.reduce(0) { $0 + $1.high } / count
    )
  }

  /// The share of pairs in which a sample of the class scores above one that is not; ties count half.
  private func areaOfClass(
    _ wanted: Int32, column: Int, _ confidence: Confidence
  ) -> (area: Double, low: Double, high: Double)? {
    let positives = classes.count { $0 == wanted }
    let negatives = classes.count - positives
    guard positives > 0, negatives > 0 else { return nil }
    let order = classes.indices.sorted { scores[$0 * width + column] < scores[$1 * width + column] }
    var rankSum = 0.0
    var start = 0
    while start < order.count {
      let score = scores[order[start] * width + column]
      var end = start
      while end < order.count, scores[order[end] * width + column] == score { end += 1 }
      let rank = Double(start + 1 + end) / 2
      for position in start..<end where classes[order[position]] == wanted { rankSum += rank }
      start = end
    }
    let (p, n) = (Double(positives), Double(negatives))
    let area = (rankSum - p * (p + 1) / 2) / (p * n)
    let interval = confidence.area(area, positives: positives, negatives: negatives)
    return (area, interval.low, interval.high)
  }
}
