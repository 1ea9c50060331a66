import Graph
import Storage
import YAML

extension DataSettings {
  /// The name of the file beside the data.
  public static let fileName = "data.yaml"

  /// What a `data.yaml` beside the data says: in the folder itself, or next to the file. Nothing without one.
  init(beside path: String) throws(Diagnostic) {
    let folder = FileKind(of: path) == .folder ? path : Folder.parent(of: path)
    let file = "\(folder)/\(Self.fileName)"
    self.init()
    guard case .file(let byteCount) = FileKind(of: file) else { return }
    guard byteCount <= 1 << 20 else {
      throw .bad(file, "it has \(byteCount) bytes; settings take a few lines")
    }
    try self.init(parsing: MappedFile(file).bytes.array, path: file)
  }

  /// The settings in a YAML text: the names of the flags, without their dashes.
  init(parsing bytes: [UInt8], path: String) throws(Diagnostic) {
    self.init()
    let root: YAMLNode
    do throws(YAMLError) { root = try YAMLNode(parsing: bytes) } catch {
      throw .bad(
        path, "line \(error.line): \(error.problem)",
        hint: "write 'name: value' lines, such as 'scale: 1/255'")
    }
    if root.isNull { return }
    guard let entries = root.entries else {
      throw .bad(path, "line \(root.line): settings are expected", hint: "write 'name: value' lines")
    }
    for entry in entries { try take(entry, path: path) }
  }

  private mutating func take(_ entry: YAMLNode.Entry, path: String) throws(Diagnostic) {
    let value = Value(node: entry.value, key: entry.key, path: path)
    switch entry.key {
    case "mean": mean = try value.numbers()
    case "std": standardDeviation = try value.numbers()
    case "scale": scale = try value.scale()
    case "label-mean": labelMean = try value.numbers()
    case "label-std": labelStandardDeviation = try value.numbers()
    case "label-scale": labelScale = try value.scale()
    case "resize": resize = try value.size()
    case "crop": crop = try value.size()
    case "color": color = try value.choice(ColorOrder.self)
    case "data-layout": layout = try value.choice(SampleLayout.self)
    case "label-column": labelColumn = try value.text()
    case "classes": classes = try value.names()
    case "samples": samples = try value.count()
    case "skip": skip = try value.count()
    case "seed": seed = try value.count()
    default:
      throw .bad(
        path, "line \(entry.value.line): there is no setting '\(entry.key)'",
        hint:
          "settings are mean, std, scale, label-mean, label-std, label-scale, resize, crop, color, data-layout, "
          + "label-column, classes, samples, skip and seed")
    }
  }

  /// One setting's value on its way into a property.
  private struct Value {
    let node: YAMLNode
    let key: String
    let path: String

    func wrong(_ expected: String) -> Diagnostic {
      .bad(path, "line \(node.line): '\(key)' takes \(expected)" + (node.text.map { ", not '\($0)'" } ?? ""))
    }

    func text() throws(Diagnostic) -> String {
      guard let text = node.text else { throw wrong("one value") }
      return text
    }

    func numbers() throws(Diagnostic) -> [Float] {
      let texts = node.items?.map { $0.text ?? "" } ?? node.text.map { [$0] }
      guard let texts, let numbers = DataSettings.numbers(texts.joined(separator: ",")) else {
        throw wrong("a number or a list of numbers, such as [0.485, 0.456, 0.406]")
      }
      return numbers
    }

    func scale() throws(Diagnostic) -> DataScale {
      guard let scale = node.text.flatMap({ DataScale($0) }) else {
        throw wrong("a number or a quotient such as 1/255")
      }
      return scale
    }

    func size() throws(Diagnostic) -> PictureSize {
      guard let size = node.text.flatMap({ PictureSize($0) }) else {
        throw wrong("a size such as 224 or 320x240")
      }
      return size
    }

    func count() throws(Diagnostic) -> Int {
      guard let count = node.integer, count >= 0 else { throw wrong("a whole number from 0") }
      return count
    }

    func names() throws(Diagnostic) -> [String] {
      guard let items = node.items, items.allSatisfy({ $0.text != nil }) else {
        throw wrong("a list of names")
      }
      return items.map { $0.text! }
    }

    func choice<Choice: RawRepresentable<String> & CaseIterable>(_: Choice.Type) throws(Diagnostic) -> Choice
    {
      guard let choice = node.text.flatMap({ Choice(rawValue: $0) }) else {
        throw wrong("one of " + Choice.allCases.map(\.rawValue).joined(separator: ", "))
      }
      return choice
    }
  }
}
