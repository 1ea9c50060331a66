import Graph
import Storage
import TensorMath

extension MicroProgram {
  /// The outputs for each of the samples, in their order: samples are spread over threads, each starts from the model's
  /// first state.
  ///
  ///     let outputs = try program.runBatch(samples, on: Workers(threads: 2))
  public func runBatch(_ samples: [[TensorValue]], on workers: Workers) throws(Diagnostic) -> [[TensorValue]]
  {
    try MicroBatchRunner(self, workers: workers).run(samples)
  }
}

/// Runs samples on several threads, with sessions that are kept from one call to the next.
///
///     let runner = MicroBatchRunner(program, workers: Workers(threads: 2))
///     while let samples = try next() { evaluate(try runner.run(samples)) }
public final class MicroBatchRunner {
  private let workers: Workers
  private let sessions: [MicroSession]

  public init(_ program: MicroProgram, workers: Workers) {
    self.workers = workers
    sessions = (0..<workers.threads).map { _ in program.makeSession() }
  }

  /// The outputs of each sample. The first failure in the order of the samples is thrown.
  public func run(_ samples: [[TensorValue]]) throws(Diagnostic) -> [[TensorValue]] {
    let results = Results(count: samples.count)
    // A thread touches its own session and the results of its own samples.
    nonisolated(unsafe) let sessions = sessions
    workers.parallelFor(samples.count, grain: 1) { range, thread in
      let session = sessions[thread]
      for index in range {
        session.reset()
        do throws(Diagnostic) {
          results.set(.success(try session.run(samples[index])), at: index)
        } catch {
          results.set(.failure(error), at: index)
        }
      }
    }
    return try results.all()
  }

  private final class Results: @unchecked Sendable {
    // Unchecked: everything below is touched with `monitor` locked only.
    private let monitor = Monitor()
    private var values: [Result<[TensorValue], Diagnostic>?]

    init(count: Int) { values = Array(repeating: nil, count: count) }

    func set(_ value: Result<[TensorValue], Diagnostic>, at index: Int) {
      monitor.lock()
      defer { monitor.unlock() }
      values[index] = value
    }

    func all() throws(Diagnostic) -> [[TensorValue]] {
      var outputs: [[TensorValue]] = []
      for case let value? in values { outputs.append(try value.get()) }
      return outputs
    }
  }
}
