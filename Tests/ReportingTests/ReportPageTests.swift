import Reporting
import Storage
import Testing

@Suite("Report page") struct ReportPageTests {
  private static let full = ReportPage(SampleReport.full).text()

  @Test("No name in a report becomes markup")
  func escaping() {
    #expect(Self.full.ranges(of: "<script").count == 1)
    #expect(!Self.full.contains("<conv>"))
    #expect(Self.full.contains("go &amp; &lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;"))
    #expect(Self.full.contains("block2/<wbr>&lt;conv&gt;&amp;&quot;relu&quot;"))
  }

  @Test("Names that steer a terminal or turn the direction of text are written out")
  func steeringCharacters() {
    var report = SampleReport.minimal
    report.name = "a\u{202E}b\u{1B}[31m\u{0}"
    let page = ReportPage(report).text()
    #expect(page.contains("a\\u{202E}b\\u{1B}[31m\\u{0}"))
    #expect(!page.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || $0 == "\u{202E}" })
  }

  @Test("Every element is closed, and no attribute breaks out", arguments: ["full", "minimal", "hostile"])
  func wellFormed(_ name: String) throws {
    let report =
      switch name {
      case "full": SampleReport.full
      case "minimal": SampleReport.minimal
      default: Self.hostile
      }
    var open: [Substring] = []
    var rest = ReportPage(report).text().dropFirst("<!DOCTYPE html>\n".count)
    while let start = rest.firstIndex(of: "<") {
      let end = try #require(rest[start...].firstIndex(of: ">"))
      let tag = rest[rest.index(after: start)..<end]
      rest = rest[rest.index(after: end)...]
      let kind = tag.prefix { $0 != " " && $0 != "/" }
      if tag.first == "/" {
        try #require(open.popLast() == tag.dropFirst())
      } else if !["meta", "link", "wbr"].contains(kind) {
        open.append(kind)
        #expect(tag.filter { $0 == "\"" }.count % 2 == 0, "\(tag)")
        // Style and script hold no markup.
        if kind == "style" || kind == "script" {
          rest = rest[try #require(rest.firstRange(of: "</\(kind)>")).lowerBound...]
        }
      }
    }
    #expect(open.isEmpty)
  }

  @Test("The page loads nothing, and its policy allows what it holds alone")
  func selfContained() throws {
    for word in ["src=", "url(", "@import", "http:", "https:", "onclick", " style="] {
      #expect(!Self.full.contains(word), "\(word)")
    }
    let script = try #require(
      Self.full.firstMatch(of: #/<script type="module">((?s).*?)<\/script>/#)?.output.1)
    var digest = SHA256()
    digest.add(String(script))
    #expect(Self.full.contains("script-src &#39;sha256-\(Self.base64(digest.bytes))&#39;"))
  }

  @Test("Sections stand only where there is something to say")
  func sections() {
    let ids = { (page: String) in page.matches(of: #/<section id="([a-z]+)"/#).map { String($0.output.1) } }
    #expect(
      ids(Self.full) == [
        "summary", "gates", "target", "warnings", "numbers", "accuracy", "sizes", "errors", "layers",
        "memory",
        "work", "origin", "run",
      ])
    #expect(ids(ReportPage(SampleReport.minimal).text()) == ["summary", "numbers", "origin"])
  }

  @Test("The verdict, the difference and its noise are in words")
  func words() {
    #expect(Self.full.contains("2 of 4 gates fail"))
    #expect(Self.full.contains("Does not fit STM32L476"))
    #expect(Self.full.contains("2.71 times smaller"))
    #expect(Self.full.contains("3.71 times smaller"))
    var report = SampleReport.full
    report.after?.fileBytes = 69_184
    report.before?.fileBytes = 74_828
    #expect(ReportPage(report).text().contains("7.5 % smaller"))
    #expect(Self.full.contains("−0.34 points: within the noise"))
    #expect(Self.full.contains("5.41 kB too much"))
  }

  @Test("Large models make pages of bearable size")
  func large() {
    let page = ReportPage(Self.large).text()
    #expect(page.utf8.count < 2_000_000)
    #expect(page.contains("smaller layers together"))
    #expect(page.contains("All 60 classes"))
  }

  @Test("Numbers that no model has are written, not trapped on")
  func oddNumbers() {
    var report = SampleReport.full
    report.layers[0].weights = Report.Histogram(start: .nan, width: 0, counts: [1, 2])
    report.layers[1].activations = Report.Histogram(
      start: 0, width: 1, counts: [.max, .max, -4], lower: -1e300, upper: .infinity)
    report.layers[2].range = Report.ValueRange(lower: -.infinity, upper: .nan, scale: 0, zeroPoint: .min)
    report.layers[3].errorShare = .infinity
    report.layers[4].sqnr = -.infinity
    report.layers[5].sqnr = .nan
    report.after?.arena?.buffers[0].first = -7
    report.after?.arena?.buffers[1].last = 99
    report.after?.arena?.timeline[0].bytes = .max
    report.after?.arena?.buffers[2].offset = .max
    report.quality?.before?.value = .nan
    report.quality?.difference?.value = .infinity
    report.quality?.confusion?.after = [[1], [], [2, 3]]
    report.quality?.classes[0].samples = 0
    report.target?.flash = Report.TargetFit.Budget(available: 0, reserved: 0, used: 0)
    #expect(ReportPage(report).text().hasSuffix("</html>\n"))
    report.quality?.confusion?.after = []
    report.after?.arena?.timeline = []
    report.layers = []
    report.quality?.confusion?.before = Array(
      repeating: [.min, .max, 1] + Array(repeating: 3, count: 90), count: 30)
    #expect(ReportPage(report).text().hasSuffix("</html>\n"))
  }

  // MARK: - Reports

  static var hostile: Report {
    var report = SampleReport.full
    let name = "\"'><img src=x onerror=alert(1)></title></style></script><!--"
    report.name = name
    report.verb = name
    report.tool.version = name
    report.layers[0].name = name
    report.layers[0].operator = name
    report.after?.arena?.buffers[0].name = name
    report.after?.arena?.timeline[0].name = name
    report.quality?.classes[0].name = name
    report.quality?.metric = name
    report.warnings[0].hint = name
    return report
  }

  /// 240 layers and 60 classes.
  static var large: Report {
    var report = SampleReport.full
    report.layers = (0..<20).flatMap { block in
      SampleReport.full.layers.map { layer in
        var layer = layer
        layer.name = "features/block_\(block)/\(layer.name)"
        layer.bytesAfter += block
        return layer
      }
    }
    report.after?.arena?.timeline = report.layers.map {
      Report.Arena.Moment(name: $0.name, bytes: $0.activationBytes)
    }
    report.after?.arena?.buffers = report.layers.enumerated().map { index, layer in
      Report.Arena.Buffer(
        name: layer.name, bytes: layer.activationBytes, offset: index % 3 * 8_000, first: index,
        last: index + 1)
    }
    report.quality?.classes = (0..<60).map {
      Report.ClassAccuracy(
        index: $0, name: "class \($0)", samples: 60, correctBefore: 50, correctAfter: 50 - $0 % 3)
    }
    let counts = (0..<60).map { row in (0..<60).map { $0 == row ? 50 : ($0 + row) % 7 == 0 ? 1 : 0 } }
    report.quality?.confusion = Report.Confusion(before: counts, after: counts)
    return report
  }

  /// Written otherwise than the page's, so that the two can tell each other's mistakes.
  private static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    var bits = bytes.flatMap { byte in (0..<8).map { byte >> (7 - $0) & 1 } }
    while bits.count % 6 != 0 { bits.append(0) }
    let text = stride(from: 0, to: bits.count, by: 6).map { start in
      digits[bits[start..<start + 6].reduce(0) { $0 * 2 + Int($1) }]
    }
    return String(text) + String(repeating: "=", count: (4 - text.count % 4) % 4)
  }
}
