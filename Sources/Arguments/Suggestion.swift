/// Finds what a user may have meant.
public enum Suggestion {
  /// The candidate nearest to `word`, when it is near enough to be a slip of the fingers or a beginning.
  ///
  ///     Suggestion.nearest(to: "inspct", among: ["inspect", "run"])  // "inspect"
  public static func nearest(to word: String, among candidates: [String]) -> String? {
    let word = word.lowercased()
    guard !word.isEmpty else { return nil }
    var best: (candidate: String, distance: Int)?
    for candidate in candidates {
      let isBeginning = word.count >= 2 && candidate.lowercased().hasPrefix(word)
      let distance = isBeginning ? 1 : editDistance(word, candidate.lowercased())
      let limit = max(1, min(3, max(word.count, candidate.count) / 3))
      guard distance <= limit, distance < best?.distance ?? Int.max else { continue }
      best = (candidate, distance)
    }
    return best?.candidate
  }

  /// Insertions, deletions, replacements and swaps of neighbors that turn one word into the other.
  static func editDistance(_ first: String, _ second: String) -> Int {
    let first = Array(first)
    let second = Array(second)
    if first.isEmpty || second.isEmpty { return max(first.count, second.count) }
    // Nothing near is longer than this; do not let a pasted file cost quadratic time.
    if max(first.count, second.count) > 64 { return Int.max }
    var beforePrevious: [Int] = []
    var previous = Array(0...second.count)
    for row in 1...first.count {
      var current = [row]
      for column in 1...second.count {
        let replaced = previous[column - 1] + (first[row - 1] == second[column - 1] ? 0 : 1)
        var distance = min(previous[column] + 1, current[column - 1] + 1, replaced)
        if row > 1, column > 1, first[row - 1] == second[column - 2], first[row - 2] == second[column - 1] {
          distance = min(distance, beforePrevious[column - 2] + 1)
        }
        current.append(distance)
      }
      beforePrevious = previous
      previous = current
    }
    return previous[second.count]
  }
}
