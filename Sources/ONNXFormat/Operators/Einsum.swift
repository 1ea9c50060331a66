import Graph

/// The equation of an Einsum, every letter and every axis behind `...` as a number.
struct EinsumEquation {
  let operands: [[Int]]
  let output: [Int]

  init(_ text: String, ranks: [Int], _ node: Node) throws(Diagnostic) {
    let compact = text.filter { $0 != " " }
    let arrow = compact.firstRange(of: "->")
    let left = arrow.map { String(compact[..<$0.lowerBound]) } ?? compact
    let terms = left.split(separator: ",", omittingEmptySubsequences: false)
    guard terms.count == ranks.count else {
      throw node.problem("has equation '\(text)' for \(ranks.count) inputs")
    }
    var parser = LabelParser(text: text, node: node)
    var operands: [[Int]] = []
    for (term, rank) in zip(terms, ranks) { operands.append(try parser.labels(term, rank: rank)) }
    self.operands = operands
    if let arrow {
      output = try parser.outputLabels(compact[arrow.upperBound...])
    } else {
      // Without an arrow: the axes behind "...", then letters that occur once, in alphabetical order.
      let all = operands.flatMap { $0 }
      let once = Set(all).filter { label in
        label >= LabelParser.letters && all.filter { $0 == label }.count == 1
      }
      output = LabelParser.hidden(parser.ellipsisCount) + once.sorted()
    }
    guard Set(output).count == output.count, Set(output).isSubset(of: operands.flatMap { $0 }) else {
      throw node.problem("has equation '\(text)', whose output names an axis twice or an unknown one")
    }
  }
}

/// Numbers below ``letters`` are axes behind `...`, counted so that the last of them always has the same number.
private struct LabelParser {
  static let letters = 64

  static func hidden(_ count: Int) -> [Int] { Array(letters - count..<letters) }

  let text: String
  let node: Node
  var ellipsisCount = 0

  mutating func labels(_ term: Substring, rank: Int) throws(Diagnostic) -> [Int] {
    let letterCount = term.filter { $0 != "." }.count
    let hasEllipsis = term.contains("...")
    guard hasEllipsis ? letterCount <= rank : letterCount == rank else {
      throw node.problem("has equation '\(text)': '\(term)' does not fit an input of rank \(rank)")
    }
    let hidden = rank - letterCount
    ellipsisCount = max(ellipsisCount, hidden)
    return try parse(term, hidden: hidden)
  }

  func outputLabels(_ term: Substring) throws(Diagnostic) -> [Int] { try parse(term, hidden: ellipsisCount) }

  private func parse(_ term: Substring, hidden: Int) throws(Diagnostic) -> [Int] {
    var result: [Int] = []
    var rest = term
    while let character = rest.first {
      if rest.hasPrefix("...") {
        result += Self.hidden(hidden)
        rest = rest.dropFirst(3)
        continue
      }
      guard character.isASCII, character.isLetter, let value = character.asciiValue else {
        throw node.problem("has equation '\(text)' with the character '\(character)'")
      }
      result.append(Self.letters + Int(value))
      rest = rest.dropFirst()
    }
    return result
  }
}
