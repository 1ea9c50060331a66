/// Why TFLM would not run a model, or would not compute what it says.
///
///     for problem in model.tflmProblems() { print(problem) }
public struct MicroProblem: Sendable, Hashable, CustomStringConvertible {
  /// What the interpreter does about it.
  public enum Consequence: String, Sendable, Hashable {
    /// Loading or running ends with an error.
    case rejected
    /// The program is killed, or stops on a device.
    case aborts
    /// It computes something else without a word.
    case wrong
  }

  public var consequence: Consequence
  /// Where: "operator 3 (CONV_2D, 'conv1')", or what of the model it is about.
  public var place: String
  /// What was found, and what was expected.
  public var message: String
  /// What to do.
  public var advice: String
  public var subgraph: Int
  /// The operator's place in its subgraph; nil for what is no operator's.
  public var operatorIndex: Int?
  /// The source file's nodes.
  public var sources: [String]

  public var description: String { "\(place): \(message); \(advice)" }
}

/// One thing that a rule found.
struct Finding {
  var consequence: MicroProblem.Consequence
  var message: String
  var advice: String

  init(_ consequence: MicroProblem.Consequence, _ message: String, _ advice: String) {
    self.consequence = consequence
    self.message = message
    self.advice = advice
  }
}

extension MicroModel {
  /// Everything that TFLM would reject, abort on or silently compute wrong; nothing for a model that it runs as it says.
  public func tflmProblems() -> [MicroProblem] {
    subgraphs.indices.flatMap { index in
      subgraphProblems(index)
        + subgraphs[index].operators.indices.flatMap { operatorProblems($0, in: index) }
    }
  }

  private func operatorProblems(_ position: Int, in index: Int) -> [MicroProblem] {
    let subgraph = subgraphs[index]
    let op = subgraph.operators[position]
    let use = OperatorUse(op, in: subgraph)
    let names = op.sources.isEmpty ? use.results.prefix(1).map(\.name) : op.sources
    let title = ([op.title] + names.map { "'\($0)'" }).joined(separator: ", ")
    return use.findings().map {
      MicroProblem(
        consequence: $0.consequence, place: "operator \(position) (\(title))", message: $0.message,
        advice: $0.advice, subgraph: index, operatorIndex: position, sources: op.sources)
    }
  }

  private func subgraphProblems(_ index: Int) -> [MicroProblem] {
    let subgraph = subgraphs[index]
    var problems: [MicroProblem] = []
    func add(_ place: String, _ finding: Finding) {
      problems.append(
        MicroProblem(
          consequence: finding.consequence, place: place, message: finding.message, advice: finding.advice,
          subgraph: index, operatorIndex: nil, sources: []))
    }
    for tensor in subgraph.tensors {
      for finding in tensor.findings() { add("tensor '\(tensor.name)'", finding) }
    }
    for input in subgraph.inputs where subgraph.tensors.indices.contains(input) {
      let tensor = subgraph.tensors[input]
      guard tensor.shape.contains(where: { $0 < 1 }) else { continue }
      add(
        "input '\(tensor.name)'",
        Finding(.rejected, "its shape \(tensor.shape) is not fixed", "give every extent a size of 1 or more"))
    }
    return problems
  }
}

extension MicroTensor {
  /// What is wrong with a tensor whoever uses it.
  fileprivate func findings() -> [Finding] {
    var findings: [Finding] = []
    if type.byteCount == nil {
      findings.append(
        Finding(.rejected, "TFLM has no size for \(type)", "use a type that it has, such as int8"))
    }
    if type == .int4 && !isConstant {
      findings.append(Finding(.rejected, "only constant weights may be int4", "store it as int8"))
    }
    guard let quantization else { return findings }
    if let scale = quantization.scales.first(where: { !($0 > 0 && $0.isFinite) }) {
      findings.append(
        Finding(.wrong, "its scale is \(scale), expected a positive number", "calibrate it again"))
    }
    if let limits = type.zeroPointLimits,
      let point = quantization.zeroPoints.first(where: { !limits.contains($0) })
    {
      findings.append(
        Finding(
          .wrong, "its zero point \(point) is not in \(limits.lowerBound) to \(limits.upperBound)",
          "choose one that \(type) can hold"))
    }
    return findings
  }
}

extension MicroType {
  /// What a zero point of this type may be; nil for types that have none.
  fileprivate var zeroPointLimits: ClosedRange<Int>? {
    switch self {
    case .int4: -8...7
    case .int8: -128...127
    case .uint8: 0...255
    case .int16: -32768...32767
    default: nil
    }
  }
}

extension MicroOperator {
  /// "CONV_2D", or the name of a custom operator.
  public var title: String { code == .custom ? customName : code.name }
}
