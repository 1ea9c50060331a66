import Datasets
import Reporting

/// Which classes two models choose, sample by sample.
struct ClassTally {
  /// More classes make no matrix that anybody reads.
  private static let maximumConfusion = 64

  private let classCount: Int
  private let isPair: Bool
  private var samples: [Int]
  private var correct: (before: [Int], after: [Int])
  private var broken: [Int]
  private var mended: [Int]
  private var confusion: (before: [[Int]], after: [[Int]])
  private(set) var agreeing = 0

  init(classCount: Int, isPair: Bool) {
    self.classCount = classCount
    self.isPair = isPair
    let zeros = Array(repeating: 0, count: classCount)
    (samples, correct, broken, mended) = (zeros, (zeros, zeros), zeros, zeros)
    let matrix = classCount <= Self.maximumConfusion ? Array(repeating: zeros, count: classCount) : []
    confusion = (matrix, matrix)
  }

  mutating func add(chosen before: Int?, _ after: Int?) {
    if let before, before == after { agreeing += 1 }
  }

  /// A labeled sample: what the models choose, and whether the metric counts that as right.
  mutating func add(
    label: Int, chosen: (before: Int?, after: Int?), isRight: (before: Bool, after: Bool)
  ) {
    samples[label] += 1
    if isRight.before { correct.before[label] += 1 }
    if isRight.after { correct.after[label] += 1 }
    if isRight.before, !isRight.after { broken[label] += 1 }
    if isRight.after, !isRight.before { mended[label] += 1 }
    guard !confusion.before.isEmpty else { return }
    if let before = chosen.before { confusion.before[label][before] += 1 }
    if let after = chosen.after { confusion.after[label][after] += 1 }
  }

  /// Each class of a matrix; of very many classes only those that have samples.
  func classes(names: [String]?) -> [Report.ClassAccuracy] {
    guard samples.contains(where: { $0 > 0 }) else { return [] }
    return (0..<classCount).filter { samples[$0] > 0 || !confusion.before.isEmpty }.map { index in
      Report.ClassAccuracy(
        index: index, name: names.flatMap { index < $0.count ? $0[index] : nil }, samples: samples[index],
        correctBefore: correct.before[index], correctAfter: isPair ? correct.after[index] : nil,
        broken: isPair ? broken[index] : nil, mended: isPair ? mended[index] : nil)
    }
  }

  var confusionMatrices: Report.Confusion? {
    guard !confusion.before.isEmpty, samples.contains(where: { $0 > 0 }) else { return nil }
    return Report.Confusion(before: confusion.before, after: isPair ? confusion.after : nil)
  }
}
