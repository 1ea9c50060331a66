import Graph
import Micro

/// How much memory a model takes on the device, and what would have to change for less.
///
///     print(ArenaReport(model).text(width: 80))
public struct ArenaReport: Sendable {
  /// What a platform's interpreter takes, or why that is not known.
  public let predictions: [ArenaPlatform: Result<ArenaPrediction, Diagnostic>]
  private let model: MicroModel

  public init(_ model: MicroModel) {
    self.model = model
    var predictions: [ArenaPlatform: Result<ArenaPrediction, Diagnostic>] = [:]
    for platform in ArenaPlatform.allCases {
      do throws(Diagnostic) {
        predictions[platform] = .success(try ArenaPrediction(model, platform: platform))
      } catch {
        predictions[platform] = .failure(error)
      }
    }
    self.predictions = predictions
  }

  /// The one that users plan with.
  public var cortexM: ArenaPrediction? { try? predictions[.cortexM]?.get() }

  // MARK: The peak

  /// The moment when most bytes are alive, and what they are.
  public struct Peak: Sendable {
    /// "CONV_2D 'conv1'"
    public var moment: String
    /// Bytes that are alive, as the arena rounds them.
    public var byteCount: Int
    public var buffers: [(name: String, buffer: ArenaBuffer)]
  }

  public var peak: Peak? {
    guard let arena = cortexM else { return nil }
    func alive(_ tick: Int) -> [ArenaBuffer] {
      arena.buffers.filter { $0.lifetime.first <= tick && tick <= $0.lifetime.last }
    }
    func bytes(_ tick: Int) -> Int { alive(tick).reduce(0) { $0 + $1.alignedByteCount } }
    guard let tick = arena.ticks.indices.max(by: { bytes($0) < bytes($1) }) else { return nil }
    let buffers = alive(tick).sorted { ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount) }
    return Peak(
      moment: name(of: arena.ticks[tick]), byteCount: bytes(tick),
      buffers: buffers.map { (name(of: $0.use), $0) })
  }

  private func name(of tick: ArenaTick) -> String {
    switch tick {
    case .inputs: "the inputs"
    case .operator(let subgraph, let index): name(ofOperator: index, in: subgraph)
    case .entering(let subgraph): "entering subgraph \(subgraph)"
    }
  }

  private func name(of use: ArenaBuffer.Use) -> String {
    switch use {
    case .tensor(let subgraph, let index): model.subgraphs[subgraph].tensors[index].name
    case .scratch(let subgraph, let index): "scratch of \(name(ofOperator: index, in: subgraph))"
    }
  }

  private func name(ofOperator index: Int, in subgraph: Int) -> String {
    let graph = model.subgraphs[subgraph]
    let node = graph.operators[index]
    let result = node.outputs.first.map { " '\(graph.tensors[$0].name)'" } ?? ""
    return "operator \(index), \(node.displayName)\(result)"
  }

  // MARK: Text

  public func text(width: Int = 80) -> String {
    if case .failure(let problem)? = predictions[.cortexM] { return "arena: not known, \(problem.message)\n" }
    var table = Table([
      .text("arena"), .number("head"), .number("tail"), .number("total"), .number("minimum"),
    ])
    for platform in [ArenaPlatform.cortexM, .host64] {
      guard let arena = try? predictions[platform]?.get() else { continue }
      table.add(
        platform.title, NumberFormat.count(arena.head), NumberFormat.count(arena.tail),
        NumberFormat.count(arena.total), NumberFormat.count(arena.minimum))
    }
    return [table.text(width: width), peakText(width: width), unknown].filter { !$0.isEmpty }
      .joined(separator: "\n")
  }

  private func peakText(width: Int) -> String {
    guard let peak, let arena = cortexM else { return "" }
    var table = Table([.text("alive at the peak", isElastic: true), .number("bytes"), .number("offset")])
    for (name, buffer) in peak.buffers {
      table.add(name, NumberFormat.count(buffer.byteCount), NumberFormat.count(buffer.offset))
    }
    var text = "the head's peak is at \(peak.moment)"
    if arena.head > peak.byteCount {
      text +=
        "; \(NumberFormat.count(arena.head - peak.byteCount)) bytes of the head are gaps between buffers"
    }
    return table.text(width: width) + text + "\n"
  }

  private var unknown: String {
    guard let names = cortexM?.unknownOperators, !names.isEmpty else { return "" }
    return "note: what \(names.joined(separator: ", ")) needs is not known and not counted\n"
  }

  // MARK: JSON

  public var json: JSON {
    .members(
      ArenaPlatform.allCases.map { platform in
        JSON.Member(name: platform.rawValue.replacing("-", with: "_"), value: json(platform))
      } + [JSON.Member(name: "peak", value: .optional(peak, json))])
  }

  private func json(_ platform: ArenaPlatform) -> JSON {
    switch predictions[platform] {
    case .success(let arena):
      .object([
        "head": .integer(arena.head), "tail": .integer(arena.tail), "total": .integer(arena.total),
        "minimum": .integer(arena.minimum),
        "tail_parts": .members(
          arena.tailParts.map { JSON.Member(name: $0.content.rawValue, value: .integer($0.byteCount)) }),
        "unknown_operators": .strings(arena.unknownOperators),
      ])
    case .failure(let problem): .object(["problem": .string(problem.message)])
    case nil: .null
    }
  }

  private func json(_ peak: Peak) -> JSON {
    .object([
      "at": .string(peak.moment), "bytes": .integer(peak.byteCount),
      "buffers": .array(
        peak.buffers.map {
          .object([
            "name": .string($0.name), "bytes": .integer($0.buffer.byteCount),
            "offset": .integer($0.buffer.offset),
          ])
        }),
    ])
  }
}

extension ArenaPlatform {
  /// What tables call it.
  public var title: String {
    switch self {
    case .cortexM: "Cortex-M (32 bits)"
    case .cortexMWideEnums: "32 bits, 4-byte enumerations"
    case .host64: "64-bit host"
    case .pythonInterpreter: "Python interpreter"
    }
  }
}
