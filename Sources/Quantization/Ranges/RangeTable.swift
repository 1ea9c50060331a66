import Graph
import Lowering

/// The range of every tensor whose range may be chosen: what was seen, what was chosen, and why.
///
///     let found = try ModelCalibration(legal, method: .auto).run(samples, threads: 2)
///     print(found.ranges.entries[0].lower)
public struct RangeTable: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    /// The tensor's name; the same for every tensor that shares the range.
    public var tensor: String
    /// Others that share the range because they share their numbers.
    public var sharing: [String]
    /// The least and the greatest number that were seen in any sample, those that judged the choice included.
    public var least: Float
    public var greatest: Float
    /// The ends of the chosen range; zero lies between them.
    public var lower: Float
    public var upper: Float
    public var choice: RangeChoice
    /// Why, where there was a choice: "41.3 dB at the next layer's output; minmax 38.0 dB".
    public var reason: String

    public init(
      tensor: String, sharing: [String] = [], least: Float, greatest: Float, lower: Float, upper: Float,
      choice: RangeChoice, reason: String = ""
    ) {
      self.tensor = tensor
      self.sharing = sharing
      self.least = least
      self.greatest = greatest
      self.lower = lower
      self.upper = upper
      self.choice = choice
      self.reason = reason
    }

    var range: RealRange { RealRange(Double(lower), Double(upper)) }
  }

  /// What rounding adds to the mean of each channel of an operator's result, to be taken off its bias.
  public struct Correction: Sendable, Hashable {
    /// The operator, by the name of its result.
    public var result: String
    public var values: [Float]

    public init(result: String, values: [Float]) {
      self.result = result
      self.values = values
    }
  }

  /// In the order of the graph.
  public var entries: [Entry]
  public var corrections: [Correction] = []
  /// Samples that were seen.
  public var sampleCount: Int

  public init(entries: [Entry] = [], sampleCount: Int = 0) {
    self.entries = entries
    self.sampleCount = sampleCount
  }
}

extension RangeTable {
  /// The entry of each tensor of a model that has one.
  public func entries(in graph: Graph) -> [TensorID: Entry] {
    let names = TensorNames(graph)
    var result: [TensorID: Entry] = [:]
    for entry in entries {
      for name in [entry.tensor] + entry.sharing {
        if let tensor = names.tensor(name), result[tensor] == nil { result[tensor] = entry }
      }
    }
    return result
  }

  /// Names in the table that no tensor of the model has.
  public func unknownTensors(in legal: Legalization) -> [String] {
    let names = TensorNames(legal.graph)
    let cells = Set(legal.graph.operators.map(names.cell))
    let listed = entries.flatMap { [$0.tensor] + $0.sharing } + corrections.map(\.result)
    return listed.filter { names.tensor($0) == nil && !cells.contains($0) }
  }
}

/// Names that tell the tensors of a graph apart: a name that was taken before gets a number.
struct TensorNames {
  private var names: [String]
  private var numbers: [String: TensorID] = [:]

  init(_ graph: Graph) {
    names = graph.tensors.map(\.name)
    var taken: [String: Int] = [:]
    for tensor in graph.activations {
      let name = graph[tensor].name
      let count = taken[name, default: 0]
      taken[name] = count + 1
      if count > 0 || name.isEmpty { names[tensor.index] = "\(name)#\(count + 1)" }
      numbers[names[tensor.index]] = tensor
    }
  }

  subscript(tensor: TensorID) -> String { names[tensor.index] }
  func tensor(_ name: String) -> TensorID? { numbers[name] }

  /// What the range of an LSTM's cell state is listed under.
  func cell(of node: Operator) -> String {
    (node.outputs.compactMap { $0 }.first.map { self[$0] } ?? node.sourceName) + "/cell state"
  }
}
