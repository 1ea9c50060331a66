import Graph
import Lowering
import Runtime
import TensorMath

/// Calibrates a legalized model: the doctor's findings, the ranges, and what rounding does to the means.
///
///     let calibration = try ModelCalibration(legal, method: .auto)
///     let found = try calibration.run(samples, threads: 2)
///     let (plan, notes) = try Quantizer(found.legal).plan(found.ranges)
public struct ModelCalibration: Sendable {
  public struct Found: Sendable {
    public var ranges: RangeTable
    public var doctor: DoctorReport
    /// The model to plan for: outputs that join branches of very different ranges are split.
    public var legal: Legalization
    /// What the user should know about the branches.
    public var notes: [String]
  }

  public let legal: Legalization
  public let method: CalibrationMethod
  /// One scale for each output channel of a weight; only the correction of biases asks.
  public var isPerChannel = true
  /// Corrects biases by what rounding does to the means; by default with `auto`.
  public var correctsBiases: Bool
  let groups: TensorGroups
  let calibration: Calibration

  public init(_ legal: Legalization, method: CalibrationMethod) throws(Diagnostic) {
    self.legal = legal
    self.method = method
    correctsBiases = method == .auto
    groups = TensorGroups(legal.graph)
    let chooser = RangeChooser(groups, method: method)
    let inputs = legal.graph.inputs.map(\.tensor)
    let cells = legal.cellStates.sorted { $0.key < $1.key }.flatMap(\.value)
    let wanted = chooser.tensorsToObserve
    let known = Set(wanted)
    calibration = try Calibration(
      legal.observation, method: method, tensors: wanted + (inputs + cells).filter { !known.contains($0) })
  }

  /// `progress` gets the number of samples handed out so far; never called by two threads at once.
  public func run(
    _ samples: CalibrationSamples, threads: Int, progress: @escaping @Sendable (Int) -> Void = { _ in }
  ) throws(Diagnostic) -> Found {
    let split = calibration.split(samples.count)
    let seen = try calibration.observe(samples, split, threads: threads, progress: progress)
    let (legal, notes) = BranchWidths(legal: self.legal, groups: groups, observations: seen).resolved()
    let isSplit = legal.graph.outputs.count != self.legal.graph.outputs.count
    let groups = isSplit ? TensorGroups(legal.graph) : self.groups
    let chooser = RangeChooser(groups, method: method)
    var ranges = chooser.choose(seen)
    let cells = cellEntries(seen, legal)
    ranges.entries += cells
    let needsProgram = method == .auto || correctsBiases
    if needsProgram {
      let program =
        legal.cellStates.isEmpty && !isSplit
        ? calibration.program : try Program(legal.graph, fusesSteps: false)
      let judges =
        split.held.isEmpty
        ? SampleSplit(count: samples.count, batch: calibration.batch, holdsBack: true).held : split.held
      if method == .auto {
        var searched = try chooser.search(seen, program, samples, judges, threads: threads)
        searched.entries += cells
        let judge = OutputJudge(legal, program, samples, judges, threads: threads)
        // What is best for each layer is nearly always best for the network; where it is not, the whole ranges are.
        if try judge.holds(plan(searched, legal), against: plan(ranges, legal)) { ranges = searched }
      }
      if correctsBiases {
        ranges.corrections = try BiasCorrection(legal.graph, plan(ranges, legal), program: program)
          .corrections(samples, judges, threads: threads)
      }
    }
    var doctor = DoctorReport(Examination(legal.graph, groups, seen, samples))
    let few = SampleSplit(count: samples.count, batch: calibration.batch, holdsBack: true).held
      .flatMap { $0 }.prefix(InputScale.sampleCount)
    let shares = try InputScale(graph: self.legal.observation, program: calibration.program)
      .biasShares(samples, Array(few), threads: threads)
    doctor.findings.insert(contentsOf: scaleFindings(shares, seen), at: 0)
    ranges.sampleCount = samples.count
    doctor.findings += notes.map { DoctorReport.Finding(.warning, $0) }
    return Found(ranges: ranges, doctor: doctor, legal: legal, notes: notes)
  }

  /// Layers are told from the first on; one finding is enough.
  func scaleFindings(
    _ shares: [(layer: Int, share: Double)], _ seen: Observations
  ) -> [DoctorReport.Finding] {
    guard let input = legal.graph.inputs.first, let extremes = seen[input.tensor]?.extremes else { return [] }
    for (layer, share) in shares {
      let name = legal.observation.operators[layer].sourceName
      if share > 0, share < InputScale.usual.lowerBound {
        let isByte = extremes.least >= 0 && extremes.greatest > 128 && extremes.greatest <= 255
        return [
          .init(
            .warning,
            "the data look unnormalized: they reach from \(extremes.least) to \(extremes.greatest), and what the first layer "
              + "'\(name)' makes of them drowns its bias, which training would not leave so",
            hint: isByte
              ? "scale them as in training, such as with --scale 1/255"
              : "scale them as in training: --scale, --mean and --std")
        ]
      }
      if share > InputScale.usual.upperBound {
        return [
          .init(
            .warning,
            "the data look too small for this model: they reach from \(extremes.least) to \(extremes.greatest), and what the "
              + "first layer '\(name)' makes of them is lost beside its bias",
            hint: "scale them as in training: the model may expect 0 to 255, then leave out --scale")
        ]
      }
    }
    return []
  }

  private func plan(_ ranges: RangeTable, _ legal: Legalization) throws(Diagnostic) -> QuantizationPlan {
    var options = QuantizerOptions()
    options.isPerChannel = isPerChannel
    return try Quantizer(legal).plan(ranges, options).plan
  }

  private func cellEntries(_ seen: Observations, _ legal: Legalization) -> [RangeTable.Entry] {
    let names = TensorNames(legal.graph)
    return legal.cellStates.sorted { $0.key < $1.key }.map { index, tensors in
      var extremes = Extremes()
      for tensor in tensors { if let found = seen[tensor] { extremes.formUnion(found.extremes) } }
      let range = RealRange(extremes)
      return RangeTable.Entry(
        tensor: names.cell(of: legal.graph.operators[index]), least: extremes.least,
        greatest: extremes.greatest, lower: Float(range.lower), upper: Float(range.upper), choice: .minmax,
        reason: "a power of two")
    }
  }
}
