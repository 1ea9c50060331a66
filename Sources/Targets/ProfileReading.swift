import Arguments
import Graph
import Reporting
import Storage
import YAML

extension TargetProfile {
  private static let keys = [
    "name", "aliases", "title", "core", "clock-mhz", "flash", "sram", "arena", "firmware-flash",
    "firmware-sram", "float", "dsp", "vectors", "kernels", "notes", "cost",
  ]
  private static let costKeys = [
    "convolution", "depthwise", "dense", "per-operator", "uncertainty", "source",
  ]

  /// A profile in a file of one's own, of the same form as those that come with the program.
  public init(path: String) throws(Diagnostic) {
    guard case .file(let byteCount) = FileKind(of: path) else {
      throw FileKind(of: path) == .missing
        ? Diagnostic(.missing, "'\(path)' does not exist", hint: "check the path")
        : Diagnostic(.badData, "'\(path)' is no file, expected a device profile")
    }
    guard byteCount <= 1 << 16 else {
      throw Diagnostic(
        .badData, "'\(path)' has \(byteCount) bytes; a device profile takes a few lines",
        hint: "'edgeopt targets NAME --yaml' prints one to begin with")
    }
    let bytes: [UInt8]
    do throws(StorageError) {
      bytes = try Storage(mapping: path).view(of: UInt8.self).array
    } catch {
      throw Diagnostic(.inputOutput, "'\(path)' cannot be read")
    }
    try self.init(parsing: bytes, path: path)
  }

  /// A profile in a YAML text; all that is wrong with it is said at once.
  public init(parsing bytes: [UInt8], path: String) throws(Diagnostic) {
    let root: YAMLNode
    do throws(YAMLError) { root = try YAMLNode(parsing: bytes) } catch {
      throw Diagnostic(
        .badData, "\(path):\(error.line):\(error.column): \(error.problem)",
        hint: "a device profile has lines of 'name: value'")
    }
    var reader = ProfileReader(path: path)
    self = reader.profile(root, keys: Self.keys, costKeys: Self.costKeys)
    guard reader.problems.isEmpty else {
      throw Diagnostic(
        .badData, reader.problems.joined(separator: "\n"),
        hint: "'edgeopt targets stm32f746 --yaml' prints a complete profile")
    }
  }
}

/// Takes values and collects what is wrong with them.
private struct ProfileReader {
  let path: String
  var problems: [String] = []

  mutating func profile(_ root: YAMLNode, keys: [String], costKeys: [String]) -> TargetProfile {
    var profile = TargetProfile(
      name: "", title: "", core: "", megahertz: 0, flash: 0, memory: 0, arenaMemory: 0)
    guard root.entries != nil, !root.isNull else {
      report(root, "a device profile has lines of 'name: value'")
      return profile
    }
    checkKeys(root, keys)
    profile.name = text(root, "name") ?? ""
    profile.aliases = texts(root, "aliases")
    profile.title = text(root, "title") ?? profile.name
    profile.core = text(root, "core") ?? ""
    profile.megahertz = number(root, "clock-mhz", 0.001...10_000) ?? 0
    profile.flash = size(root, "flash") ?? 0
    profile.memory = size(root, "sram") ?? 0
    profile.arenaMemory = size(root, "arena", isRequired: false) ?? profile.memory
    profile.reservedFlash = size(root, "firmware-flash", isRequired: false) ?? 0
    profile.reservedMemory = size(root, "firmware-sram", isRequired: false) ?? 0
    profile.hasFloatingPoint = truth(root, "float")
    profile.hasDSP = truth(root, "dsp")
    profile.hasVectors = truth(root, "vectors")
    profile.kernels = kernels(root)
    profile.notes = texts(root, "notes")
    profile.cost = root["cost"].flatMap { cost($0, costKeys) }
    if profile.arenaMemory > profile.memory, let node = root["arena"] {
      report(node, "'arena' is larger than 'sram', of which it is a part")
    }
    if profile.reservedMemory > profile.arenaMemory, let node = root["firmware-sram"] {
      report(
        node, "'firmware-sram' leaves nothing of the \(ByteCount(bytes: profile.arenaMemory)) that there are")
    }
    if profile.reservedFlash > profile.flash, let node = root["firmware-flash"] {
      report(node, "'firmware-flash' leaves nothing of the \(ByteCount(bytes: profile.flash)) that there are")
    }
    return profile
  }

  private mutating func cost(_ node: YAMLNode, _ keys: [String]) -> CostModel? {
    guard node.entries != nil else {
      report(node, "'cost' has lines of its own: \(keys.joined(separator: ", "))")
      return nil
    }
    checkKeys(node, keys)
    let all = [
      number(node, "convolution", 0.001...10_000), number(node, "depthwise", 0.001...10_000),
      number(node, "dense", 0.001...10_000), number(node, "uncertainty", 0...1),
    ]
    let perOperator = node["per-operator"] == nil ? 0 : number(node, "per-operator", 0...1e9)
    guard let source = text(node, "source"), let perOperator, all.allSatisfy({ $0 != nil }) else {
      return nil
    }
    return CostModel(
      convolution: all[0]!, depthwise: all[1]!, dense: all[2]!, perOperator: perOperator,
      uncertainty: all[3]!, source: source)
  }

  private mutating func kernels(_ root: YAMLNode) -> TargetProfile.Kernels {
    guard root["kernels"] != nil, let text = text(root, "kernels") else { return .reference }
    if let kernels = TargetProfile.Kernels(rawValue: text) { return kernels }
    let names = TargetProfile.Kernels.allCases.map(\.rawValue)
    let near = Suggestion.nearest(to: text, among: names).map { "; did you mean '\($0)'?" } ?? ""
    report(root["kernels"]!, "'kernels' is one of \(names.joined(separator: ", ")), not '\(text)'\(near)")
    return .reference
  }

  // MARK: Values

  private mutating func checkKeys(_ node: YAMLNode, _ keys: [String]) {
    for entry in node.entries ?? [] where !keys.contains(entry.key) {
      let near = Suggestion.nearest(to: entry.key, among: keys).map { "did you mean '\($0)'?" }
      problems.append(
        "\(path):\(entry.line):\(entry.column): there is no '\(entry.key)' in a device profile; "
          + (near ?? "there are \(keys.joined(separator: ", "))"))
    }
  }

  private mutating func text(_ node: YAMLNode, _ key: String) -> String? {
    guard let value = present(node, key) else { return nil }
    guard let text = value.text, !text.isEmpty else {
      report(value, "'\(key)' takes a text")
      return nil
    }
    return text
  }

  private mutating func texts(_ node: YAMLNode, _ key: String) -> [String] {
    guard let value = node[key] else { return [] }
    guard let items = value.items, items.allSatisfy({ $0.text != nil }) else {
      report(value, "'\(key)' takes a list of texts, such as [one, two]")
      return []
    }
    return items.map { $0.text! }
  }

  private mutating func number(_ node: YAMLNode, _ key: String, _ range: ClosedRange<Double>) -> Double? {
    guard let value = present(node, key) else { return nil }
    guard let number = value.number, range.contains(number) else {
      report(
        value,
        "'\(key)' takes a number from \(NumberFormat.shortest(range.lowerBound)) to "
          + "\(NumberFormat.shortest(range.upperBound))" + found(value))
      return nil
    }
    return number
  }

  private mutating func size(_ node: YAMLNode, _ key: String, isRequired: Bool = true) -> Int? {
    guard let value = isRequired ? present(node, key) : node[key] else { return nil }
    guard let size = value.text.flatMap({ ByteCount($0) }) else {
      report(value, "'\(key)' takes \(ByteCount.expected)" + found(value))
      return nil
    }
    return size.bytes
  }

  private mutating func truth(_ node: YAMLNode, _ key: String) -> Bool {
    guard let value = node[key] else { return false }
    guard let truth = value.truth else {
      report(value, "'\(key)' takes true or false" + found(value))
      return false
    }
    return truth
  }

  private mutating func present(_ node: YAMLNode, _ key: String) -> YAMLNode? {
    guard let value = node[key], !value.isNull else {
      report(node[key] ?? node, "'\(key)' is missing")
      return nil
    }
    return value
  }

  private func found(_ value: YAMLNode) -> String { value.text.map { ", not '\($0)'" } ?? "" }

  private mutating func report(_ node: YAMLNode, _ problem: String) {
    problems.append("\(path):\(node.line):\(node.column): \(problem)")
  }
}

extension NumberFormat {
  fileprivate static func shortest(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e15 ? String(Int(value)) : "\(value)"
  }
}
