import Graph
import Micro
import Storage

/// Networks of random form for the tests of the memory plan: what they compute does not matter.
struct RandomNetwork {
  var model = MicroModel()
  private var generator: SeededGenerator

  /// `count` operators, each of which reads one to three of the tensors before it.
  init(seed: Int, operators count: Int) {
    generator = SeededGenerator(seed: seed)
    var available: [Int] = []
    for index in 0...generator.below(2) {
      available.append(add(name: "in\(index)"))
      model.main.inputs.append(available[index])
    }
    for index in 0..<count {
      var inputs: Set<Int> = [pick(available)]
      for _ in 0..<generator.below(3) { inputs.insert(pick(available)) }
      let isReshape = inputs.count == 1 && generator.below(2) == 0
      let code: BuiltinOperator =
        isReshape ? .reshape : inputs.count == 1 ? .relu : inputs.count == 2 ? .add : .concatenation
      let result = add(name: "t\(index)")
      if isReshape { model.main.tensors[result].shape = model.main.tensors[inputs.first!].shape }
      model.main.operators.append(MicroOperator(code, inputs: inputs.sorted().map { $0 }, outputs: [result]))
      available.append(result)
    }
    let read = Set(model.main.operators.flatMap { $0.inputs.compactMap { $0 } })
    model.main.outputs = available.filter { !read.contains($0) && !model.main.inputs.contains($0) }
  }

  private mutating func add(name: String) -> Int {
    model.main.add(MicroTensor(name, .int8, [1, 1 + generator.below(400)]))
  }

  /// Mostly one of the last few, now and then any.
  private mutating func pick(_ available: [Int]) -> Int {
    let window = generator.below(4) == 0 ? available.count : min(4, available.count)
    return available[available.count - 1 - generator.below(window)]
  }
}

extension MicroModel {
  /// Every order of the operators in which each runs after those that it reads from.
  var topologicalOrders: [[Int]] {
    let operators = main.operators
    let producer = Dictionary(
      uniqueKeysWithValues: operators.enumerated().flatMap { index, node in node.outputs.map { ($0, index) } }
    )
    let before = operators.map { node in Set(node.inputs.compactMap { $0.flatMap { producer[$0] } }) }
    var result: [[Int]] = []
    func extend(_ order: [Int]) {
      if order.count == operators.count { return result.append(order) }
      for index in operators.indices where !order.contains(index) && before[index].isSubset(of: order) {
        extend(order + [index])
      }
    }
    extend([])
    return result
  }

  func reordered(_ order: [Int]) -> MicroModel {
    var model = self
    model.main.operators = order.map { main.operators[$0] }
    return model
  }
}
