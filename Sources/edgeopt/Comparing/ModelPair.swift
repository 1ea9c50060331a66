import Datasets
import Graph

/// Two models that take the same samples, each in its own layout.
///
///     let pair = try ModelPair(before: one, after: two)
///     let sets = try pair.datasets(request)
struct ModelPair {
  private(set) var before: RunnableModel
  private(set) var after: RunnableModel
  /// For each input of the model after the place of the same input of the model before.
  let inputOrder: [Int]

  init(before: RunnableModel, after: RunnableModel) throws(Diagnostic) {
    self.before = before
    self.after = after
    self.before.joinOutputs(as: after)
    self.after.joinOutputs(as: before)
    let (one, two) = (before.dataInputs, after.dataInputs)
    guard one.count == two.count else {
      throw Diagnostic(
        .badData,
        "the inputs do not match: '\(before.path)' takes \(Self.text(one)), '\(after.path)' \(Self.text(two))",
        hint: "compare models that take the same samples")
    }
    let names = one.map(\.name)
    let isNamed = Set(names) == Set(two.map(\.name)) && Set(names).count == names.count
    inputOrder = two.indices.map { isNamed ? names.firstIndex(of: two[$0].name)! : $0 }
    for (index, place) in inputOrder.enumerated()
    where one[place].shape.elementCountPerSample != two[index].shape.elementCountPerSample {
      throw Diagnostic(
        .badData,
        "the inputs do not match: '\(before.path)' takes \(Self.text([one[place]])), "
          + "'\(after.path)' \(Self.text([two[index]]))",
        hint: "compare models that take the same samples")
    }
  }

  private static func text(_ inputs: [DataInput]) -> String {
    inputs.isEmpty
      ? "nothing" : inputs.map { "'\($0.name)' \($0.shape.perSample)" }.joined(separator: ", ")
  }

  /// The inputs as data are given for them: those of the model before.
  var inputNames: [String] { before.dataInputs.map(\.name) }

  /// The same samples as each of the models takes them.
  func datasets(_ request: DataRequest) throws(Diagnostic) -> (before: Dataset, after: Dataset) {
    let inputs = before.dataInputs
    var others = inputs
    for (index, place) in inputOrder.enumerated() {
      others[place] = after.dataInputs[index]
      others[place].name = inputs[place].name
    }
    let first = try Dataset(request, for: inputs)
    return (first, others == inputs ? first : try Dataset(request, for: others))
  }

  /// The model after, fed with its data, with outputs that are seen as those of the model before.
  func aligned(_ model: EvaluatedModel, to other: EvaluatedModel) throws(Diagnostic) -> EvaluatedModel {
    var model = try model.aligned(to: other)
    if inputOrder != Array(inputOrder.indices) { model.inputOrder = inputOrder }
    return model
  }
}
