/// Sentences in lines that fit a terminal.
///
///     let lines = "a long sentence …".wrapped(to: 80, hanging: 2)
extension String {
  /// The text in lines of at most `width` characters (80 where nothing limits them), each ended; what does not fit the
  /// first begins `hanging` columns further right. Words longer than a line stay whole.
  public func wrapped(to width: Int, hanging: Int = 0) -> String {
    let width = width == .max ? 80 : Swift.max(width, 40)
    var lines: [String] = []
    for sentence in split(separator: "\n", omittingEmptySubsequences: true) {
      let margin = String(sentence.prefix { $0 == " " })
      var line = margin
      var isEmpty = true
      for word in sentence.split(separator: " ") {
        if !isEmpty, line.count + 1 + word.count > width {
          lines.append(line)
          line = margin + String(repeating: " ", count: hanging)
          isEmpty = true
        }
        line += isEmpty ? "\(word)" : " \(word)"
        isEmpty = false
      }
      lines.append(line)
    }
    return lines.map { $0 + "\n" }.joined()
  }
}

extension [String] {
  /// Notes for people: several transposes that are left are one note, unless all are asked for.
  public func foldingTransposes(listsAll: Bool) -> [String] {
    let isTranspose = { (note: String) in note.hasPrefix("transpose left ") }
    let count = filter(isTranspose).count
    guard !listsAll, count > 1 else { return self }
    return filter { !isTranspose($0) } + [
      "\(count) transposes remain between layers that need different layouts (--verbose lists them)"
    ]
  }
}
