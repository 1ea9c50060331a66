import Foundation
import Testing

@testable import Reporting

#if canImport(FoundationXML)
  import FoundationXML
#endif

/// JUnit's XML, read by a parser of XML.
@Suite struct JUnitReportTests {
  /// Elements by name, with attributes and text.
  private final class Reading: NSObject, XMLParserDelegate {
    var elements: [(name: String, attributes: [String: String], text: String)] = []
    private var open: [Int] = []

    init(_ text: String) throws {
      super.init()
      let parser = XMLParser(data: Data(text.utf8))
      parser.delegate = self
      guard parser.parse() else { throw parser.parserError ?? CancellationError() }
    }
    func parser(
      _: XMLParser, didStartElement name: String, namespaceURI _: String?, qualifiedName _: String?,
      attributes: [String: String]
    ) {
      open.append(elements.count)
      elements.append((name, attributes, ""))
    }
    func parser(_: XMLParser, didEndElement _: String, namespaceURI _: String?, qualifiedName _: String?) {
      open.removeLast()
    }
    func parser(_: XMLParser, foundCharacters text: String) { elements[open.last!].text += text }
    func all(_ name: String) -> [(name: String, attributes: [String: String], text: String)] {
      elements.filter { $0.name == name }
    }
  }

  @Test func everyGateIsACase() throws {
    let xml = try Reading(JUnitReport(SampleReport.full).text())
    let suite = try #require(xml.all("testsuite").first?.attributes)
    // Four gates, flash and SRAM.
    #expect(suite["tests"] == "6" && suite["failures"] == "3" && suite["errors"] == "0")
    #expect(suite["name"] == "keywords")
    let cases = xml.all("testcase").map { $0.attributes["name"] }
    #expect(
      cases == [
        "max-size 32 kB", "max-drop 0.1 points", "max-arena 24 kB", "max-latency 20 ms",
        "fits the flash of stm32l4", "fits the SRAM of stm32l4",
      ])
    #expect(xml.all("testcase").allSatisfy { $0.attributes["classname"] == "edgeopt.optimize" })
    let failures = xml.all("failure")
    #expect(failures.map { $0.attributes["type"] } == ["fails", "unknown", "fails"])
    #expect(failures[0].text.contains("found 29,984 B, the limit is 24 kB (5,984 B too much)"))
    #expect(failures[2].attributes["message"]?.contains("5,408 B too small") == true)
    #expect(xml.all("system-out").last?.text.contains("clips 3.1 % of its values") == true)
  }

  @Test func aReportWithoutGatesHasOneCase() throws {
    let xml = try Reading(JUnitReport(SampleReport.minimal).text())
    #expect(xml.all("testcase").map { $0.attributes["name"] } == ["evaluate"] && xml.all("failure").isEmpty)
  }

  @Test func everyCharacterIsLegal() throws {
    var report = SampleReport.full
    let hostile = "a\u{0}\u{8}\u{B}\u{1B}[0m\u{7F}\u{85}\u{FFFE}\u{FFFF}]]> <b> & \"q\" 'p'\r\n\t🤖 @"
    report.name = hostile
    report.gates[2].found = hostile
    report.warnings = [.init(hostile, hint: hostile)]
    let text = JUnitReport(report).text()
    let xml = try Reading(text)
    #expect(xml.all("testsuite")[0].attributes["name"]?.contains("]]> <b> & \"q\" 'p'") == true)
    #expect(xml.all("testsuite")[0].attributes["name"]?.contains("\\u{0}") == true)
    #expect(
      !text.unicodeScalars.contains { ($0.value < 32 && $0 != "\n") || [0xFFFE, 0xFFFF].contains($0.value) })
  }
}
