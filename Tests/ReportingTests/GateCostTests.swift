import Testing

@testable import Reporting

/// Sizes, absolute and relative, to the byte.
@Suite struct GateCostTests {
  @Test func kIs1024() throws {
    let report = gateReport(fileBytes: 65_536)
    for text in ["64k", "64kB", "64 KiB", "64K", "65536", "65536B", "0.0625M"] {
      #expect(try report.judged("max-size", text).outcome == .holds, "\(text)")
    }
    let fails = try gateReport(fileBytes: 65_537).judged("max-size", "64k")
    #expect(fails.outcome == .fails && fails.found == "65,537 B" && fails.limit == "65,536 B")
    #expect(fails.margin == "1 B too much")
    #expect(try report.judged("max-size", "65k").margin == "1,024 B to spare")
  }

  @Test func kOfCountsIs1000() throws {
    #expect(try gateReport().judged("max-macs", "1M").outcome == .holds)
    #expect(try gateReport().judged("max-macs", "999k").margin == "1,000 too much")
  }

  @Test func relativeSizesCountFromTheModelBefore() throws {
    // The model before has 100,000 bytes.
    #expect(try gateReport(fileBytes: 102_000).judged("max-size", "+2%").outcome == .holds)
    let fails = try gateReport(fileBytes: 102_001).judged("max-size", "+2%")
    #expect(fails.outcome == .fails && fails.limit == "102,000 B (+2%)" && fails.margin == "1 B too much")
    #expect(fails.remark == "100,000 B before, 102,001 B now: +2.0 %")
    #expect(try gateReport(fileBytes: 100_512).judged("max-size", "+512").outcome == .holds)
    #expect(try gateReport(fileBytes: 98_976).judged("max-size", "-1k").outcome == .holds)
    #expect(try gateReport(fileBytes: 98_977).judged("max-size", "-1k").outcome == .fails)
    #expect(try gateReport(fileBytes: 90_000).judged("max-size", "-10%").outcome == .holds)
    #expect(try gateReport(fileBytes: 100_000).judged("max-size", "0%").outcome == .holds)
  }

  @Test func aWholeLimitIsNotLostToRounding() throws {
    // 100,000 × 1.1 is 110,000.00000000001 in binary, 100,000 × 1.15 114,999.99999999999.
    #expect(try gateReport(fileBytes: 115_000).judged("max-size", "+15%").outcome == .holds)
    #expect(try gateReport(fileBytes: 115_001).judged("max-size", "+15%").outcome == .fails)
  }

  @Test func theArenaAndFlash() throws {
    #expect(try gateReport(arena: 8_000).judged("max-arena", "8000").outcome == .holds)
    #expect(try gateReport(arena: 8_001).judged("max-arena", "8000").margin == "1 B too much")
    #expect(try gateReport(fileBytes: 4_096).judged("max-flash", "4k").outcome == .holds)
    var report = gateReport(fileBytes: 4_096)
    report.target = SampleReport.full.target
    report.target?.flash.used = 5_000
    // As the target counts.
    #expect(try report.judged("max-flash", "4k").found == "5,000 B")
  }

  @Test func theDevice() throws {
    let report = SampleReport.full
    let fits = try report.judged("fits-target", "true")
    #expect(fits.outcome == .fails && fits.margin == "5,408 B of SRAM too much" && fits.limit == "stm32l4")
    #expect(try report.judged("max-latency", "20ms").margin == "1.40 ms too much")
    #expect(try report.judged("max-latency", "0.0214s").outcome == .holds)
    #expect(try report.judged("no-warnings", "true").found == "2")
    #expect(try gateReport().judged("no-warnings", "true").outcome == .holds)
  }
}
