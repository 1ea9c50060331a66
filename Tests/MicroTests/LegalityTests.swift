import Graph
import Micro
import Storage
import Testing

/// One slip in a model that is right otherwise, and what must be said about it.
struct Slip: Sendable, CustomTestStringConvertible {
  var name: String
  var consequence: MicroProblem.Consequence
  /// What the message must name.
  var mention: String
  var good: @Sendable () -> Sketch
  var change: @Sendable (inout Sketch) -> Void

  init(
    _ name: String, _ consequence: MicroProblem.Consequence, _ mention: String,
    in good: @escaping @Sendable @autoclosure () -> Sketch,
    _ change: @escaping @Sendable (inout Sketch) -> Void
  ) {
    (self.name, self.consequence, self.mention) = (name, consequence, mention)
    (self.good, self.change) = (good, change)
  }

  var testDescription: String { name }
}

struct LegalityTests {
  @Test(arguments: Slip.all)
  func slipsAreSeen(_ slip: Slip) {
    var sketch = slip.good()
    #expect(sketch.model.tflmProblems().map(\.description) == [], "before the slip")
    slip.change(&sketch)
    let problems = sketch.model.tflmProblems()
    #expect(
      problems.contains { $0.consequence == slip.consequence && $0.description.contains(slip.mention) },
      "\(problems.map { "\($0.consequence): \($0)" })")
  }

  @Test func problemsNameTheirSource() throws {
    var sketch = Sketch.concatenation()
    sketch.graph.tensors[1].quantization = Quantization(scales: [0.25], zeroPoints: [0])
    let problem = try #require(sketch.model.tflmProblems().first)
    #expect(problem.sources == ["node"])
    #expect(problem.place == "operator 0 (CONCATENATION, 'node')")
    #expect(problem.operatorIndex == 0)
  }

  @Test func everyProblemIsListed() {
    var sketch = Sketch.convolution()
    sketch.graph.tensors[1].quantization?.zeroPoints[2] = 4
    sketch.graph.operators[0].customOptions = View(count: 1)
    sketch.graph.tensors[3].shape = [1, 6, 6, 6]
    #expect(sketch.model.tflmProblems().count == 3)
  }

  @Test func kernelsAreThoseOfTheContract() {
    #expect(MicroKernel.all.count == 100)
    for code in [BuiltinOperator.gelu, .tile, .pow, .custom, .reduceProd, .lstm, .oneHot] {
      #expect(MicroKernel(of: code) == nil)
    }
  }
}

extension Sketch {
  /// The numbers of one tensor.
  mutating func set(_ tensor: Int, _ scale: Float, _ zeroPoint: Int = 0) {
    graph.tensors[tensor].quantization = Quantization(scales: [scale], zeroPoints: [zeroPoint])
  }

  var result: Int { graph.outputs[0] }

  mutating func setOptions(_ options: MicroOptions) { graph.operators[0].options = options }
}
