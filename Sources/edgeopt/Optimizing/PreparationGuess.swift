import Datasets
import Graph
import Reporting
import Storage
import TensorMath

/// How stored values might have been prepared in training: by what they look like, and, with labels, by trying.
struct PreparationGuess {
  /// The lines of the recipe under `data`.
  private(set) var lines: [String] = []
  /// Why, in a sentence or two.
  private(set) var reason = ""

  /// Whether there are samples with classes to measure on.
  private(set) var hasClasses = false

  private struct Candidate {
    var name: String
    var lines: [String]
    var scale: DataScale?
    var mean: [Float]?
    var deviation: [Float]?
  }

  private static let samplesSeen = 64
  private static let samplesTried = 256

  init(_ model: RunnableModel, _ search: DataSearch, workers: Workers) throws(Diagnostic) {
    guard let data = search.evaluation ?? search.calibration else { return }
    let inputs = model.dataInputs
    let dataset = try Dataset(DataRequest(paths: [DataPath(data.path)], labels: data.labels), for: inputs)
    hasClasses = data.isLabeled && dataset.hasClassLabels
    if dataset.settings.scale != nil || dataset.settings.mean != nil {
      reason = "A data.yaml beside the data says how they are prepared."
      return
    }
    let seen = try Self.range(of: dataset)
    let range = "Stored values are \(Self.text(seen.least)) to \(Self.text(seen.greatest))"
    guard seen.least >= 0, seen.greatest > 1.5 else {
      reason = "\(range): they seem to be prepared already."
      return
    }
    let candidates = Self.candidates(seen, channels: Self.channels(of: inputs[0]))
    let tried = hasClasses ? try Self.tried(candidates, data, model, workers) : nil
    let chosen = tried?.best ?? candidates[0]
    lines = chosen.lines
    if let tried {
      let results = zip(candidates, tried.values).map {
        "\($0.name) \(NumberFormat.fixed($1 * 100, digits: 1)) %"
      }
      reason =
        "\(range). On \(tried.count) samples the float model has most right with the first of: "
        + Self.ordered(results, first: chosen.name) + "."
    } else if seen.isWhole {
      reason =
        "\(range), and whole: a guess, as there are no classes to try it with. Take out what is not so."
      if data.isLabeled, chosen.scale != nil, try Self.labelsLookAlike(dataset, seen.greatest) {
        lines.append("label-scale: \(chosen.lines[0].dropFirst("scale: ".count))")
        reason += " The labels look like the samples."
      }
    } else {
      lines = []
      reason = "\(range); there are no labels to try with whether they were scaled in training."
    }
  }

  private static func ordered(_ results: [String], first name: String) -> String {
    (results.filter { $0.hasPrefix(name + " ") } + results.filter { !$0.hasPrefix(name + " ") }).joined(
      separator: ", ")
  }

  private static func candidates(
    _ seen: (least: Float, greatest: Float, isWhole: Bool), channels: Int?
  ) -> [Candidate] {
    func scale(_ text: String) -> Candidate {
      Candidate(name: text, lines: ["scale: \(text)"], scale: DataScale(text))
    }
    var result: [Candidate] = []
    if seen.greatest > 100 { result.append(scale("1/255")) }
    if seen.isWhole, seen.greatest <= 100 { result.append(scale("1/\(Int(seen.greatest))")) }
    result.append(Candidate(name: "nothing", lines: []))
    if seen.greatest > 100 {
      result.append(
        Candidate(
          name: "-1 to 1", lines: ["scale: 1/127.5", "mean: 1"], scale: DataScale("1/127.5"), mean: [1]))
    }
    if channels == 3, seen.greatest > 100 {
      let (mean, deviation): ([Float], [Float]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
      result.append(
        Candidate(
          name: "ImageNet's mean and deviation",
          lines: ["scale: 1/255", "mean: [0.485, 0.456, 0.406]", "std: [0.229, 0.224, 0.225]"],
          scale: DataScale("1/255"), mean: mean, deviation: deviation))
    }
    return result
  }

  /// The share that the model has right with each; the first of the best ones. nil without class labels.
  private static func tried(
    _ candidates: [Candidate], _ data: DataSearch.Found, _ model: RunnableModel, _ workers: Workers
  ) throws(Diagnostic) -> (best: Candidate, values: [Double], count: Int)? {
    var values: [Double] = []
    var count = 0
    for candidate in candidates {
      var request = DataRequest(paths: [DataPath(data.path)], labels: data.labels)
      request.settings.scale = candidate.scale
      request.settings.mean = candidate.mean
      request.settings.standardDeviation = candidate.deviation
      request.firstSamples = samplesTried
      let dataset = try Dataset(request, for: model.dataInputs)
      guard dataset.hasClassLabels else { return nil }
      count = dataset.count
      let evaluation = PairedEvaluation(
        before: try model.evaluated(on: dataset, workers: workers), metric: .top1, workers: workers)
      guard let value = try evaluation.run().metric?.value else { return nil }
      values.append(value)
    }
    guard let best = values.max(), let index = values.firstIndex(of: best) else { return nil }
    return (candidates[index], values, count)
  }

  private static func range(
    of dataset: Dataset
  ) throws(Diagnostic) -> (least: Float, greatest: Float, isWhole: Bool) {
    var (least, greatest, isWhole) = (Float.infinity, -Float.infinity, true)
    for index in 0..<min(samplesSeen, dataset.count) {
      for value in try dataset.sample(at: index).inputs {
        let floats = value.asFloats().floats
        for place in 0..<floats.count {
          let number = floats[place]
          least = min(least, number)
          greatest = max(greatest, number)
          if number != number.rounded() { isWhole = false }
        }
      }
    }
    return (least, greatest, isWhole)
  }

  /// Whether labels are arrays of about the same values.
  private static func labelsLookAlike(_ dataset: Dataset, _ greatest: Float) throws(Diagnostic) -> Bool {
    var most: Float = 0
    for index in 0..<min(samplesSeen, dataset.count) {
      guard case .array(let value)? = try dataset.label(at: index) else { return false }
      let floats = value.asFloats().floats
      for place in 0..<floats.count { most = max(most, floats[place]) }
    }
    return most > greatest / 2 && most <= greatest * 2
  }

  private static func channels(of input: DataInput) -> Int? {
    let sizes = input.shape.perSample
    guard sizes.count == 4 else { return nil }
    return sizes[1] <= 4 ? sizes[1] : sizes[3]
  }

  private static func text(_ value: Float) -> String {
    value == value.rounded() && abs(value) < 1e6
      ? String(Int(value)) : NumberFormat.significant(Double(value), digits: 3)
  }
}
