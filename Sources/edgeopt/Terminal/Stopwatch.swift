import Reporting
import TensorMath

/// What a verb's report says of its own run.
///
///     var watch = Stopwatch()
///     let ranges = try job.calibrate(request)
///     watch.lap("calibrating")
///     report.run = watch.record(workers)
struct Stopwatch {
  private let start = ContinuousClock.now
  private var last = ContinuousClock.now
  private(set) var steps: [Report.Run.Step] = []

  /// Ends a step, which began where the one before it ended.
  mutating func lap(_ name: String) {
    let now = ContinuousClock.now
    steps.append(.init(name: name, seconds: (now - last).inSeconds))
    last = now
  }

  func record(_ workers: Workers) -> Report.Run {
    var run = Report.Run()
    run.seconds = (ContinuousClock.now - start).inSeconds
    run.peakMemoryBytes = Machine.peakMemoryByteCount
    run.threads = workers.threads
    run.instructionSet = workers.kernels.name
    run.steps = steps
    return run
  }
}
