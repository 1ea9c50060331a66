/// Text that means itself in Markdown as GitHub and GitLab render it: no markup, no HTML, nobody mentioned.
///
///     MarkdownText.escaped("a|b <@me>")  // a\|b &lt;@&#8203;me&gt;
enum MarkdownText {
  /// Longer texts would fill a comment by themselves.
  private static let limit = 2000

  /// `startsLine`: whether a sign at the beginning could make a heading or a list.
  static func escaped(_ text: String, startsLine: Bool = true) -> String {
    let flat = String(text.map { $0.isNewline ? " " : $0 })
    let cut = flat.count > limit ? String(flat.prefix(limit - 1)) + "…" : flat
    var result = ""
    var isFirst = startsLine
    for character in cut.printable() {
      switch character {
      case "\\", "`", "*", "_", "[", "]", "~", "|": result += "\\\(character)"
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      // Between dollars stands mathematics.
      case "$": result += "<span>$</span>"
      // A mention or a reference needs its word right behind the sign.
      case "@": result += "@&#8203;"
      case "#": result += isFirst ? "\\#" : "#&#8203;"
      case "+", "-", "=":
        // At the start they make lists and headings.
        result += isFirst ? "\\\(character)" : "\(character)"
      default: result.append(character)
      }
      isFirst = false
    }
    return result
  }

  /// For what HTML elements hold.
  static func html(_ text: String) -> String {
    text.printable().reduce(into: "") { result, character in
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "@": result += "@&#8203;"
      default: result.append(character)
      }
    }
  }

  /// A table, a line each; `numeric` columns are aligned to the right.
  static func table(_ titles: [String], numeric: Set<Int> = [], _ rows: [[String]]) -> [String] {
    let line = { (texts: [String]) in "| " + texts.joined(separator: " | ") + " |" }
    let rule = titles.indices.map { numeric.contains($0) ? "--:" : ":--" }
    let cells = { (texts: [String]) in texts.map { escaped($0, startsLine: false) } }
    return [line(cells(titles)), line(rule)] + rows.map { line(cells($0)) }
  }

  static func list(_ items: [String]) -> [String] { items.map { "- \(escaped($0))" } }
}
