import JSONText
import Reporting
import Testing

@Suite struct NumberFormatTests {
  @Test func countsHaveThousandsSeparated() {
    #expect(
      [0, 999, 1000, 1_234_567, -12_345].map(NumberFormat.count) == [
        "0", "999", "1,000", "1,234,567", "-12,345",
      ])
    #expect(NumberFormat.count(.min) == "-9,223,372,036,854,775,808")
  }

  @Test func bytesHaveThreeDigits() {
    #expect(
      [0, 999, 1000, 9_994, 9_996, 12_345, 999_499, 999_600, 3_487_886].map(NumberFormat.bytes)
        == ["0 B", "999 B", "1.00 kB", "9.99 kB", "10.0 kB", "12.3 kB", "999 kB", "1.00 MB", "3.49 MB"])
    #expect(NumberFormat.scaled(4_100_000_000) == "4.10 G")
    #expect(NumberFormat.scaled(12) == "12")
  }

  @Test func fixedDigitsRound() {
    #expect(NumberFormat.fixed(0.87185, digits: 4) == "0.8719")
    #expect(NumberFormat.fixed(99.995, digits: 1) == "100.0")
    #expect(NumberFormat.fixed(-0.04, digits: 1) == "0.0")
    #expect(NumberFormat.fixed(-1.25, digits: 1) == "-1.3")
    #expect(NumberFormat.fixed(.nan, digits: 1) == "nan")
  }

  @Test func durationsSuitTheirSize() {
    #expect(
      [0.0042, 0.35, 12.44, 200, 7500].map(NumberFormat.duration) == [
        "4.2 ms", "350 ms", "12.4 s", "3 min 20 s", "2 h 05 min",
      ])
  }
}

@Suite struct TableTests {
  @Test func numbersStandRightAndTextsLeft() {
    var table = Table([.text("layer", isElastic: true), .number("MACs")])
    table.add("conv1", "442,368")
    table.addRule()
    table.add("total", "1,442,368")
    #expect(
      table.text() == """
        layer       MACs
        ─────  ─────────
        conv1    442,368
        ─────  ─────────
        total  1,442,368

        """)
  }

  @Test func longNamesGiveWay() {
    var table = Table([.text("layer", isElastic: true), .number("MACs")])
    table.add("/features/features.17/conv/conv.0/conv.0.0/Conv", "442,368")
    let lines = table.text(width: 30).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 30 })
    #expect(lines[2] == "/feature…onv.0.0/Conv  442,368")
  }
}

@Suite struct JSONTests {
  @Test func documentsKeepOrderAndEscape() {
    let document = JSON.object([
      "name": "a\"b\\\n\u{1}é", "shape": .integers([1, 2]), "none": .null, "share": .number(.nan),
      "whole": 2.0,
      "rows": [.object(["x": true])], "empty": .array([]), "nothing": .object([:]),
    ])
    #expect(
      document.text() == """
        {
          "name": "a\\"b\\\\\\n\\u0001é",
          "shape": [1, 2],
          "none": null,
          "share": null,
          "whole": 2.0,
          "rows": [
            {
              "x": true
            }
          ],
          "empty": [],
          "nothing": {}
        }

        """)
  }
}

@Suite struct ProgressLineTests {
  @Test func theLineSaysRateAndTimeLeftAndFits() {
    let line = ProgressLine(title: "evaluating", done: 2500, total: 10_000, seconds: 1.25)
    #expect(
      line.text(width: 80) == "evaluating  ███████░░░░░░░░░░░░░░░░░░░░░░░  2,500/10,000  2,000/s  3.8 s left")
    #expect(line.text(width: 50).count < 50)
    #expect(
      ProgressLine(title: "reading", done: 5, total: nil, seconds: 0).text(width: 80) == "reading  5  0.0/s")
  }
}
