import Graph

/// What a pass did, for `--verbose` and tests.
public struct PassSummary: Hashable, Sendable, CustomStringConvertible {
  /// How often each thing was done: `["clamp fused": 9]`.
  public var counts: [String: Int]

  public init(_ counts: [String: Int] = [:]) { self.counts = counts.filter { $0.value > 0 } }

  public subscript(what: String) -> Int { counts[what] ?? 0 }

  public mutating func count(_ what: String, _ times: Int = 1) {
    if times > 0 { counts[what, default: 0] += times }
  }

  public var description: String {
    if counts.isEmpty { return "nothing to do" }
    return counts.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
  }
}

/// One step from a graph to a graph that means the same.
///
///     let pass = Pass.simplify
///     let summary = try pass.run(&graph)  // "clamp fused: 9, duplicates merged: 3"
public struct Pass: Sendable {
  /// The name that `--dump-graph after:NAME` takes.
  public let name: String
  /// What it does, in one line.
  public let summary: String
  public let run: @Sendable (inout Graph) throws(Diagnostic) -> PassSummary

  public init(
    name: String, summary: String, run: @escaping @Sendable (inout Graph) throws(Diagnostic) -> PassSummary
  ) {
    self.name = name
    self.summary = summary
    self.run = run
  }
}

/// Passes in the order in which they run.
///
///     var graph = try ONNXImport.graph(at: path)
///     try Pipeline.forExecution().run(on: &graph)
public struct Pipeline: Sendable {
  public var passes: [Pass]

  public init(_ passes: [Pass]) { self.passes = passes }

  /// What the executors want: simplified, every window operator channels-last.
  ///
  /// With `keepsPortLayout` inputs and outputs stay as the source declares them.
  public static func forExecution(keepsPortLayout: Bool = false) -> Pipeline {
    Pipeline([.simplify, .layout(.channelsLast, keepsPortLayout: keepsPortLayout), .cleanup])
  }

  /// What an ONNX writer wants: simplified, every window operator channels-first, ports as declared.
  public static let forExport = Pipeline([
    .simplify, .layout(.channelsFirst, keepsPortLayout: true), .cleanup,
  ])

  /// Runs all passes. `verifies`: checks the graph after each (on by default in debug builds). `dump` gets a
  /// text of the graph after the pass that `dumpAfter` names.
  @discardableResult
  public func run(
    on graph: inout Graph, verifies: Bool = Pipeline.verifiesByDefault, dumpAfter: String? = nil,
    dump: (String) -> Void = { _ in }
  ) throws(Diagnostic) -> [(pass: String, summary: PassSummary)] {
    if let dumpAfter, !passes.contains(where: { $0.name == dumpAfter }) {
      let names = passes.map(\.name).joined(separator: ", ")
      throw Diagnostic(.usage, "there is no pass '\(dumpAfter)'", hint: "the passes are: \(names)")
    }
    var report: [(pass: String, summary: PassSummary)] = []
    for pass in passes {
      report.append((pass.name, try pass.run(&graph)))
      if verifies {
        do { try graph.verify() } catch {
          throw Diagnostic(error.kind, "after the pass '\(pass.name)': \(error.message)", hint: error.hint)
        }
      }
      if pass.name == dumpAfter { dump(graph.dump()) }
    }
    return report
  }

  public static var verifiesByDefault: Bool {
    #if DEBUG
      true
    #else
      false
    #endif
  }
}
