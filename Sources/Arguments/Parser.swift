/// Matches words with declared arguments and stores their values.
struct Parser {
  let bindings: [Binding]
  private var given: [Int: String] = [:]
  private var positionalWords: [String] = []

  init(bindings: [Binding]) { self.bindings = bindings }

  func parse(_ words: [String]) throws(UsageError) {
    var parser = self
    try parser.consume(words)
  }

  private mutating func consume(_ words: [String]) throws(UsageError) {
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        positionalWords += rest
        break
      }
      if word.hasPrefix("--") {
        try consumeLong(word, &rest)
      } else if word.hasPrefix("-"), word.count > 1, !looksLikeNumber(word) {
        try consumeShort(word, &rest)
      } else {
        positionalWords.append(word)
      }
    }
    try storePositionals()
    try checkRequired()
    try checkConflicts()
  }

  private mutating func consumeLong(_ word: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
    let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts[0])
    let attached = parts.count == 2 ? String(parts[1]) : nil
    if let index = bindings.firstIndex(where: {
      $0.declaration.role != .positional && $0.declaration.name == name
    }) {
      try take(index, as: "--\(name)", attached: attached, &rest)
    } else if name.hasPrefix("no-"),
      let index = bindings.firstIndex(where: {
        $0.declaration.role == .invertibleFlag && $0.declaration.name == name.dropFirst(3)
      })
    {
      try takeFlag(index, as: "--\(name)", attached: attached, value: false)
    } else {
      throw unknownOption("--\(name)")
    }
  }

  private mutating func consumeShort(_ word: String, _ rest: inout ArraySlice<String>) throws(UsageError) {
    let parts = word.dropFirst().split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let letters = Array(parts[0])
    let attached = parts.count == 2 ? String(parts[1]) : nil
    if letters.count > 1, bindings.contains(where: { $0.declaration.name == String(letters) }) {
      throw unknownOption("--" + String(letters), typed: word)
    }
    for (position, letter) in letters.enumerated() {
      guard let index = bindings.firstIndex(where: { $0.declaration.short == letter }) else {
        throw letters.count > 1
          ? unknownOption("--" + String(letters), typed: "-" + String(letters)) : unknownOption("-\(letter)")
      }
      let isLast = position == letters.count - 1
      if bindings[index].declaration.takesValue, !isLast {
        throw UsageError(
          "'-\(letter)' takes a value and cannot stand inside '-\(String(letters))'",
          hint: "write '-\(letter) \(bindings[index].declaration.valueName)'")
      }
      try take(index, as: "-\(letter)", attached: isLast ? attached : nil, &rest)
    }
  }

  private mutating func take(
    _ index: Int, as spelling: String, attached: String?, _ rest: inout ArraySlice<String>
  ) throws(UsageError) {
    let declaration = bindings[index].declaration
    guard declaration.takesValue else {
      return try takeFlag(index, as: spelling, attached: attached, value: true)
    }
    if given[index] != nil, !declaration.isRepeatable {
      throw UsageError("'\(spelling)' is given twice", hint: "it takes one value: keep one of them")
    }
    guard let value = attached ?? nextValue(&rest) else {
      let hint = rest.first.map { "for a value that begins with a dash write '\(spelling)=\($0)'" }
      throw UsageError("'\(spelling)' needs a value: \(spelling) \(declaration.valueName)", hint: hint)
    }
    given[index] = spelling
    try store(value, index, as: spelling)
  }

  private mutating func takeFlag(
    _ index: Int, as spelling: String, attached: String?, value: Bool
  ) throws(UsageError) {
    if attached != nil { throw UsageError("'\(spelling)' takes no value", hint: "write just '\(spelling)'") }
    if let earlier = given[index], earlier.hasPrefix("--no-") == value, earlier != spelling {
      throw UsageError("'\(earlier)' and '\(spelling)' contradict each other", hint: "keep one of them")
    }
    given[index] = spelling
    try store(value ? "true" : "false", index, as: spelling)
  }

  private func nextValue(_ rest: inout ArraySlice<String>) -> String? {
    guard let next = rest.first, next == "-" || !next.hasPrefix("-") || looksLikeNumber(next) else {
      return nil
    }
    return rest.popFirst()
  }

  private func looksLikeNumber(_ word: String) -> Bool {
    word.dropFirst().first.map { $0.isNumber || $0 == "." } ?? false
  }

  private func store(_ value: String, _ index: Int, as spelling: String) throws(UsageError) {
    do throws(InvalidValue) {
      try bindings[index].store(value)
    } catch {
      throw UsageError("'\(value)' does not fit \(spelling): expected \(error.expected)")
    }
  }

  private mutating func storePositionals() throws(UsageError) {
    let places = bindings.indices.filter { bindings[$0].declaration.role == .positional }
    if positionalWords.count > places.count {
      let extra = positionalWords[places.count]
      throw UsageError("unexpected argument '\(extra)'", hint: hint(forExtra: extra))
    }
    for (place, word) in zip(places, positionalWords) {
      given[place] = bindings[place].declaration.valueName
      try store(word, place, as: bindings[place].declaration.valueName)
    }
  }

  private func hint(forExtra word: String) -> String? {
    let flags = bindings.map(\.declaration).filter { $0.role != .positional }.map(\.name)
    return Suggestion.nearest(to: word, among: flags).map { "did you mean '--\($0)'?" }
  }

  private func checkRequired() throws(UsageError) {
    for (index, binding) in bindings.enumerated() where binding.declaration.isRequired && given[index] == nil
    {
      let declaration = binding.declaration
      let what =
        declaration.role == .positional
        ? declaration.valueName : "\(declaration.spelling) \(declaration.valueName)"
      throw UsageError("\(what) is missing", hint: "\(what): \(declaration.help)")
    }
  }

  private func checkConflicts() throws(UsageError) {
    for (index, spelling) in given.sorted(by: { $0.key < $1.key }) {
      for conflict in bindings[index].declaration.conflicts {
        guard let other = bindings.firstIndex(where: { $0.declaration.name == conflict }),
          let otherSpelling = given[other]
        else { continue }
        throw UsageError(
          "'\(spelling)' and '\(otherSpelling)' cannot be used together", hint: "keep one of them")
      }
    }
  }

  private func unknownOption(_ spelling: String, typed: String? = nil) -> UsageError {
    let names = bindings.map(\.declaration).filter { $0.role != .positional }.flatMap { declaration in
      declaration.role == .invertibleFlag ? [declaration.name, "no-\(declaration.name)"] : [declaration.name]
    }
    let typedName = String(spelling.drop { $0 == "-" })
    let near = typedName.count > 1 ? Suggestion.nearest(to: typedName, among: names + ["help"]) : nil
    return UsageError("unknown option '\(typed ?? spelling)'", hint: near.map { "did you mean '--\($0)'?" })
  }
}
