import CKernels
import Dispatch

/// How work is spread: the number of threads, and the kernels that they run.
///
/// Results never depend on either: threads share out independent outputs, never a sum.
///
///     Workers(threads: 2).parallelFor(rows, grain: 8) { rows in … }
public struct Workers: Sendable {
  public let threads: Int
  public let kernels: KernelSet

  public init(threads: Int, kernels: KernelSet = .current) {
    self.threads = max(1, threads)
    self.kernels = kernels
  }

  /// The same kernels on the calling thread alone, for work that is already spread over samples.
  public var single: Workers { Workers(threads: 1, kernels: kernels) }

  /// Calls `body` with ranges that together cover `0..<count`, on up to `threads` threads.
  ///
  /// `grain` is the least number of items that is worth a call. With one thread, or too few items, or inside
  /// another `parallelFor`, everything runs on the caller's thread.
  public func parallelFor(_ count: Int, grain: Int = 1, _ body: (Range<Int>) -> Void) {
    parallelFor(count, grain: grain) { range, _ in body(range) }
  }

  /// As ``parallelFor(_:grain:_:)``; `body` also gets the number of its thread, below ``threads``, to find its
  /// scratch by.
  public func parallelFor(_ count: Int, grain: Int, _ body: (Range<Int>, _ thread: Int) -> Void) {
    guard count > 0 else { return }
    let parts = count / max(1, grain)
    guard threads > 1, parts > 1, !thread_is_inside_loop() else { return body(0..<count, 0) }
    // A few ranges for each thread, so that one that is held up does not hold up all.
    let ranges = min(parts, threads * Workers.rangesPerThread)
    let counter = UnsafeMutablePointer<Int>.allocate(capacity: 1)
    counter.initialize(to: 0)
    defer { counter.deallocate() }
    withoutActuallyEscaping(body) { body in
      // Each call touches the outputs of its own range; all have ended when concurrentPerform returns.
      nonisolated(unsafe) let body = body
      nonisolated(unsafe) let counter = counter
      DispatchQueue.concurrentPerform(iterations: min(threads, ranges)) { thread in
        thread_set_inside_loop(true)
        defer { thread_set_inside_loop(false) }
        while true {
          let index = counter_next(counter)
          guard index < ranges else { return }
          body(count * index / ranges..<count * (index + 1) / ranges, thread)
        }
      }
    }
  }

  private static let rangesPerThread = 4
}
