import Graph
import Testing

@testable import JSONText

/// What is written is read again, and what is no JSON is refused with its line.
@Suite struct JSONReadingTests {
  private func read(_ text: String) throws -> JSON { try JSON(parsing: Array(text.utf8), called: "x.json") }

  @Test func whatIsWrittenIsRead() throws {
    let document: JSON = .object([
      "name": .string("a\"b\\c\n\u{1}é"), "count": 3, "value": 0.1, "whole": 2.0, "none": .null, "yes": true,
      "list": [1, 2, 3], "nested": .array([.object(["x": .string("")]), .array([])]), "empty": .object([:]),
    ])
    #expect(try read(document.text()) == document)
  }

  @Test func members() throws {
    let document = try read(" { \"a\" : [ -1.5e3 , 7 ] } ")
    #expect(document["a"]?.elements?.map(\.double) == [-1500, 7])
    #expect(document["b"] == nil)
    #expect(try read("\"\\u00e9\\ud83d\\ude00\"").string == "é😀")
  }

  @Test(arguments: [
    "", "{", "[1,", "[1 2]", "{\"a\" 1}", "{a: 1}", "nul", "\"\\x\"", "\"open", "1 2", "\"\\u12\"",
    "\"\\ud800\"",
    String(repeating: "[", count: 100_000),
  ])
  func whatIsNoDocumentIsRefused(text: String) {
    #expect(throws: Diagnostic.self) { try read(text) }
  }

  @Test func problemsHaveTheirLine() {
    #expect(
      throws: Diagnostic(.badData, "'x.json', line 3: a value is expected", hint: "expected a JSON document")
    ) {
      try read("{\n\"a\": 1,\n\"b\": ?}")
    }
  }
}
