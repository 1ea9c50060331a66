import Graph
import Storage
import TensorMath

/// Samples that go through a program together: each input's batch axis holds `count` of them.
public struct SampleBatch: Sendable {
  public var inputs: [TensorValue]
  public var count: Int

  public init(inputs: [TensorValue], count: Int) {
    self.inputs = inputs
    self.count = count
  }
}

/// Runs a program over any number of samples in bounded memory, on all threads, and delivers the results in order.
///
/// Each thread runs whole batches by itself, so that no thread waits for another inside a layer.
///
///     let runner = BatchRunner(program, threads: 2)
///     try runner.run(pull: { count in try reader.next(count) }) { outputs, count in evaluate(outputs) }
public struct BatchRunner: Sendable {
  public let program: Program
  public let threads: Int
  /// Samples that one session takes at a time.
  public let batch: Int

  /// `batch` is chosen so that a session's activations stay in a core's cache, when it is not given.
  public init(_ program: Program, threads: Int, batch: Int? = nil) throws(Diagnostic) {
    self.program = program
    self.threads = max(1, threads)
    self.batch = if let batch { batch } else { try Self.fittingBatch(program) }
  }

  /// What a core can keep to itself, weights apart.
  static let cacheByteCount = 1 << 20
  static let maximumBatch = 32

  private static func fittingBatch(_ program: Program) throws(Diagnostic) -> Int {
    guard program.hasBatch else { return 1 }
    let sizes = program.graph.tensors.map { $0.shape.perSample }
    let perSample = try ActivationLayout(program, sizes: sizes).placement.byteCount
    return min(maximumBatch, max(1, cacheByteCount / max(1, perSample)))
  }

  /// Pulls batches of up to ``batch`` samples until there are none, and delivers outputs and sample count of each in
  /// the order in which they were pulled.
  ///
  /// Neither closure is ever called by two threads at once, but both are called on other threads than the caller's: give
  /// none that belongs to an actor. The first failure (in the order of the samples) ends the
  /// run after everything before it was delivered.
  public func run(
    pull: (_ count: Int) throws(Diagnostic) -> SampleBatch?,
    deliver: (_ outputs: [TensorValue], _ count: Int) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    let sequence = OrderedDelivery(capacity: threads * 2)
    withoutActuallyEscaping(pull) { pull in
      withoutActuallyEscaping(deliver) { deliver in
        // `sequence` lets one thread at a time into either closure, and parallelFor ends before they do.
        nonisolated(unsafe) let pull = pull
        nonisolated(unsafe) let deliver = deliver
        Workers(threads: threads).parallelFor(threads) { _ in
          work(on: sequence, pull: pull, deliver: deliver)
        }
      }
    }
    if let failure = sequence.failure { throw failure }
  }

  private func work(
    on sequence: OrderedDelivery, pull: (Int) throws(Diagnostic) -> SampleBatch?,
    deliver: ([TensorValue], Int) throws(Diagnostic) -> Void
  ) {
    var session: Session?
    while let (number, pulled) = sequence.next({ () throws(Diagnostic) in try pull(batch) }) {
      var result: Result<SampleBatch, Diagnostic>
      do throws(Diagnostic) {
        if session?.batch != pulled.count { session = try program.makeSession(batch: pulled.count) }
        result = .success(SampleBatch(inputs: try session!.run(pulled.inputs), count: pulled.count))
      } catch {
        result = .failure(error)
      }
      sequence.finish(number, result) { batch throws(Diagnostic) in try deliver(batch.inputs, batch.count) }
    }
  }
}

/// Numbers batches as they are pulled and lets their results out in that order.
private final class OrderedDelivery: @unchecked Sendable {
  // Unchecked: everything below is touched with `monitor` locked only.
  private let monitor = Monitor()
  private let capacity: Int
  private var pulledCount = 0
  private var deliveredCount = 0
  private var isAtEnd = false
  private var waiting: [Int: Result<SampleBatch, Diagnostic>] = [:]
  private(set) var failure: Diagnostic?

  init(capacity: Int) { self.capacity = capacity }

  /// The next batch and its number; nil at the end. Waits while too many results wait for an earlier one.
  func next(_ pull: () throws(Diagnostic) -> SampleBatch?) -> (Int, SampleBatch)? {
    monitor.lock()
    defer { monitor.unlock() }
    while pulledCount - deliveredCount >= capacity, failure == nil { monitor.wait() }
    guard !isAtEnd, failure == nil else { return nil }
    do throws(Diagnostic) {
      guard let batch = try pull() else {
        isAtEnd = true
        return nil
      }
      pulledCount += 1
      return (pulledCount - 1, batch)
    } catch {
      // Batches before this one are still under way and come first.
      isAtEnd = true
      settle(pulledCount, .failure(error)) { _ throws(Diagnostic) in }
      pulledCount += 1
      return nil
    }
  }

  func finish(
    _ number: Int, _ result: Result<SampleBatch, Diagnostic>,
    _ deliver: (SampleBatch) throws(Diagnostic) -> Void
  ) {
    monitor.lock()
    defer { monitor.unlock() }
    settle(number, result, deliver)
    monitor.broadcast()
  }

  private func settle(
    _ number: Int, _ result: Result<SampleBatch, Diagnostic>,
    _ deliver: (SampleBatch) throws(Diagnostic) -> Void
  ) {
    waiting[number] = result
    while failure == nil, let ready = waiting.removeValue(forKey: deliveredCount) {
      do throws(Diagnostic) {
        try deliver(ready.get())
        deliveredCount += 1
      } catch {
        failure = error
      }
    }
  }
}
