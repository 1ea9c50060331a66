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
  private let team: Team?

  public init(threads: Int, kernels: KernelSet = .current) {
    self.init(threads: threads, kernels: kernels, team: nil)
  }

  private init(threads: Int, kernels: KernelSet, team: Team?) {
    self.threads = max(1, threads)
    self.kernels = kernels
    self.team = team
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
    // One range for each thread: what a core has made it finds in its cache in the next loop, which is worth more than
    // evening out a thread that is held up.
    let ranges = min(parts, threads)
    if let team {
      team.run(ranges) { index, thread in
        body(count * index / ranges..<count * (index + 1) / ranges, thread)
      }
      return
    }
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

  /// Runs `body` with workers that stay awake between its parallel loops: for many short loops in a row, such as the
  /// layers of a model, where waking a thread for each would take longer than its work.
  ///
  ///     workers.together { workers in for layer in layers { layer.run(workers) } }
  public func together<Value, Failure: Error>(
    _ body: (Workers) throws(Failure) -> Value
  ) throws(Failure) -> Value {
    guard threads > 1, team == nil, !thread_is_inside_loop() else { return try body(self) }
    let team = Team()
    let workers = Workers(threads: threads, kernels: kernels, team: team)
    var outcome: Result<Value, Failure>?
    withoutActuallyEscaping(body) { body in
      withUnsafeMutablePointer(to: &outcome) { outcome in
        // The leader alone touches these; it has ended when concurrentPerform returns.
        nonisolated(unsafe) let body = body
        nonisolated(unsafe) let outcome = outcome
        DispatchQueue.concurrentPerform(iterations: threads) { thread in
          guard thread == 0 else { return team.help(thread) }
          do throws(Failure) {
            outcome.pointee = .success(try body(workers))
          } catch {
            outcome.pointee = .failure(error)
          }
          team.end()
        }
      }
    }
    return try outcome!.get()
  }
}

/// Threads that wait awake for the next loop.
private final class Team: @unchecked Sendable {
  // Unchecked: all of its state is atomic.
  private let state = team_create()

  deinit { team_destroy(state) }

  func run(_ ranges: Int, _ work: (_ range: Int, _ thread: Int) -> Void) {
    withoutActuallyEscaping(work) { work in
      var work = work
      withUnsafeMutablePointer(to: &work) { work in
        team_run(
          state, ranges,
          { context, range, thread in
            context.assumingMemoryBound(to: ((Int, Int) -> Void).self).pointee(range, thread)
          }, work)
      }
    }
  }

  func help(_ thread: Int) { team_help(state, thread) }
  func end() { team_end(state) }
}
