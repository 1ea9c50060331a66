import Foundation
import Graph
import JSONText
import Testing

@testable import edgeopt

/// What a file says of its origin is the word of whoever wrote the file.
@Suite struct LineageTests {
  private func lineage(_ text: String) throws -> Lineage {
    try #require(Lineage(JSON(parsing: Array(text.utf8), called: "lineage")))
  }

  private func source(_ letter: String, role: String = "model", madeBy: String? = nil) -> String {
    let digest = String(repeating: letter, count: 64)
    let maker = madeBy.map { ",\"made_by\":\($0)" } ?? ""
    return "{\"role\":\"\(role)\",\"kind\":\"file\",\"bytes\":9,\"sha256\":\"\(digest)\"\(maker)}"
  }

  private func stage(
    _ sources: String..., options: String = "{}", data: String = "{}", verb: String = "convert"
  ) -> String {
    "{\"version\":\"0\",\"verb\":\"\(verb)\",\"options\":\(options),\"data\":\(data),"
      + "\"sources\":[\(sources.joined(separator: ","))]}"
  }

  private func missing(_ text: String) throws -> [String] {
    Reproduction(lineage: try lineage(text), found: [:], manner: []).missing.map {
      String($0.identity.sha256.prefix(1))
    }
  }

  @Test func whatIsMadeOfItselfIsMissing() throws {
    #expect(try missing(stage(source("a", madeBy: stage(source("a"))))) == ["a"])
    // In a circle, told by another source of the same content.
    let circle = stage(
      source("a", madeBy: stage(source("b"))), source("b", role: "calib", madeBy: stage(source("a"))))
    #expect(try missing(circle) == ["a"])
    #expect(
      try missing(stage(source("a", madeBy: stage(source("b"), source("c", role: "calib"))))) == ["b", "c"])
  }

  /// Each of 26 stages reads the one below twice: tens of millions of ways down.
  @Test func whatIsReadTwiceIsLookedAtOnce() throws {
    let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ".map(String.init)
    let sources = zip(letters, letters.dropFirst() + ["z"]).map { letter, next in
      source(letter, madeBy: stage(source(next), source(next, role: "calib")))
    }
    #expect(try missing(stage(sources.joined(separator: ","))) == ["z"])
  }

  @Test func onlyOptionsThatLineagesHaveBecomeFlags() throws {
    let words = try lineage(
      stage(
        source("a"), options: "{\"precision\":\"int8\",\"per-channel\":false,\"dim\":[\"n=1\"]}",
        data: "{\"samples\":4}", verb: "quantize")
    ).words([:])
    #expect(words == ["--int8", "--no-per-channel", "--dim=n=1", "--samples=4"])
    for option in [
      "{\"output\":\"/tmp/x\"}", "{\"report\":[\"/tmp/x\"]}", "{\"force\":true}", "{\"seed\":1}",
      "{\"precision\":\"force\"}", "{\"precision\":true}", "{\"ranges\":\"x\"}", "{\"\":1}",
    ] {
      let problem = #expect(throws: Diagnostic.self, "\(option)") {
        try lineage(stage(source("a"), options: option)).words([:])
      }
      #expect(problem?.kind == .badData && problem?.message.contains("never writes there") == true)
    }
    #expect(throws: Diagnostic.self) {
      try lineage(stage(source("a"), data: "{\"output\":\"x\"}")).words([:])
    }
  }
}
