import Graph
import Storage
import TensorMath

/// Looks for what is wrong with calibration data in what was seen of the tensors.
struct Examination {
  let graph: Graph
  let groups: TensorGroups
  let seen: Observations
  let samples: CalibrationSamples

  init(_ graph: Graph, _ groups: TensorGroups, _ seen: Observations, _ samples: CalibrationSamples) {
    self.graph = graph
    self.groups = groups
    self.seen = seen
    self.samples = samples
  }

  /// Samples below which a range is little more than chance.
  static let fewSamples = 16
  /// A tensor is stretched when some samples reach this much farther than all others.
  static let stretch: Float = 2
  /// Growth of a range in the second half of the samples up to which one counts as settled: a tenth more costs a tenth
  /// more of a step, less than 1 dB.
  static let settledGrowth = 0.1

  func countFindings() -> [DoctorReport.Finding] {
    if samples.count == 1 {
      return [
        .init(
          .warning, "there is one sample only: the ranges hold for it and may cut everything else",
          hint: "give a few hundred samples of the kind that the device will see")
      ]
    }
    guard samples.count < Self.fewSamples else { return [] }
    return [
      .init(
        .warning, "there are \(samples.count) samples only, from which ranges are a guess",
        hint: "a few hundred make them reliable")
    ]
  }

  // MARK: - Samples that are all one number, or twice there

  func constantFindings() -> [DoctorReport.Finding] {
    var result: [DoctorReport.Finding] = []
    for port in graph.inputs {
      guard let found = seen[port.tensor] else { continue }
      if found.extremes.least == found.extremes.greatest {
        result.append(
          .init(
            .warning,
            "input '\(port.name)' is \(found.extremes.least) everywhere in all \(seen.sampleCount) samples",
            hint: "check that this is the right data"))
      } else if !found.constantSamples.isEmpty {
        result.append(
          .init(
            .warning,
            "\(list(found.constantSamples, found.constantCount)) \(found.constantCount == 1 ? "is" : "are") the same number everywhere",
            hint: "leave out empty samples: they tell nothing about ranges"))
      }
    }
    return result
  }

  func duplicateFindings() -> [DoctorReport.Finding] {
    guard !seen.fingerprints.isEmpty else { return [] }
    var first: [UInt64: Int] = [:]
    var twice: [(Int, Int)] = []
    for (sample, print) in seen.fingerprints.sorted(by: { $0.key < $1.key }) {
      if let earlier = first[print] { twice.append((earlier, sample)) } else { first[print] = sample }
    }
    guard let example = twice.first else { return [] }
    let count = twice.count == 1 ? "1 sample is" : "\(twice.count) samples are"
    return [
      .init(
        twice.count * 10 > seen.sampleCount ? .warning : .note,
        "\(count) there more than once, such as '\(samples.name(example.1))', which equals '\(samples.name(example.0))'",
        hint: "different samples say more about the ranges")
    ]
  }

  // MARK: - Samples that reach much farther than the others

  func outlierFindings() -> [DoctorReport.Finding] {
    guard seen.sampleCount >= Self.fewSamples else { return [] }
    var worst: [Int: (times: Float, tensor: TensorID)] = [:]
    for tensor in graph.activations {
      guard let found = seen[tensor] else { continue }
      for (reaches, rest) in [
        (found.highest.map { ($0.sample, max(0, $0.value)) }, -found.extremes.least),
        (found.lowest.map { ($0.sample, max(0, -$0.value)) }, found.extremes.greatest),
      ] {
        for (sample, times) in outliers(reaches, otherSide: max(0, rest)) {
          if times > worst[sample]?.times ?? 0 { worst[sample] = (times, tensor) }
        }
      }
    }
    return worst.sorted {
      $0.value.times > $1.value.times || ($0.value.times == $1.value.times && $0.key < $1.key)
    }
    .prefix(5).map { sample, found in
      .init(
        .warning,
        "'\(samples.name(sample))' stretches tensor '\(graph[found.tensor].name)' to \(times(found.times)) the range of the other samples",
        hint: "check the sample; leave it out if it is not what the device will see")
    }
  }

  /// The samples before the widest gap, when it is wide: they and how far they stretch the whole range.
  private func outliers(_ reaches: [(Int, Float)], otherSide: Float) -> [(sample: Int, times: Float)] {
    // At most one in fifty is an outlier; more of a kind are a part of the data.
    let most = min(reaches.count - 1, max(1, seen.sampleCount / 50))
    guard most >= 1, let farthest = reaches.first else { return [] }
    for count in 1...most {
      let rest = reaches[count].1 + otherSide
      guard rest > 0, (farthest.1 + otherSide) / rest >= Self.stretch,
        reaches[count - 1].1 > reaches[count].1 * 1.5
      else { continue }
      return reaches[..<count].map { ($0.0, ($0.1 + otherSide) / rest) }.filter { $0.1 >= Self.stretch }
    }
    return []
  }

  // MARK: - Whether more samples would matter

  /// The growth of each range from the first half of the samples to all of them, greatest first.
  func growths() -> [(tensor: TensorID, growth: Double)] {
    groups.all.filter { groups.fixed[$0] == nil }.compactMap { group -> (tensor: TensorID, growth: Double)? in
      let sources = groups.sources(of: group).filter { seen[$0] != nil }
      var (first, all) = (Extremes(), Extremes())
      for tensor in sources {
        first.formUnion(seen[tensor]!.firstHalf)
        all.formUnion(seen[tensor]!.extremes)
      }
      let (half, whole) = (RealRange(first).width, RealRange(all).width)
      guard let tensor = sources.first, whole > 0 else { return nil }
      return (tensor, half > 0 ? whole / half - 1 : 1)
    }
    .sorted { $0.growth > $1.growth || ($0.growth == $1.growth && $0.tensor.index < $1.tensor.index) }
  }

  /// Whether at most one range in ten still grew. With few samples that would be chance, and nothing is said.
  func convergence() -> (isReached: Bool, finding: DoctorReport.Finding?) {
    guard samples.count >= Self.fewSamples else { return (false, nil) }
    let growths = growths()
    guard let most = growths.first else { return (true, nil) }
    let growing = growths.count { $0.growth > Self.settledGrowth }
    let isReached = growing * 10 <= growths.count
    let result = isReached ? "the ranges have settled" : "the ranges still grow"
    let extent =
      if most.growth == 0 {
        "none of them"
      } else if growing == 0 {
        "none of them by more than \(Int((most.growth * 100).rounded(.up))) %"
      } else {
        "\(growing) of \(growths.count) by more than \(Int(Self.settledGrowth * 100)) %, "
          + "most '\(graph[most.tensor].name)' (by \(Int((min(most.growth, 1e9) * 100).rounded(.up))) %)"
      }
    return (
      isReached,
      .init(
        .note, "\(result): the second half of the samples widened \(extent)",
        hint: isReached ? nil : "more samples would make the ranges more reliable")
    )
  }

  // MARK: - Words

  private func list(_ few: [Int], _ count: Int) -> String {
    let names = few.prefix(3).map { "'\(samples.name($0))'" }.joined(separator: ", ")
    return count > 3 ? "\(names) and \(count - 3) more samples" : names
  }

  private func times(_ value: Float) -> String {
    value < 10 ? "\((value * 10).rounded() / 10) times" : "\(Int(min(value, 1e9).rounded())) times"
  }
}

extension DoctorReport {
  init(_ examination: Examination) {
    self.init()
    findings += examination.countFindings()
    findings += examination.constantFindings()
    findings += examination.duplicateFindings()
    findings += examination.outlierFindings()
    let convergence = examination.convergence()
    hasConverged = convergence.isReached
    if let finding = convergence.finding { findings.append(finding) }
  }
}
