import JSONText
import Reporting
import Testing

@Suite("Sample report") struct SampleReportTests {
  // Not as arguments of the test, which would be printed whole.
  @Test("Reports survive the way through their document")
  func roundTrip() throws {
    for report in [SampleReport.full, SampleReport.minimal] {
      let text = report.json.text()
      let document = try JSON(parsing: Array(text.utf8), called: "r.json")
      let again = try document.decoded(as: Report.self, called: "r.json")
      #expect(again == report)
      #expect(again.json.text() == text)
    }
  }

  /// Otherwise tests that go through the sample's fields pass over new ones.
  @Test("The full sample has every field")
  func everyField() {
    var filled: [String: Bool] = [:]
    func look(at value: Any) {
      let mirror = Mirror(reflecting: value)
      for child in mirror.children {
        if let label = child.label, mirror.displayStyle == .struct {
          let inner = Mirror(reflecting: child.value)
          let isContainer = inner.displayStyle == .optional || inner.displayStyle == .collection
          let key = "\(type(of: value)).\(label)"
          filled[key] = filled[key] == true || !isContainer || !inner.children.isEmpty
        }
        look(at: child.value)
      }
    }
    look(at: SampleReport.full)
    #expect(filled.count > 150)
    #expect(filled.filter { !$0.value }.keys.sorted() == [])
  }

  @Test("The sample's numbers fit together")
  func consistency() throws {
    let report = SampleReport.full
    let quality = try #require(report.quality)
    #expect(quality.samples == 597)
    #expect(quality.classes.reduce(0) { $0 + ($1.correctBefore ?? 0) } == quality.before?.correct)
    #expect(quality.classes.reduce(0) { $0 + ($1.correctAfter ?? 0) } == quality.after?.correct)
    for row in quality.classes {
      let change = try #require(row.correctAfter) - #require(row.correctBefore)
      #expect(change == (row.mended ?? 0) - (row.broken ?? 0))
    }
    let arena = try #require(report.after?.arena)
    #expect(arena.timeline.map(\.bytes).max() == arena.lowerBound)
    #expect(arena.buffers.map { $0.offset + $0.bytes }.max() == arena.head)
    #expect(arena.head + arena.tail == arena.minimum)
    #expect(report.layers.reduce(0) { $0 + $1.macs } == report.after?.macs)
    #expect(report.layers.reduce(0) { $0 + $1.bytesAfter } == report.after?.weightBytes)
    #expect(abs(report.layers.reduce(0) { $0 + ($1.errorShare ?? 0) } - 1) < 1e-9)
  }
}
