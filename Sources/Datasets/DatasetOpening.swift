import Graph
import Storage

extension Dataset {
  /// Opens the data for a model's inputs; says what is wrong with them before anything runs.
  public init(_ request: DataRequest, for inputs: [DataInput]) throws(Diagnostic) {
    guard !inputs.isEmpty else { throw Diagnostic(.badData, "the model has no inputs to feed") }
    guard let firstPath = request.paths.first else {
      throw Diagnostic(.usage, "no data are given", hint: "add --data PATH")
    }
    let settings =
      request.readsSettingsFile
      ? request.settings.filled(from: try DataSettings(beside: firstPath.path)) : request.settings
    try Self.checkFlags(settings, inputs)
    var opened: [OpenedData] = []
    for path in request.paths { opened.append(try OpenedData(path.path, settings: settings)) }
    var feeds: [InputFeed] = []
    for (index, input) in inputs.enumerated() {
      let position = try Self.path(for: input, inputs, request.paths)
      let isOnly = inputs.count == 1 || request.paths[position].input != nil
      let source = try opened[position].source(for: input, index: index, isOnly: isOnly, settings: settings)
      feeds.append(try InputFeed(source, for: input, settings: settings))
    }
    let labels = try Self.labels(request, opened, feeds[0].source.fileNames, settings)
    let count = try Self.commonCount(feeds, labels)
    self.init(
      feeds: feeds, labels: labels,
      selection: try SampleSelection(of: count, settings: settings, firstSamples: request.firstSamples),
      totalCount: count, settings: settings)
  }

  private static func checkFlags(_ settings: DataSettings, _ inputs: [DataInput]) throws(Diagnostic) {
    let normalizes = settings.mean != nil || settings.standardDeviation != nil || settings.scale != nil
    if normalizes, !inputs.contains(where: { $0.element == .float32 }) {
      throw Diagnostic(
        .usage,
        "the model takes \(inputs.map { "\($0.element)" }.joined(separator: ", ")) and no floats to scale",
        hint: "leave out --mean, --std and --scale")
    }
  }

  /// Which of the paths has the data of an input.
  private static func path(for input: DataInput, _ inputs: [DataInput], _ paths: [DataPath])
    throws(Diagnostic)
    -> Int
  {
    if let unknown = paths.compactMap(\.input).first(where: { name in !inputs.contains { $0.name == name } })
    {
      throw Diagnostic(
        .usage, "the model has no input '\(unknown)'",
        hint: "its inputs are " + inputs.map { "'\($0.name)'" }.joined(separator: ", "))
    }
    if let named = paths.firstIndex(where: { $0.input == input.name }) { return named }
    if let common = paths.firstIndex(where: { $0.input == nil }) { return common }
    let missing = inputs.map(\.name).filter { name in !paths.contains { $0.input == name } }
    throw Diagnostic(
      .usage, "no data are given for input \(missing.map { "'\($0)'" }.joined(separator: ", "))",
      hint: "add " + missing.map { "--data \($0)=PATH" }.joined(separator: " "))
  }

  private static func labels(
    _ request: DataRequest, _ opened: [OpenedData], _ files: [String]?, _ settings: DataSettings
  ) throws(Diagnostic) -> LabelFeed? {
    if let path = request.labels {
      let labels = try OpenedData(path, settings: settings).labels(of: files, settings)
      return try LabelFeed(labels, settings: settings)
    }
    for data in opened {
      if let labels = try data.labels(settings) { return try LabelFeed(labels, settings: settings) }
    }
    return nil
  }

  private static func commonCount(_ feeds: [InputFeed], _ labels: LabelFeed?) throws(Diagnostic) -> Int {
    let count = feeds[0].source.count
    for feed in feeds where feed.source.count != count {
      let counts = feeds.map { "'\($0.input.name)' has \($0.source.count)" }.joined(separator: ", ")
      throw Diagnostic(
        .badData, "the inputs have different numbers of samples: \(counts)",
        hint: "give each input the same samples in the same order")
    }
    if let labels, labels.source.count != count {
      throw Diagnostic(
        .badData, "there are \(count) samples and \(labels.source.count) labels",
        hint: "give the labels of exactly these samples")
    }
    return count
  }
}
