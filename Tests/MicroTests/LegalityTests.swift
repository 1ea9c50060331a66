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

  /// Shapes and settings whose products no integer holds.
  @Test func monstrousShapesAreSeen() {
    func expectShapeProblem(_ sketch: Sketch, _ mention: String) {
      let problems = sketch.model.tflmProblems().map(\.description)
      #expect(problems.contains { $0.contains(mention) }, "\(problems)")
    }
    let (a, b, c) = ([1 << 30, 1, 1], [1, 1 << 30, 1], [1, 1, 1 << 30])
    var sketch = Sketch()
    let condition = sketch.input(.bool, a)
    sketch.apply(
      .selectV2, [condition, sketch.input(.float32, b), sketch.input(.float32, c)], .float32, [4])
    expectShapeProblem(sketch, "too large")

    sketch = Sketch()
    let parts = [a, b, c].map { sketch.input(.float32, $0) }
    sketch.apply(.addN, parts, .float32, [1 << 30, 1 << 30, 1 << 30])
    expectShapeProblem(sketch, "too large")

    sketch = Sketch.movement(
      .spaceToDepth, [1, 0, 0, 1 << 20], [], to: [1, 1, 1, 1], options: .blocks(size: (1 << 31) - 1))
    expectShapeProblem(sketch, "too large")

    sketch = Sketch.movement(
      .reshape, [1 << 30, 1 << 30, 1 << 30], [], to: [1 << 30, 1 << 30, 1 << 30, 2])
    expectShapeProblem(sketch, "too large")
  }

  @Test(arguments: [Int64.min, .max, 1 << 40])
  func integersBeyond32BitsAreSeen(_ amount: Int64) {
    var sketch = Sketch.pad()
    #expect(sketch.model.tflmProblems().isEmpty)
    let amounts = [0, 0, amount, amount, 0, 0, 0, 0]
    sketch.graph.tensors[1].type = .int64
    sketch.graph.tensors[1].data = View(amounts).reinterpreted(as: UInt8.self)
    #expect(!sketch.model.tflmProblems().isEmpty)
  }

  @Test func elementsAreCounted() {
    #expect(MicroTensor.elementCount(of: []) == 1)
    #expect(MicroTensor.elementCount(of: [2, 3, 5]) == 30)
    #expect(MicroTensor.elementCount(of: [1 << 40, 1 << 40, 0]) == 0)
    #expect(MicroTensor.elementCount(of: [1 << 40, 1 << 40]) == MicroTensor.uncountable)
    #expect(MicroTensor.elementCount(of: [1 << 62, 1 << 62, 1 << 62]) == MicroTensor.uncountable)
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
