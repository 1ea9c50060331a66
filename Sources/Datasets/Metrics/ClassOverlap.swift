import Graph
import Statistics
import Storage

/// Counts of predicted against right classes over the pixels of all samples.
struct ClassOverlap: Sendable {
  private var total = ClassCounts()
  /// Each sample's own mean, for the range.
  private var perSample = RunningMean()

  mutating func add(_ own: ClassCounts) {
    total.add(own)
    if let mean = own.mean { perSample.add(mean) }
  }

  var mean: Double { total.mean ?? 0 }

  func interval(_ confidence: Confidence) -> Interval {
    let half = perSample.halfWidth(confidence)
    return Interval(max(0, mean - half), min(1, mean + half))
  }
}

/// For each class the pixels where prediction and truth meet, and those where either is.
struct ClassCounts: Sendable {
  var intersections: [Int32] = []
  var unions: [Int32] = []

  /// Pixels with this label are left out, as data sets mark borders.
  private static let ignored = 255
  private static let maximumClassCount = 1 << 16

  /// A pixel; `predicted` is nil where the prediction is no number.
  private mutating func add(_ wanted: Int, _ predicted: Int?) {
    widen(to: max(wanted, predicted ?? 0) + 1)
    unions[wanted] += 1
    if wanted == predicted { intersections[wanted] += 1 } else if let predicted { unions[predicted] += 1 }
  }

  mutating func add(_ other: ClassCounts) {
    widen(to: other.unions.count)
    for index in other.unions.indices {
      intersections[index] += other.intersections[index]
      unions[index] += other.unions[index]
    }
  }

  private mutating func widen(to size: Int) {
    guard size > unions.count else { return }
    intersections += [Int32](repeating: 0, count: size - intersections.count)
    unions += [Int32](repeating: 0, count: size - unions.count)
  }

  /// Over the classes that occur; nil when none does.
  var mean: Double? {
    let shares = zip(intersections, unions).filter { $1 > 0 }.map { Double($0) / Double($1) }
    return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
  }

  /// `output` holds a score for each class and pixel, or a class for each pixel; `label` a class for each pixel.
  static func of(
    _ output: TensorValue, label: Label, name: String
  ) throws(Diagnostic) -> (counts: ClassCounts, isFinite: Bool) {
    guard case .array(let right) = label else {
      throw Diagnostic(
        .badData, "metric miou needs a class for each pixel, the label of '\(name)' is one class",
        hint: "give --labels with an integer for each pixel, or choose --metric top1")
    }
    let isFinite = output.isFinite
    let predicted = try classes(output, pixels: right, name: name)
    var counts = ClassCounts()
    for index in 0..<right.elementCount {
      guard let wanted = right.wholeNumber(at: index), wanted >= 0, wanted < maximumClassCount else {
        throw Diagnostic(
          .badData,
          "the label of '\(name)' holds \(right.text(at: index)) at pixel \(index), which is no class",
          hint: "classes are whole numbers from 0")
      }
      if wanted == ignored { continue }
      counts.add(wanted, isFinite ? predicted[index] : nil)
    }
    return (counts, isFinite)
  }

  /// The predicted class of each pixel.
  private static func classes(_ output: TensorValue, pixels: TensorValue, name: String) throws(Diagnostic)
    -> [Int]
  {
    let count = pixels.elementCount
    if output.elementCount == count {
      // One score is the probability of class 1; integers are classes already.
      return (0..<count).map { index in
        output.type.isFloat ? (output.floats[index] > 0.5 ? 1 : 0) : output.integer(at: index)
      }.map { min(max(0, $0), maximumClassCount - 1) }
    }
    let sizes = output.sizes.filter { $0 != 1 }
    let labelSizes = pixels.sizes.filter { $0 != 1 }
    let axes = sizes.indices.filter { axis in
      sizes.enumerated().filter { $0.offset != axis }.map(\.element) == labelSizes
    }
    guard let axis = axes.first, axis == 0 || axis == sizes.count - 1 else {
      throw Diagnostic(
        .badData,
        "the output for '\(name)' has the sizes \(output.sizes), its label \(pixels.sizes): no axis of classes is left",
        hint: "give a class for each pixel of the output")
    }
    let scores = output.asFloats().floats
    let classCount = sizes[axis]
    let (step, stride) = axis == 0 ? (count, 1) : (1, classCount)
    return (0..<count).map { pixel in
      var best = 0
      for candidate in 1..<max(1, classCount)
      where scores[pixel * stride + candidate * step] > scores[pixel * stride + best * step] {
        best = candidate
      }
      return best
    }
  }
}

/// The counts of many samples, only of classes that occur in them.
struct ClassCountList: Sendable {
  /// Where each sample's entries end.
  private var ends: [Int] = []
  private var classes: [Int32] = []
  private var intersections: [Int32] = []
  private var unions: [Int32] = []
  private var classCount = 0

  var entryCount: Int { classes.count }

  mutating func append(_ counts: ClassCounts) {
    for index in counts.unions.indices where counts.unions[index] > 0 {
      classes.append(Int32(index))
      intersections.append(counts.intersections[index])
      unions.append(counts.unions[index])
    }
    classCount = max(classCount, counts.unions.count)
    ends.append(classes.count)
  }

  /// The metric on samples that count as often as `weight` says.
  func mean(weight: (Int) -> Int) -> Double {
    var tops = Array(repeating: 0, count: classCount)
    var bottoms = tops
    var start = 0
    for (sample, end) in ends.enumerated() {
      let times = weight(sample)
      if times > 0 {
        for entry in start..<end {
          tops[Int(classes[entry])] += times * Int(intersections[entry])
          bottoms[Int(classes[entry])] += times * Int(unions[entry])
        }
      }
      start = end
    }
    var (sum, occurring) = (0.0, 0)
    for index in bottoms.indices where bottoms[index] > 0 {
      sum += Double(tops[index]) / Double(bottoms[index])
      occurring += 1
    }
    return occurring > 0 ? sum / Double(occurring) : 0
  }
}
