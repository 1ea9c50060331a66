import Foundation
import Graph
import Micro
import Reporting
import Testing

@Suite("Arena report") struct ArenaReportTests {
  /// A skip connection: the input waits while a wider branch is computed.
  private static let model: MicroModel = {
    var model = MicroModel()
    let image = model.main.add(MicroTensor("a<b", .int8, [1, 10, 10, 2]))
    let wide = model.main.add(MicroTensor("wide", .int8, [1, 10, 10, 8]))
    let narrow = model.main.add(MicroTensor("narrow", .int8, [1, 10, 10, 2]))
    let sum = model.main.add(MicroTensor("sum", .int8, [1, 10, 10, 2]))
    model.main.inputs = [image]
    model.main.outputs = [sum]
    model.main.operators = [
      MicroOperator(.conv2D, inputs: [image], outputs: [wide]),
      MicroOperator(.conv2D, inputs: [wide], outputs: [narrow]),
      MicroOperator(.add, inputs: [image, narrow], outputs: [sum]),
    ]
    return model
  }()

  @Test("The peak names what is alive, what waits, and what comes next")
  func peak() throws {
    let peak = try #require(ArenaReport(Self.model).peak)
    #expect(peak.moment == "CONV_2D 'narrow'")
    #expect(peak.byteCount == 800 + 208 + 208)
    #expect(peak.alive.map(\.name).sorted() == ["a<b", "narrow", "wide"])
    #expect(peak.alive.first { $0.name == "a<b" }?.role == .waiting)
    #expect(
      peak.advice[0]
        == "the input of CONV_2D 'narrow', its result and one tensor that waits are alive together: "
        + "1,216 bytes (800 + 208 + 208)")
    #expect(peak.advice.contains { $0.hasPrefix("'a<b' (208 bytes) waits from the inputs to ADD 'sum'") })
    #expect(
      peak.advice.contains {
        $0
          == "'wide' [1, 10, 10, 8] is the largest: making it smaller helps by up to 592 bytes, then ADD 'sum' "
          + "makes the peak"
      })
  }

  @Test("The picture shows every buffer where it lies")
  func picture() throws {
    let arena = try ArenaPrediction(Self.model, platform: .cortexM)
    let svg = ArenaPicture(arena, title: "x & y").svg()
    #expect(svg.contains("x &amp; y") && svg.contains("a&lt;b") && !svg.contains("a<b"))
    #expect(svg.components(separatedBy: "class=\"tensor\"").count - 1 == 2)
    #expect(svg.components(separatedBy: "class=\"port\"").count - 1 == 2)
    // The highest block ends where the plot begins.
    #expect(svg.contains("y=\"88\""))
  }

  @Test("The text has the numbers of both platforms and fits the terminal's width in its tables")
  func text() throws {
    let report = ArenaReport(Self.model)
    let text = report.text(width: 80)
    let arena = try #require(report.cortexM)
    #expect(text.contains("Cortex-M (32 bits)") && text.contains("64-bit host"))
    #expect(text.contains("1,216") && arena.head == 1216)
    for line in text.split(separator: "\n") where !line.hasPrefix("- ") {
      #expect(line.count <= 80, "\(line)")
    }
  }
}
