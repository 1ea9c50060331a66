import Datasets
import Graph
import Reporting
import Storage

/// Finds the data of a model among what lies beside it: by names, and by whether the model takes them.
///
///     let found = DataSearch(model: "models/kws.onnx", inputs: inputs).found
struct DataSearch {
  struct Found {
    var path: String
    var labels: String?
    /// How many samples there are.
    var count: Int
    /// Whether the samples have labels that the model's output can be held against.
    var isLabeled = false
  }

  private(set) var calibration: Found?
  private(set) var evaluation: Found?

  private enum Role { case calibration, evaluation, any }

  private static let names: [Role: [String]] = [
    .calibration: ["calib", "representative", "train"], .evaluation: ["test", "val", "eval"],
  ]
  private static let endings = [".npy", ".npz", ".csv"]
  /// Folders with more entries than this are data, not places to look for data.
  private static let greatestFolder = 500

  /// `output` is the shape of the output that labels are for.
  init(model: String, inputs: [DataInput], output: [Int]) {
    guard inputs.count == 1 else { return }
    let tokens = Self.tokens(ModelFormat.stem(of: model))
    let home = Folder.parent(of: model)
    var candidates: [(found: Found, role: Role, score: Int)] = []
    for folder in [home, "\(home)/data", "\(Folder.parent(of: Folder.resolved(home)))/data"] {
      for name in Self.entries(of: folder) {
        guard let found = Self.look(at: "\(folder)/\(name)", inputs, output) else { continue }
        // Words of the model's name count for the data, other words a little against them.
        let own = Self.tokens(name)
        let shared = own.filter(tokens.contains).count
        candidates.append((found, Self.role(of: name), 10 * shared - (own.count - shared)))
      }
      // What lies beside the model is nearer than what lies elsewhere.
      if !candidates.isEmpty { break }
    }
    let hasLabeled = candidates.contains { $0.role == .evaluation && $0.found.isLabeled }
    func best(_ roles: [Role]) -> Found? {
      for role in roles {
        let fitting = candidates.filter { $0.role == role }
          .filter { role != .evaluation || $0.found.isLabeled || !hasLabeled }
        let score = fitting.map(\.score).max()
        if let first = fitting.first(where: { $0.score == score }) { return first.found }
      }
      return nil
    }
    calibration = best([.calibration, .any])
    evaluation = best([.evaluation])
    // Better the test data than none; the recipe says so.
    if calibration == nil { calibration = evaluation }
  }

  private static func entries(of folder: String) -> [String] {
    let names = (try? Folder.names(in: folder)) ?? []
    return names.count > greatestFolder ? [] : names
  }

  private static func tokens(_ name: String) -> [String] {
    name.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
  }

  private static func role(of name: String) -> Role {
    let tokens = tokens(name)
    for role in [Role.calibration, .evaluation] {
      if names[role]!.contains(where: { word in tokens.contains { $0.hasPrefix(word) } }) { return role }
    }
    return .any
  }

  /// The data at a path, when they are samples that the model takes.
  private static func look(at path: String, _ inputs: [DataInput], _ output: [Int]) -> Found? {
    let name = Folder.lastComponent(of: path)
    let isFolder = FileKind(of: path) == .folder
    guard isFolder || endings.contains(where: name.lowercased().hasSuffix) else { return nil }
    if !isFolder, tokens(name).contains(where: { ["y", "labels", "label", "targets"].contains($0) }) {
      return nil
    }
    let labels = isFolder ? nil : labelFile(of: path)
    for labels in labels == nil ? [nil] : [labels, nil] {
      let request = DataRequest(paths: [DataPath(path)], labels: labels)
      guard let data = try? Dataset(request, for: inputs), data.count > 0, (try? data.sample(at: 0)) != nil
      else { continue }
      let isLabeled = data.hasLabels && fits(data, output)
      if labels != nil, !isLabeled { continue }
      return Found(path: path, labels: labels, count: data.count, isLabeled: isLabeled)
    }
    return nil
  }

  /// Whether the labels are what such an output can be held against: a class of a vector's, or as many numbers.
  private static func fits(_ data: Dataset, _ output: [Int]) -> Bool {
    let extents = output.filter { $0 != 1 }
    switch try? data.label(at: 0) {
    case .classIndex(let index): return extents.count == 1 && index < extents[0]
    case .array(let value): return value.elementCount == Shape.elementCount(output)
    case nil: return false
    }
  }

  /// `test_y.npy` for `test_x.npy`.
  private static func labelFile(of path: String) -> String? {
    let folder = Folder.parent(of: path)
    let name = Folder.lastComponent(of: path)
    guard let dot = name.lastIndex(of: ".") else { return nil }
    let (stem, ending) = (String(name[..<dot]), String(name[dot...]))
    var names: [String] = []
    if stem.hasSuffix("_x") || stem == "x" { names.append(stem.dropLast() + "y" + ending) }
    if stem.hasPrefix("x_") { names.append("y" + stem.dropFirst() + ending) }
    names += ["\(stem)_labels\(ending)", "labels\(ending)"]
    return names.map { "\(folder)/\($0)" }.first { if case .file = FileKind(of: $0) { true } else { false } }
  }
}
