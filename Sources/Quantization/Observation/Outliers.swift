/// Samples that are beyond comparison with the others: one that is a thousand times as large decides every sum that it is
/// part of, and what is best for it is bad for all others.
enum Outliers {
  /// Sixteen times the size of the middle one.
  private static let factor = 256.0
  /// Where more than one in eight stand out, that is how the data are.
  private static let mostShare = 8
  /// Of fewer nobody can tell which is usual.
  private static let leastCount = 4

  /// Which of several groups of samples are to be counted, by the power of their numbers.
  static func kept(powers: [Double]) -> [Bool] {
    let all = Array(repeating: true, count: powers.count)
    guard powers.count >= leastCount else { return all }
    let middle = powers.sorted()[powers.count / 2]
    guard middle > 0 else { return all }
    let kept = powers.map { $0 <= factor * middle }
    return mostShare * kept.count { !$0 } <= powers.count ? kept : all
  }

  /// The same by several powers of each group, none of which may stand out.
  static func kept(_ powers: [[Double]]) -> [Bool] {
    guard let first = powers.first else { return [] }
    var kept = Array(repeating: true, count: powers.count)
    for kind in first.indices {
      for (index, isKept) in self.kept(powers: powers.map { $0[kind] }).enumerated() where !isKept {
        kept[index] = false
      }
    }
    return kept
  }
}
