import Graph
import Lowering
import Runtime
import TensorMath

/// Calibrates a legalized model: the doctor's findings, the ranges, and what rounding does to the means.
///
///     let calibration = try ModelCalibration(legal, method: .auto)
///     let found = try calibration.run(samples, threads: 2)
///     let (plan, notes) = try Quantizer(legal).plan(found.ranges)
public struct ModelCalibration: Sendable {
  public struct Found: Sendable {
    public var ranges: RangeTable
    public var doctor: DoctorReport
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
    let seen = try calibration.observe(samples, split.shown, threads: threads, progress: progress)
    let chooser = RangeChooser(groups, method: method)
    var ranges = chooser.choose(seen)
    let cells = cellEntries(seen)
    ranges.entries += cells
    let needsProgram = method == .auto || correctsBiases
    if needsProgram {
      let program =
        legal.cellStates.isEmpty ? calibration.program : try Program(legal.graph, fusesSteps: false)
      let judges =
        split.held.isEmpty
        ? SampleSplit(count: samples.count, batch: calibration.batch, holdsBack: true).held : split.held
      if method == .auto {
        var searched = try chooser.search(seen, program, samples, judges, threads: threads)
        searched.entries += cells
        let judge = OutputJudge(legal, program, samples, judges, threads: threads)
        let errors = try judge.errors([try plan(searched), try plan(ranges)])
        // What is best for each layer is nearly always best for the network; where it is not, the whole ranges are.
        if errors[0] <= errors[1] { ranges = searched }
      }
      if correctsBiases {
        ranges.corrections = try BiasCorrection(legal.graph, plan(ranges), program: program)
          .corrections(samples, judges, threads: threads)
      }
    }
    let doctor = DoctorReport(Examination(legal.graph, groups, seen, samples))
    return Found(ranges: ranges, doctor: doctor)
  }

  private func plan(_ ranges: RangeTable) throws(Diagnostic) -> QuantizationPlan {
    var options = QuantizerOptions()
    options.isPerChannel = isPerChannel
    return try Quantizer(legal).plan(ranges, options).plan
  }

  private func cellEntries(_ seen: Observations) -> [RangeTable.Entry] {
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
