import Graph
import JSONText
import Storage

/// What a verb did to a model and what came of it: one value behind every way of showing it.
///
///     let report = try Report(path: "report.json")
///     print(report.after?.fileBytes)
///
/// `Documentation/report.md` explains the document field by field. Only ``run`` differs between two runs of the same work.
public struct Report: Codable, Sendable, Hashable {
  /// Grows when a field changes its meaning; new fields do not count.
  public static let currentFormat = 1

  public var format = Report.currentFormat
  public var tool: Tool
  /// "quantize", "optimize", "compare", "evaluate", …
  public var verb: String
  /// What the report is about, for headings: the model's name without its ending, or the recipe's.
  public var name: String
  /// The model before and after; only ``before`` where a single model was measured.
  public var before: Model?
  public var after: Model?
  public var quality: Quality?
  /// In the order of execution.
  public var layers: [Layer] = []
  public var calibration: Calibration?
  /// What was done to the model, and why.
  public var changes: [Change] = []
  public var notes: [String] = []
  public var warnings: [Warning] = []
  public var target: TargetFit?
  public var gates: [GateResult] = []
  /// What ``gates`` were judged by, so that they can be judged again against a baseline.
  public var limits: GateLimits?
  /// The recipe's stages, in order.
  public var stages: [Stage] = []
  /// The model that `--qdq` writes.
  public var qdq: QDQ?
  /// Files that were written beside the report.
  public var outputs: [OutputFile] = []
  public var run: Run

  public struct Tool: Codable, Sendable, Hashable {
    public var name = "edgeopt"
    public var version: String
    /// The arithmetic that the device's numbers are computed in.
    public var arithmetic: String?

    public init(version: String, arithmetic: String? = nil) {
      self.version = version
      self.arithmetic = arithmetic
    }
  }

  /// Something done to the model.
  public struct Change: Codable, Sendable, Hashable {
    public enum Kind: String, Codable, Sendable, Hashable {
      /// An operator that the device lacks, in others that it has.
      case rewrite
      /// A transpose that layers of different layouts leave.
      case transpose
      case bias, range, memory, output, pruning, other
    }
    public var kind: Kind
    /// One sentence.
    public var what: String
    public var why: String?
    /// The source's operators that it concerns.
    public var nodes: [String] = []
    /// The greatest error relative to the result's size; 0 for an exact change.
    public var error: Double?

    public init(_ kind: Kind, _ what: String, why: String? = nil, nodes: [String] = [], error: Double? = nil)
    {
      self.kind = kind
      self.what = what
      self.why = why
      self.nodes = nodes
      self.error = error
    }
  }

  public struct Warning: Codable, Sendable, Hashable {
    public var message: String
    public var hint: String?

    public init(_ message: String, hint: String? = nil) {
      self.message = message
      self.hint = hint
    }
  }

  /// A stage of a recipe.
  public struct Stage: Codable, Sendable, Hashable {
    /// The verb: "quantize".
    public var name: String
    /// As flags are called, with their values.
    public var options: [Setting] = []
    /// Of the model file that it made.
    public var fileBytes: Int?
    public var sha256: String?

    public init(name: String, options: [Setting] = [], fileBytes: Int? = nil, sha256: String? = nil) {
      self.name = name
      self.options = options
      self.fileBytes = fileBytes
      self.sha256 = sha256
    }
  }

  public struct Setting: Codable, Sendable, Hashable {
    public var name: String
    public var value: String

    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// The quantized model as ONNX, beside the device's.
  public struct QDQ: Codable, Sendable, Hashable {
    public var path: String
    /// Signal to noise of its outputs beside the device's, in dB; nil where there were no samples.
    public var sqnr: Double?
    /// Operators whose results may be a step or more apart from the device's, where that matters.
    public var differing: [Difference] = []

    public struct Difference: Codable, Sendable, Hashable {
      public var node: String
      public var reason: String

      public init(node: String, reason: String) {
        self.node = node
        self.reason = reason
      }
    }

    public init(path: String, sqnr: Double? = nil, differing: [Difference] = []) {
      self.path = path
      self.sqnr = sqnr
      self.differing = differing
    }
  }

  public struct OutputFile: Codable, Sendable, Hashable {
    public var path: String
    /// "the int8 model", "C++ sources for the firmware"
    public var what: String
    public var bytes: Int?

    public init(path: String, what: String, bytes: Int? = nil) {
      self.path = path
      self.what = what
      self.bytes = bytes
    }
  }

  /// What differs from run to run, and from machine to machine.
  public struct Run: Codable, Sendable, Hashable {
    public var seconds = 0.0
    public var peakMemoryBytes = 0
    public var threads = 0
    public var instructionSet = ""
    /// Evaluation of the device's arithmetic on this machine.
    public var samplesPerSecond: Double?
    /// The steps, in order.
    public var steps: [Step] = []

    public struct Step: Codable, Sendable, Hashable {
      public var name: String
      public var seconds: Double
      /// Taken from an earlier run.
      public var isCached = false

      public init(name: String, seconds: Double, isCached: Bool = false) {
        self.name = name
        self.seconds = seconds
        self.isCached = isCached
      }
    }

    public init() {}
  }

  public init(verb: String, name: String, tool: Tool) {
    self.verb = verb
    self.name = name
    self.tool = tool
    run = Run()
  }
}

// MARK: - Files

extension Report {
  public init(path: String) throws(Diagnostic) {
    let document = try JSON(path: path)
    guard document["tool"]?["name"]?.string == "edgeopt", let format = document["format"]?.integer else {
      throw Diagnostic(
        .badData, "'\(path)' is not a report of edgeopt",
        hint: "reports come from '--report FILE.json' and from recipes")
    }
    guard format == Self.currentFormat else {
      throw Diagnostic(
        .badData,
        "'\(path)' has report format \(format), this version reads format \(Self.currentFormat)",
        hint: format > Self.currentFormat ? "use a newer edgeopt" : "make the report again")
    }
    try document.checkNumbers(called: path)
    self = try document.decoded(as: Report.self, called: path)
  }

  public var json: JSON { JSON(encoding: self) }
}

extension JSON {
  /// Refuses whole numbers that no model has: sums of those that are left fit any integer.
  func checkNumbers(called name: String) throws(Diagnostic) {
    switch self {
    case .integer(let value) where value.magnitude > 1_000_000_000_000_000:
      throw Diagnostic(
        .badData, "'\(name)' holds the number \(value), which is beyond any model",
        hint: "make the file again")
    case .array(let values): for value in values { try value.checkNumbers(called: name) }
    case .members(let members): for member in members { try member.value.checkNumbers(called: name) }
    default: break
    }
  }

  /// The document in a file.
  public init(path: String) throws(Diagnostic) {
    let bytes: [UInt8]
    do throws(StorageError) {
      bytes = try Storage(mapping: path).view(of: UInt8.self).array
    } catch {
      switch error {
      case .missing: throw Diagnostic(.missing, "'\(path)' does not exist", hint: "check the path")
      case .isDirectory: throw Diagnostic(.badData, "'\(path)' is a folder, expected a JSON file")
      default: throw Diagnostic(.inputOutput, "'\(path)' cannot be read")
      }
    }
    try self.init(parsing: bytes, called: path)
  }
}
