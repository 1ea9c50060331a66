import Graph
import Statistics
import Storage

/// What one sample says about a metric.
///
///     let score = try metric.score(output, label: label, name: "x.npy[3]")
///     metric.add(score)
///
/// Scores depend on nothing but their sample: any thread may make them; adding them goes in the samples' order.
public struct SampleScore: Sendable {
  enum Value: Sendable {
    /// For metrics that count samples.
    case right(Bool)
    /// For metrics that are means over samples.
    case number(Double)
    /// For metrics that are ratios of sums.
    case ratio(signal: Double, noise: Double)
    /// For metrics that rank samples.
    case ranked([Float], of: Int)
    /// For metrics that count pixels.
    case overlap(ClassCounts)
  }
  let value: Value
  /// Whether all of the output was.
  public let isFinite: Bool

  /// For metrics that count samples: whether this one is right.
  public var isRight: Bool? { if case .right(let isRight) = value { isRight } else { nil } }
}

extension Metric {
  /// What a sample's output is worth beside what it ought to be. `name` is for messages.
  public func score(_ output: TensorValue, label: Label, name: String) throws(Diagnostic) -> SampleScore {
    switch kind {
    case .top1, .top5:
      let right = try ClassLabel(label, output: output, metric: kind, name: name)
      let scores = ClassScores(output)
      return SampleScore(
        value: .right(scores.ranks(right.index, within: kind == .top5 ? 5 : 1)), isFinite: scores.isFinite)
    case .auc:
      let right = try ClassLabel(label, output: output, metric: kind, name: name)
      let scores = ClassScores(output)
      return SampleScore(value: .ranked(scores.ranked, of: right.index), isFinite: scores.isFinite)
    case .miou:
      let (counts, isFinite) = try ClassCounts.of(output, label: label, name: name)
      return SampleScore(value: .overlap(counts), isFinite: isFinite)
    case .mse, .mae, .psnr, .cosine, .sqnr:
      guard case .array(let reference) = label else {
        throw Diagnostic(
          .badData, "metric \(kind.rawValue) compares arrays, the label of '\(name)' is a class index",
          hint: "choose --metric top1, or give the expected outputs as --labels")
      }
      return try score(output, reference: reference, name: name)
    }
  }

  /// The same for metrics that compare arrays, beside the reference's output.
  public func score(
    _ output: TensorValue, reference: TensorValue, name: String
  ) throws(Diagnostic) -> SampleScore {
    guard output.elementCount == reference.elementCount else {
      throw Diagnostic(
        .badData,
        "the output for '\(name)' has the sizes \(output.sizes), what it is compared with has \(reference.sizes)",
        hint: "give one label array in the output's shape for each sample")
    }
    let difference = ArrayDifference(output.asFloats().floats, reference.asFloats().floats)
    return SampleScore(value: try value(of: difference, name: name), isFinite: difference.isFinite)
  }

  /// What is not finite counts as wrong as can be.
  private func value(of difference: ArrayDifference, name: String) throws(Diagnostic) -> SampleScore.Value {
    let isFinite = difference.isFinite
    switch kind {
    case .mse: return .number(isFinite ? difference.meanSquare : .infinity)
    case .mae: return .number(isFinite ? difference.meanAbsolute : .infinity)
    case .cosine: return .number(isFinite ? difference.cosine : -1)
    case .psnr:
      guard isFinite else { return .number(-Self.exactDecibels) }
      let decibels = Decibel.of(peak * peak / difference.meanSquare)
      return .number(max(-Self.exactDecibels, min(Self.exactDecibels, decibels)))
    case .sqnr:
      let signal = difference.referencePower
      return .ratio(signal: signal, noise: isFinite ? difference.squares : signal * 1e10)
    case .top1, .top5, .auc, .miou:
      throw Diagnostic(
        .badData, "metric \(kind.rawValue) needs class labels, '\(name)' has an array",
        hint: "choose --metric mse, mae, psnr, sqnr or cosine")
    }
  }
}

/// What metrics need to know of two arrays.
private struct ArrayDifference {
  var absolutes = 0.0
  var squares = 0.0
  var referencePower = 0.0
  private var outputPower = 0.0
  private var product = 0.0
  private let count: Int

  init(_ output: View<Float>, _ reference: View<Float>) {
    count = output.count
    for index in 0..<output.count {
      let (given, wanted) = (Double(output[index]), Double(reference[index]))
      let difference = given - wanted
      absolutes += difference.magnitude
      squares += difference * difference
      referencePower += wanted * wanted
      outputPower += given * given
      product += given * wanted
    }
  }

  var isFinite: Bool { squares.isFinite && outputPower.isFinite }
  var meanAbsolute: Double { absolutes / Double(max(1, count)) }
  var meanSquare: Double { squares / Double(max(1, count)) }
  /// Two arrays of zeros point the same way; one of them alone has no direction.
  var cosine: Double {
    let norms = outputPower.squareRoot() * referencePower.squareRoot()
    return norms > 0 ? product / norms : outputPower == referencePower ? 1 : 0
  }
}
