import JSONText
import Graph
import Micro

/// How much memory a model takes on the device, and what would have to change for less.
///
///     print(ArenaReport(model).text(width: 80))
public struct ArenaReport: Sendable {
  /// What a platform's interpreter takes, or why that is not known.
  public let predictions: [ArenaPlatform: Result<ArenaPrediction, Diagnostic>]

  /// What `--memory-plan best` would do; nil where the arena is not known or the model is too large to try.
  public let bestPlan: MemoryPlanSummary?

  /// With more buffers a better plan is not looked for just to speak of it.
  private static let bufferLimit = 2000

  public init(_ model: MicroModel) {
    var predictions: [ArenaPlatform: Result<ArenaPrediction, Diagnostic>] = [:]
    for platform in ArenaPlatform.allCases {
      do throws(Diagnostic) {
        predictions[platform] = .success(try ArenaPrediction(model, platform: platform))
      } catch {
        predictions[platform] = .failure(error)
      }
    }
    self.predictions = predictions
    let buffers = (try? predictions[.cortexM]?.get())?.buffers.count ?? .max
    bestPlan = buffers <= Self.bufferLimit ? try? model.optimizingMemory(.cortexM).1 : nil
  }

  /// The one that users plan with.
  public var cortexM: ArenaPrediction? { try? predictions[.cortexM]?.get() }

  /// The moment when most bytes are alive, what they are, and what would lower it.
  public var peak: ArenaPeak? { cortexM?.peak }

  /// The file that the model is in; nil for one that is just being made.
  public var path: String?

  /// What makes the peak and what would lower it, in plain words.
  public var advice: [String] {
    let saved = bestPlan?.savedByteCount ?? 0
    let means =
      path.map { "'edgeopt convert \($0) -o OUT.tflite --memory-plan best'" } ?? "--memory-plan best"
    return (peak?.advice ?? []) + (saved > 0 ? ["\(means) saves \(NumberFormat.count(saved)) bytes"] : [])
  }

  // MARK: Text

  public func text(width: Int = 80) -> String {
    if case .failure(let problem)? = predictions[.cortexM] { return "arena: not known, \(problem.message)\n" }
    var table = Table([
      .text("arena"), .number("head"), .number("tail"), .number("in use"), .number("arena size"),
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
    guard let peak, !peak.alive.isEmpty else { return "" }
    var table = Table([
      .text("alive at \(peak.moment)", isElastic: true), .text(""), .text("shape"), .number("bytes"),
      .number("offset"), .text("until", isElastic: true),
    ])
    for entry in peak.alive {
      let shape = entry.role == .scratch ? "" : entry.shape.dimensions
      table.add(
        entry.name, entry.role.rawValue, shape, NumberFormat.count(entry.byteCount),
        NumberFormat.count(entry.offset), entry.until)
    }
    table.addRule()
    table.add("the most that is alive at one time", "", "", NumberFormat.count(peak.byteCount))
    return table.text(width: width)
      + advice.map { "- \($0.printable())".wrapped(to: width, hanging: 2) }.joined()
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
          arena.tailParts.map {
            JSON.Member(name: $0.content.rawValue.replacing(" ", with: "_"), value: .integer($0.byteCount))
          }),
        "minimum_cause": .string(cause(arena)), "lower_bound": .integer(arena.lowerBound),
        "unknown_operators": .strings(arena.unknownOperators),
      ])
    case .failure(let problem): .object(["problem": .string(problem.message)])
    case nil: .null
    }
  }

  private func cause(_ arena: ArenaPrediction) -> String {
    switch arena.minimumCause {
    case .use: "head and tail"
    case .planning: "planning the head"
    case .preparation(let subgraph, let index): "preparing \(arena.name(ofOperator: index, in: subgraph))"
    }
  }

  private func json(_ peak: ArenaPeak) -> JSON {
    .object([
      "at": .string(peak.moment), "bytes": .integer(peak.byteCount), "alive": .array(peak.alive.map(json)),
      "advice": .strings(advice), "best_plan_head": .optional(bestPlan) { .integer($0.after.head) },
    ])
  }

  private func json(_ entry: ArenaPeak.Entry) -> JSON {
    .object([
      "name": .string(entry.name), "role": .string(entry.role.rawValue), "type": .string(entry.type),
      "shape": .integers(entry.shape), "bytes": .integer(entry.byteCount), "offset": .integer(entry.offset),
      "since": .string(entry.since), "until": .string(entry.until),
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
