/// Finds an order of the operators in which less memory is alive at the peak.
///
/// Between operators that every other one must run before or after, stretches are independent. In each the sets of
/// operators that can have run are searched, the lowest peak first: exact while `stateLimit` sets suffice, and the
/// `beamWidth` most promising sets of each size beyond that.
struct OrderSearch {
  let dependencies: OperatorDependencies
  var stateLimit = 20_000
  var beamWidth = 48

  /// The best order found; the given one where none is better.
  func order() -> [Int] {
    let given = Array(0..<dependencies.count)
    var result: [Int] = []
    var memory = MemoryInUse(dependencies)
    for stretch in stretches() {
      // A stretch alone keeps its order.
      let best = stretch.count == 1 ? stretch : order(of: stretch, from: memory)
      for index in best { _ = memory.run(index, dependencies) }
      result += best
    }
    return dependencies.peak(of: result) < dependencies.peak(of: given) ? result : given
  }

  /// The operators in their order, cut where all that has run is all that could have.
  private func stretches() -> [[Int]] {
    let ancestors = counts(over: Array(0..<dependencies.count), dependencies.predecessors)
    let descendants = counts(over: (0..<dependencies.count).reversed(), dependencies.successors)
    var result: [[Int]] = []
    var current: [Int] = []
    for index in 0..<dependencies.count {
      if ancestors[index] + descendants[index] + 1 == dependencies.count {
        if !current.isEmpty { result.append(current) }
        result.append([index])
        current = []
      } else {
        current.append(index)
      }
    }
    return current.isEmpty ? result : result + [current]
  }

  /// How many operators each reaches along `next`.
  private func counts(over order: [Int], _ next: [[Int]]) -> [Int] {
    var reached = [OperatorSet](
      repeating: OperatorSet(capacity: dependencies.count), count: dependencies.count)
    for index in order {
      for other in next[index] {
        reached[index].formUnion(reached[other])
        reached[index].insert(other)
      }
    }
    return reached.map(\.count)
  }

  // MARK: One stretch

  private struct State {
    var done: OperatorSet
    var peak: Int
    var memory: MemoryInUse
    var order: [Int]
  }

  private func order(of stretch: [Int], from memory: MemoryInUse) -> [Int] {
    let start = State(
      done: OperatorSet(capacity: stretch.count), peak: memory.byteCount, memory: memory, order: [])
    let given = stretch.reduce(into: start) { $0 = advanced($0, by: $1, position: 0) }
    // Nothing is to be won where the hungriest operator alone makes the peak.
    if given.peak <= bound(of: stretch, from: memory) { return stretch }
    let found = exact(stretch, from: start) ?? beam(stretch, from: start)
    return found.peak < given.peak ? found.order : stretch
  }

  private func bound(of stretch: [Int], from memory: MemoryInUse) -> Int {
    let alone = stretch.map { index in
      let buffers = Set(dependencies.uses[index] + dependencies.makes[index])
      return buffers.reduce(dependencies.scratch[index]) { $0 + dependencies.byteCounts[$1] }
    }
    return max(memory.byteCount, alone.max() ?? 0)
  }

  private func advanced(_ state: State, by index: Int, position: Int) -> State {
    var next = state
    next.peak = max(state.peak, next.memory.run(index, dependencies))
    next.done.insert(position)
    next.order.append(index)
    return next
  }

  private func successors(of state: State, in stretch: [Int], _ places: [Int: Int]) -> [State] {
    stretch.indices.compactMap { position in
      guard !state.done.contains(position) else { return nil }
      let isReady = dependencies.predecessors[stretch[position]].allSatisfy { before in
        places[before].map(state.done.contains) ?? true
      }
      return isReady ? advanced(state, by: stretch[position], position: position) : nil
    }
  }

  private func places(in stretch: [Int]) -> [Int: Int] {
    Dictionary(uniqueKeysWithValues: stretch.enumerated().map { ($1, $0) })
  }

  /// The lowest peak of all orders; nil when there are too many sets to look at.
  private func exact(_ stretch: [Int], from start: State) -> State? {
    let places = places(in: stretch)
    var open = StateHeap<State> {
      ($0.peak, -$0.order.count, $0.memory.byteCount) < ($1.peak, -$1.order.count, $1.memory.byteCount)
    }
    var best: [OperatorSet: Int] = [start.done: start.peak]
    // A set remembers the uses of every tensor: large networks get fewer of them.
    let limit = min(stateLimit, 4_000_000 / max(1, dependencies.byteCounts.count))
    open.push(start)
    while let state = open.pop() {
      if state.order.count == stretch.count { return state }
      guard best[state.done] == state.peak else { continue }
      for next in successors(of: state, in: stretch, places) {
        if let known = best[next.done], known <= next.peak { continue }
        best[next.done] = next.peak
        open.push(next)
      }
      if best.count > limit { return nil }
    }
    return nil
  }

  /// A good order: of each number of operators the most promising sets are kept.
  private func beam(_ stretch: [Int], from start: State) -> State {
    let places = places(in: stretch)
    var states = [start]
    for _ in stretch {
      var best: [OperatorSet: Int] = [:]
      var next: [State] = []
      for state in states {
        for candidate in successors(of: state, in: stretch, places) {
          if let place = best[candidate.done] {
            if candidate.peak < next[place].peak { next[place] = candidate }
          } else {
            best[candidate.done] = next.count
            next.append(candidate)
          }
        }
      }
      // Sorting is stable by the place in the list, so equal sets of numbers give the same order everywhere.
      let ranked = next.indices.sorted {
        (next[$0].peak, next[$0].memory.byteCount, $0) < (next[$1].peak, next[$1].memory.byteCount, $1)
      }
      states = ranked.prefix(beamWidth).map { next[$0] }
    }
    return states[0]
  }
}

/// A set of operators by their positions.
struct OperatorSet: Hashable, Sendable {
  private var words: [UInt64]

  init(capacity: Int) { words = Array(repeating: 0, count: (capacity + 63) / 64) }

  mutating func insert(_ position: Int) { words[position >> 6] |= 1 << UInt64(position & 63) }
  func contains(_ position: Int) -> Bool { words[position >> 6] >> UInt64(position & 63) & 1 == 1 }
  mutating func formUnion(_ other: OperatorSet) {
    for index in words.indices { words[index] |= other.words[index] }
  }
  var count: Int { words.reduce(0) { $0 + $1.nonzeroBitCount } }
}

/// A queue that gives out its least element first; of equal ones the one that came first.
struct StateHeap<Element> {
  private var elements: [(order: Int, element: Element)] = []
  private var pushed = 0
  private let isLess: (Element, Element) -> Bool

  init(_ isLess: @escaping (Element, Element) -> Bool) { self.isLess = isLess }

  private func precedes(_ left: Int, _ right: Int) -> Bool {
    if isLess(elements[left].element, elements[right].element) { return true }
    if isLess(elements[right].element, elements[left].element) { return false }
    return elements[left].order < elements[right].order
  }

  mutating func push(_ element: Element) {
    elements.append((pushed, element))
    pushed += 1
    var child = elements.count - 1
    while child > 0, precedes(child, (child - 1) / 2) {
      elements.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func pop() -> Element? {
    guard !elements.isEmpty else { return nil }
    elements.swapAt(0, elements.count - 1)
    let result = elements.removeLast().element
    var parent = 0
    while true {
      let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < elements.count }
      guard let least = children.min(by: precedes), precedes(least, parent) else { return result }
      elements.swapAt(parent, least)
      parent = least
    }
  }
}
