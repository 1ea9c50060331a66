import Graph
import Statistics
import Storage

/// Counts of predicted against right classes over pixels.
struct ClassOverlap: Sendable {
  private var intersections: [Int] = []
  private var unions: [Int] = []
  /// Each sample's own mean, for the range.
  private var perSample = RunningMean()
  private var count = 0

  /// Pixels with this label are left out, as data sets mark borders.
  private static let ignored = 255
  private static let maximumClassCount = 1 << 16

  /// `output` holds a score for each class and pixel, or a class for each pixel; `label` a class for each pixel.
  mutating func add(_ output: TensorValue, label: Label, name: String) throws(Diagnostic) {
    guard case .array(let right) = label else {
      throw Diagnostic(
        .badData, "metric miou needs a class for each pixel, the label of '\(name)' is one class",
        hint: "give --labels with an integer for each pixel, or choose --metric top1")
    }
    let predicted = try Self.classes(output, pixels: right, name: name)
    var own = ClassCounts()
    for index in 0..<right.elementCount {
      guard let wanted = right.wholeNumber(at: index), wanted >= 0, wanted < Self.maximumClassCount else {
        throw Diagnostic(
          .badData,
          "the label of '\(name)' holds \(right.text(at: index)) at pixel \(index), which is no class",
          hint: "classes are whole numbers from 0")
      }
      if wanted == Self.ignored { continue }
      own.add(wanted, predicted[index])
    }
    merge(own)
  }

  private mutating func merge(_ own: ClassCounts) {
    count += 1
    let size = max(unions.count, own.unions.count)
    intersections += [Int](repeating: 0, count: size - intersections.count)
    unions += [Int](repeating: 0, count: size - unions.count)
    for index in own.unions.indices {
      intersections[index] += own.intersections[index]
      unions[index] += own.unions[index]
    }
    if let mean = own.mean { perSample.add(mean) }
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

  func result(_ confidence: Confidence) -> MetricResult {
    let shares = zip(intersections, unions).filter { $1 > 0 }.map { Double($0) / Double($1) }
    let value = shares.isEmpty ? 0 : shares.reduce(0, +) / Double(shares.count)
    let half = perSample.halfWidth(confidence)
    return MetricResult(
      kind: .miou, value: value, low: max(0, value - half), high: min(1, value + half), count: count)
  }
}

private struct ClassCounts {
  var intersections: [Int] = []
  var unions: [Int] = []

  mutating func add(_ wanted: Int, _ predicted: Int) {
    let size = max(wanted, predicted) + 1
    if size > unions.count {
      intersections += [Int](repeating: 0, count: size - unions.count)
      unions += [Int](repeating: 0, count: size - unions.count)
    }
    unions[wanted] += 1
    if wanted == predicted { intersections[wanted] += 1 } else { unions[predicted] += 1 }
  }

  var mean: Double? {
    let shares = zip(intersections, unions).filter { $1 > 0 }.map { Double($0) / Double($1) }
    return shares.isEmpty ? nil : shares.reduce(0, +) / Double(shares.count)
  }
}
