import Graph
import TensorMath

/// Shares ranges of samples out to threads, each of which takes the next one whenever it is done with one.
struct SampleShares {
  let ranges: [Range<Int>]
  let threads: Int
  /// Gets the number of samples that were handed out so far; never called by two threads at once.
  var progress: @Sendable (Int) -> Void = { _ in }

  /// What each thread made of its share. Of several failures the one with the earliest samples is thrown.
  ///
  /// `next` gives the place of a range in ``ranges``, and nil when there are no more.
  func run<Share: Sendable>(
    _ work: (_ next: () -> Int?) throws(Diagnostic) -> Share
  ) throws(Diagnostic) -> [Share] {
    let parts = max(1, min(threads, ranges.count))
    let board = Board<Share>(sizes: ranges.map(\.count), progress: progress)
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
                let place = board.next()
                last = place ?? last
                return place
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
    private let sizes: [Int]
    private let progress: @Sendable (Int) -> Void
    private var position = 0
    private var samples = 0
    private var shares: [Share] = []
    private var failure: (place: Int, reason: Diagnostic)?

    init(sizes: [Int], progress: @escaping @Sendable (Int) -> Void) {
      self.sizes = sizes
      self.progress = progress
    }

    func next() -> Int? {
      monitor.lock()
      defer { monitor.unlock() }
      progress(samples)
      guard position < sizes.count, failure == nil else { return nil }
      samples += sizes[position]
      position += 1
      return position - 1
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

/// Which samples show the ranges, and which judge them.
struct SampleSplit {
  /// Samples that candidates for ranges are made from.
  var shown: [Range<Int>] = []
  /// Samples that were held back: they judge the candidates.
  var held: [Range<Int>] = []
  /// Whether the samples that judge are none of those that are shown.
  private var isDisjoint = false

  /// Every sample once, in order.
  var all: [(samples: Range<Int>, isShown: Bool)] {
    let judges = isDisjoint ? held.map { (samples: $0, isShown: false) } : []
    return (shown.map { (samples: $0, isShown: true) } + judges).sorted {
      $0.samples.lowerBound < $1.samples.lowerBound
    }
  }

  /// Samples that are held back, unless there are too few to spare that many.
  static let heldCount = 32
  /// They are held back in small groups from all over the set, which may be sorted.
  static let groupCount = 2

  /// Ranges of up to `batch` samples. Fewer than 8 samples both show and judge.
  init(count: Int, batch: Int, holdsBack: Bool) {
    func ranges(_ whole: Range<Int>, _ size: Int) -> [Range<Int>] {
      stride(from: whole.lowerBound, to: whole.upperBound, by: size).map {
        $0..<min(whole.upperBound, $0 + size)
      }
    }
    guard holdsBack, count >= 8 else {
      shown = ranges(0..<count, batch)
      held = holdsBack ? ranges(0..<count, min(batch, Self.groupCount)) : []
      return
    }
    isDisjoint = true
    let size = min(batch, Self.groupCount, max(1, count / 8))
    let groups = max(1, min(Self.heldCount, count / 4) / size)
    var start = 0
    for group in 0..<groups {
      // In the middle of each of as many equal parts.
      let middle = (2 * group + 1) * count / (2 * groups)
      let range = max(start, middle - size / 2)..<min(count, max(start, middle - size / 2) + size)
      shown += ranges(start..<range.lowerBound, batch)
      held.append(range)
      start = range.upperBound
    }
    shown += ranges(start..<count, batch)
  }
}
