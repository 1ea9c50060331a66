import Graph
import TensorMath

/// Shares samples out to threads, each of which takes the next few whenever it is done with some.
struct SampleShares {
  let count: Int
  let batch: Int
  let threads: Int
  /// Gets the number of samples that were handed out so far; never called by two threads at once.
  var progress: @Sendable (Int) -> Void = { _ in }

  /// What each thread made of its share. Of several failures the one with the earliest sample is thrown.
  func run<Share: Sendable>(
    _ work: (_ next: () -> Range<Int>?) throws(Diagnostic) -> Share
  ) throws(Diagnostic) -> [Share] {
    let parts = max(1, min(threads, (count + batch - 1) / batch))
    let board = Board<Share>(count: count, batch: batch, progress: progress)
    withoutActuallyEscaping(work) { work in
      // Every call has its own share; all have ended when parallelFor returns.
      nonisolated(unsafe) let work = work
      Workers(threads: parts).parallelFor(parts) { range in
        for _ in range {
          var last = 0
          let result: Result<Share, Diagnostic>
          do throws(Diagnostic) {
            result = .success(
              try work {
                let range = board.next()
                last = range?.lowerBound ?? last
                return range
              })
          } catch {
            result = .failure(error)
          }
          board.finish(result, at: last)
        }
      }
    }
    return try board.outcome()
  }

  private final class Board<Share: Sendable>: @unchecked Sendable {
    // Unchecked: everything below is touched with `monitor` locked only.
    private let monitor = Monitor()
    private let count: Int
    private let batch: Int
    private let progress: @Sendable (Int) -> Void
    private var position = 0
    private var shares: [Share] = []
    private var failure: (place: Int, reason: Diagnostic)?

    init(count: Int, batch: Int, progress: @escaping @Sendable (Int) -> Void) {
      self.count = count
      self.batch = batch
      self.progress = progress
    }

    func next() -> Range<Int>? {
      monitor.lock()
      defer { monitor.unlock() }
      progress(position)
      guard position < count, failure == nil else { return nil }
      let range = position..<min(count, position + batch)
      position = range.upperBound
      return range
    }

    func finish(_ result: Result<Share, Diagnostic>, at place: Int) {
      monitor.lock()
      defer { monitor.unlock() }
      switch result {
      case .success(let share): shares.append(share)
      case .failure(let reason):
        if failure.map({ place < $0.place }) ?? true { failure = (place, reason) }
      }
    }

    func outcome() throws(Diagnostic) -> [Share] {
      if let failure { throw failure.reason }
      return shares
    }
  }
}
