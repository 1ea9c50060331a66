import Foundation
import JSONText
import Testing

@testable import Reporting

/// Limits as they are typed.
@Suite struct GateLimitsTests {
  @Test(
    arguments: [
      ("max-drop", "-1"), ("max-drop", "half"), ("max-drop", "0,5"), ("max-drop", ""), ("max-drop", "1e3"),
      ("max-drop", "nan"), ("max-drop", "0x10"), ("max-drop", ".5"), ("max-drop", "5."),
      ("max-drop", "1.2.3"),
      ("min-metric", "101%"), ("min-agreement", "99"), ("min-agreement", "-1%"), ("max-class-drop", "101"),
      ("min-sqnr", "30%"), ("max-size", "64q"), ("max-size", "64 bytes"), ("max-size", "-100%"),
      ("max-size", "inf"), ("max-size", "99999999999999999"), ("max-macs", "1kB"), ("max-latency", "10"),
      ("max-latency", "-1ms"), ("fits-target", "maybe"), ("confidence", "1"), ("confidence", "0.3"),
      ("confidence", "+0.95"), ("max-dorp", "1"),
    ])
  func whatIsNoLimitIsRefused(gate: String, text: String) {
    var limits = GateLimits()
    let error = #expect(throws: InvalidLimit.self) { try limits.set(gate, to: text) }
    #expect(error?.expected.isEmpty == false)
    #expect(limits == GateLimits())
  }

  /// The patterns of the schema take what the parser takes.
  @Test func patternsAndParserAgree() throws {
    let texts = [
      "0", "0.5", "+0.5", "-1", "2%", "+2%", "-2 %", "85%", "0.85", "99", "64k", "64kB", "64 KiB", "0.5M",
      "+512",
      "-1k", "1.5M", "10ms", "0.2s", "30us", "30dB", "1 dB", "0.5 points", "3pp", "0.95", "95%", "1.", ".5",
      "x",
      "", "1e3", "64q", "10 macs", "1kmac", "1i",
    ]
    for key in GateLimits.keys {
      guard case .text(let pattern) = key.form else { continue }
      let expression = try Regex(pattern)
      for text in texts {
        var limits = GateLimits()
        let isTaken = (try? limits.set(key.name, to: text)) != nil
        // Ranges of numbers are the parser's alone.
        if isTaken { #expect(text.contains(expression), "\(key.name): \(text)") }
        if !text.contains(expression) { #expect(!isTaken, "\(key.name): \(text)") }
      }
    }
  }

  @Test func everyKeyIsSetByItsName() throws {
    let values = [
      "max-drop": "0.5", "min-metric": "85%", "max-class-drop": "5", "min-agreement": "99.5%",
      "min-sqnr": "30",
      "max-size": "65536", "max-flash": "+2%", "max-arena": "-512", "max-macs": "+1000",
      "max-latency": "10ms",
      "fits-target": "true", "no-warnings": "true", "confidence": "0.99", "significant": "true",
    ]
    var limits = GateLimits()
    #expect(limits.isEmpty)
    for key in GateLimits.keys {
      var single = GateLimits()
      try single.set(key.name, to: try #require(values[key.name]))
      #expect(single != GateLimits(), "\(key.name)")
      #expect(single.isEmpty == ["confidence", "significant"].contains(key.name))
      limits = limits.overridden(by: single)
    }
    let document = JSON(encoding: limits)
    #expect(document["max_drop"]?.string == "0.5" && document["max_flash"]?.string == "+2%")
    #expect(try document.decoded(as: GateLimits.self, called: "x") == limits)
    // What was typed comes back, however it was typed.
    for (name, value) in values where value != "true" {
      #expect(document[name.replacing("-", with: "_")]?.string == value, "\(name)")
    }
  }

  @Test func theDocumentationNamesEveryGate() throws {
    let file = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../Documentation/gates.md")
    let rows = try String(contentsOf: file.standardized, encoding: .utf8).split(separator: "\n")
    for key in GateLimits.keys {
      #expect(rows.contains { $0.hasPrefix("| `\(key.name)` |") }, "\(key.name)")
    }
  }

  @Test func flagsGoBeforeRecipes() throws {
    var recipe = GateLimits()
    recipe.maxDrop = try DropLimit("1")
    recipe.maxSize = try SizeLimit("64k")
    var flags = GateLimits()
    flags.maxDrop = try DropLimit("0.5")
    let both = recipe.overridden(by: flags)
    #expect(both.maxDrop?.size == 0.5 && both.maxSize == recipe.maxSize)
  }

  @Test func aLimitInADocumentThatIsNoneIsNamed() throws {
    let document = JSON.object(["max_drop": "much"])
    let error = #expect(throws: (any Error).self) {
      try document.decoded(as: GateLimits.self, called: "r.json")
    }
    #expect("\(error!)".contains("'much'") && "\(error!)".contains("r.json"))
  }
}
