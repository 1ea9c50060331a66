import Reporting
import Testing

@Suite("Prose on a terminal") struct ProseTests {
  @Test("Lines end before the width, and what follows hangs")
  func wrapping() {
    let text = "- one two three four five six seven eight nine ten".wrapped(to: 40, hanging: 2)
    #expect(text == "- one two three four five six seven\n  eight nine ten\n")
    #expect("short\n  indented\n".wrapped(to: .max, hanging: 2) == "short\n  indented\n")
    let word = String(repeating: "w", count: 100)
    #expect("a \(word) b".wrapped(to: 80) == "a\n\(word)\nb\n")
  }

  @Test("Several transposes are one note, a single one is told")
  func transposes() {
    let notes = ["transpose left of 'a' [1]: x", "other", "transpose left of 'b' [1]: y"]
    #expect(
      notes.foldingTransposes(listsAll: false)
        == ["other", "2 transposes remain between layers that need different layouts (--verbose lists them)"])
    #expect(notes.foldingTransposes(listsAll: true) == notes)
    #expect(Array(notes.prefix(2)).foldingTransposes(listsAll: false) == Array(notes.prefix(2)))
  }

  @Test("A name of a thousand characters is cut even where nothing limits the table")
  func longNames() {
    var table = Table([.text("layer", isElastic: true), .number("MACs")])
    table.add(String(repeating: "n", count: 1000), "1")
    #expect(table.text(width: .max).split(separator: "\n").allSatisfy { $0.count <= 66 })
  }
}
