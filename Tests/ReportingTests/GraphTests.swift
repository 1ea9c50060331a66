import Graph
import Testing

@testable import Reporting

@Suite struct ModelCostTests {
  @Test func everyLayerIsAccountedFor() throws {
    let cost = ModelCost(try SampleGraphs.residual())
    #expect(
      cost.layers.map(\.operatorName) == [
        "conv + relu", "conv", "add + relu", "reduce mean", "dense", "softmax",
      ])
    #expect(cost.layers.map(\.parameters) == [3 * 9 * 8 + 8, 8 * 9 * 8 + 8, 0, 0, 90, 0])
    #expect(cost.layers.map(\.macs) == [256 * 8 * 27, 256 * 8 * 72, 0, 0, 80, 0])
    #expect(cost.layers.map(\.activationBytes) == [8192, 8192, 8192, 32, 40, 40])
    #expect(cost.parameters == 224 + 584 + 90)
    #expect(cost.floatWeightBytes == cost.parameters * 4)
    #expect(cost.int8WeightBytes == cost.parameters + 3 * (8 + 8 + 10))
    // While the sum is made, both its operands and its result are alive.
    #expect(cost.peakActivationBytes == 3 * 8192)
  }
}

@Suite struct GraphPictureTests {
  @Test func aPictureShowsEveryOperatorAndShape() throws {
    let svg = GraphPicture(try SampleGraphs.residual()).svg()
    for text in ["conv + relu", "3×3, 3 → 8", "N×16×16×8", "8 → 10", "head", ">image<", ">p<"] {
      #expect(svg.contains(text), "\(text)")
    }
    #expect(svg.components(of: "<rect ") == 1 + 8)
    #expect(svg.components(of: "<path ") == 8)
  }

  @Test func namesCannotBreakTheDocument() throws {
    var graph = try SampleGraphs.residual()
    graph.name = "<a & \"b\">\u{0}"
    graph.operators[0].sources = ["</text><script>"]
    let svg = GraphPicture(graph).svg()
    #expect(!svg.contains("<script>") && svg.contains("&lt;a &amp; &quot;b&quot;&gt;"))
  }

  @Test func deepGraphsFoldIntoColumnsAndBoxesNeverOverlap() throws {
    let graph = try SampleGraphs.residual(blocks: 1000)
    let picture = GraphPicture(graph)
    let layout = GraphLayout(
      boxes: picture.boxes.map { .init(width: $0.width) },
      edges: picture.edges.map { .init(from: $0.from, to: $0.to) })
    let page = ColumnFold(layout, boxes: picture.boxes)
    #expect(page.height < page.width && page.width < 4 * page.height)
    let places = picture.boxes.indices.map { (page.center(of: $0), picture.boxes[$0]) }
    let byRow = Dictionary(grouping: places) { $0.0.y }
    for row in byRow.values {
      let sorted = row.sorted { $0.0.x < $1.0.x }
      for (left, right) in zip(sorted, sorted.dropFirst()) {
        #expect(left.0.x + left.1.width / 2 < right.0.x - right.1.width / 2)
      }
    }
  }
}

extension String {
  fileprivate func components(of part: String) -> Int {
    split(separator: part, omittingEmptySubsequences: false).count - 1
  }
}
