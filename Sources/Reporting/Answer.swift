import Graph
import Storage

/// One sample's output, looked at as numbers.
struct Answer {
  let output: TensorValue
  let name: String
  let values: [Float]

  init(output: TensorValue, name: String) {
    self.output = output
    self.name = name
    values = output.type.isFloat ? output.floats.array : output.integers.map(Float.init)
  }

  /// The right class: as given, or the largest element of a one-hot array.
  func classIndex(_ expected: ExpectedAnswer) throws(Diagnostic) -> Int {
    switch expected {
    case .classIndex(let index): return index
    case .array(let array):
      if array.elementCount == 1, let index = Int(exactly: array.number(at: 0)) { return index }
      guard array.elementCount == values.count, array.elementCount > 0 else {
        throw Diagnostic(
          .badData,
          "the label of '\(name)' has \(array.elementCount) elements, the model gives \(values.count) classes",
          hint:
            "give one class index for each sample, or one number for each class; or choose a --metric for arrays"
        )
      }
      return (0..<array.elementCount).max { array.number(at: $0) < array.number(at: $1) } ?? 0
    }
  }

  func check(_ label: Int) throws(Diagnostic) {
    guard values.indices.contains(label) else {
      throw Diagnostic(
        .badData,
        "'\(name)' has the label \(label), the model tells \(values.count) classes apart (0 to \(values.count - 1))",
        hint: label == values.count
          ? "labels may count from 1 here; they must count from 0" : "these labels are not for this model")
    }
  }

  /// The expected output, element by element.
  func expectedValues(_ expected: ExpectedAnswer, metric: Metric) throws(Diagnostic) -> [Float] {
    guard case .array(let array) = expected else {
      if values.count == 1, case .classIndex(let number) = expected { return [Float(number)] }
      throw Diagnostic(
        .badData, "\(metric.rawValue) compares whole outputs, '\(name)' has a class index as its label",
        hint: "use --metric top1, or give label arrays")
    }
    guard array.elementCount == values.count else {
      throw Diagnostic(
        .badData,
        "the label of '\(name)' has \(array.elementCount) elements \(array.sizes), the output \(values.count)",
        hint: "give labels of the output's shape \(output.sizes)")
    }
    return (0..<array.elementCount).map { array.number(at: $0) }
  }
}

extension TensorValue {
  fileprivate func number(at index: Int) -> Float { type.isFloat ? floats[index] : Float(integer(at: index)) }
}

/// The classes of a picture's pixels: those expected, and those found.
struct Segments {
  let classCount: Int
  let pairs: [(truth: Int, found: Int)]

  init(_ answer: Answer, labels: TensorValue) throws(Diagnostic) {
    let pixels = labels.elementCount
    guard pixels > 0, answer.values.count % pixels == 0,
      answer.values.count / pixels > 1 || !answer.output.type.isFloat
    else {
      throw Diagnostic(
        .badData,
        "the label of '\(answer.name)' has \(pixels) pixels \(labels.sizes), the output is \(answer.output.sizes)",
        hint: "the output must hold one number for each class and pixel")
    }
    let depth = answer.values.count / pixels
    if depth == 1 {
      // The model chooses the classes itself.
      classCount = 256
      pairs = (0..<pixels).map { (labels.integer(at: $0), min(max(0, answer.output.integer(at: $0)), 255)) }
      return
    }
    classCount = depth
    // Classes stand first or last behind the batch axis; where both would do, first is ONNX's custom.
    let sizes = answer.output.sizes.drop { $0 == 1 }
    let isLast = sizes.first != depth && sizes.last == depth
    pairs = (0..<pixels).map { pixel in
      let scores = (0..<depth).map { answer.values[isLast ? pixel * depth + $0 : $0 * pixels + pixel] }
      let best = scores.indices.reduce(0) { scores[$1] > scores[$0] ? $1 : $0 }
      return (labels.integer(at: pixel), best)
    }
  }
}
