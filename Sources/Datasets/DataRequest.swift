import Graph
import Storage

/// Where one input's samples are, as typed: `PATH` or `NAME=PATH`.
public struct DataPath: Sendable, Hashable {
  /// The input's name; nil when the data are for all inputs.
  public var input: String?
  public var path: String

  public init(_ path: String, input: String? = nil) {
    self.input = input
    self.path = path
  }

  /// `x=a.npy` is for input `x` when the model has one of that name; else all of it is a path.
  public init(argument: String, inputs: [String]) {
    let longestFirst = inputs.sorted { $0.utf8.count > $1.utf8.count }
    if let name = longestFirst.first(where: { argument.hasPrefix($0 + "=") }) {
      self.init(String(argument.dropFirst(name.count + 1)), input: name)
    } else {
      self.init(argument)
    }
  }
}

/// Everything that determines a data set.
///
///     var request = DataRequest(paths: [DataPath("x.npy")], labels: "y.npy")
///     request.settings.scale = DataScale("1/255")
///     let data = try Dataset(request, for: [DataInput(port)])
public struct DataRequest: Sendable, Hashable {
  public var paths: [DataPath]
  public var labels: String?
  /// What the flags say; a `data.yaml` beside the data fills in what they do not.
  public var settings = DataSettings()
  /// Without ``DataSettings/samples``: take this many from the front (the default for calibration); nil takes all.
  public var firstSamples: Int?
  /// Whether a `data.yaml` beside the data is read at all.
  public var readsSettingsFile = true

  public init(paths: [DataPath], labels: String? = nil) {
    self.paths = paths
    self.labels = labels
  }
}
