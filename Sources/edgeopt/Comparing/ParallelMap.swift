import Graph
import TensorMath

extension Workers {
  /// `body` for each index on all threads, results in order; the first failure in that order is thrown.
  func map<Value: Sendable>(
    _ range: Range<Int>, _ body: (Int) throws(Diagnostic) -> Value
  ) throws(Diagnostic) -> [Value] {
    let results = Slots<Value>(count: range.count)
    parallelFor(range.count) { part in
      for index in part {
        do throws(Diagnostic) {
          results.set(.success(try body(range.lowerBound + index)), at: index)
        } catch {
          results.set(.failure(error), at: index)
        }
      }
    }
    return try results.all()
  }
}

/// A place for each result of parallel work.
private final class Slots<Value: Sendable>: @unchecked Sendable {
  // Unchecked: `values` is touched with `monitor` locked only.
  private let monitor = Monitor()
  private var values: [Result<Value, Diagnostic>?]

  init(count: Int) { values = Array(repeating: nil, count: count) }

  func set(_ value: Result<Value, Diagnostic>, at index: Int) {
    monitor.lock()
    defer { monitor.unlock() }
    values[index] = value
  }

  func all() throws(Diagnostic) -> [Value] {
    var results: [Value] = []
    for case let value? in values { results.append(try value.get()) }
    return results
  }
}
