import Graph

/// Which tensors share memory, and until when each piece of memory is needed.
///
/// Tensors form groups that share a block: a reshaped tensor is its operand's bytes, a slice may lie inside its
/// operand, an element-wise result may overwrite an operand that nobody needs any more.
struct TensorPlacement {
  /// What a step allows.
  struct Step {
    var inputs: [TensorID?]
    var outputs: [TensorID?]
    var sharing: Sharing
  }

  enum Sharing: Sendable {
    case none
    /// Each output is a piece of input 0; the numbers are where it starts, in bytes.
    case pieces([Int])
    /// Each input is a piece of output 0 that starts at this byte.
    case assembled([Int])
    /// Output 0 may take the memory of one of these operands: each element is read just before it is written.
    case overwrites([Int])
    /// Output 0 may take the memory of this operand, if no other operand lies there.
    case overwritesAlone(Int)
  }

  /// Where each tensor starts in the activation buffer; nil for constants and tensors that no step touches.
  private(set) var offsets: [Int?]
  let byteCount: Int

  /// `byteCounts` has one element per tensor; `held` are tensors that keep their value to the end.
  init(steps: [Step], inputs: [TensorID], held: [TensorID], byteCounts: [Int]) {
    var groups = TensorGroups(count: byteCounts.count)
    let end = steps.count
    for id in inputs { groups.define(id.index, at: -1, byteCount: byteCounts[id.index]) }
    for (time, step) in steps.enumerated() {
      for case let id? in step.outputs { groups.define(id.index, at: time, byteCount: byteCounts[id.index]) }
      for case let id? in step.inputs { groups.touch(id.index, at: time) }
    }
    for id in held { groups.touch(id.index, at: end) }

    for step in steps { groups.joinPieces(of: step, byteCounts: byteCounts) }
    for (time, step) in steps.enumerated() {
      groups.reuseOperand(of: step, at: time, byteCounts: byteCounts)
    }

    let roots = byteCounts.indices.filter { groups.isDefined($0) && groups.find($0).root == $0 }
    let plan = MemoryPlan(roots.map { groups.block($0) })
    byteCount = plan.byteCount
    var blockOffset = [Int](repeating: 0, count: byteCounts.count)
    for (root, offset) in zip(roots, plan.offsets) { blockOffset[root] = offset }
    offsets = byteCounts.indices.map { index in
      guard groups.isDefined(index) else { return nil }
      let (root, delta) = groups.find(index)
      return blockOffset[root] + delta
    }
  }
}

/// Disjoint sets of tensors; each member knows how far from the set's start it lies.
private struct TensorGroups {
  private var parent: [Int]
  private var delta: [Int]
  private var first: [Int?]
  private var last: [Int]
  private var size: [Int]

  init(count: Int) {
    parent = Array(0..<count)
    delta = [Int](repeating: 0, count: count)
    first = [Int?](repeating: nil, count: count)
    last = [Int](repeating: -1, count: count)
    size = [Int](repeating: 0, count: count)
  }

  mutating func define(_ index: Int, at time: Int, byteCount: Int) {
    first[index] = time
    last[index] = max(last[index], time)
    size[index] = byteCount
  }

  mutating func touch(_ index: Int, at time: Int) { last[index] = max(last[index], time) }

  /// Constants are not: they live elsewhere.
  func isDefined(_ index: Int) -> Bool { first[index] != nil }

  mutating func find(_ index: Int) -> (root: Int, delta: Int) {
    var chain: [Int] = []
    var root = index
    while parent[root] != root {
      chain.append(root)
      root = parent[root]
    }
    var distance = 0
    for member in chain.reversed() {
      distance += delta[member]
      parent[member] = root
      delta[member] = distance
    }
    return (root, distance)
  }

  func block(_ root: Int) -> MemoryPlan.Block {
    let start = first[root] ?? -1
    return MemoryPlan.Block(byteCount: size[root], lifetime: start...max(start, last[root]))
  }

  /// Makes `member`'s group part of `host`'s, so that `member` starts `offset` bytes after `host`.
  private mutating func join(_ member: Int, into host: Int, offset: Int) {
    let (memberRoot, memberDelta) = find(member)
    let (hostRoot, hostDelta) = find(host)
    parent[memberRoot] = hostRoot
    delta[memberRoot] = hostDelta + offset - memberDelta
    first[hostRoot] = min(first[hostRoot] ?? 0, first[memberRoot] ?? 0)
    last[hostRoot] = max(last[hostRoot], last[memberRoot])
  }

  mutating func joinPieces(of step: TensorPlacement.Step, byteCounts: [Int]) {
    switch step.sharing {
    case .none, .overwrites, .overwritesAlone: return
    case .pieces(let starts):
      guard case let source?? = step.inputs.first, isDefined(source.index) else { return }
      for (output, start) in zip(step.outputs, starts) {
        if let output { join(output.index, into: source.index, offset: start) }
      }
    case .assembled(let starts):
      guard case let whole?? = step.outputs.first else { return }
      for (input, start) in zip(step.inputs, starts) {
        guard let input, isDefined(input.index), step.inputs.count(where: { $0 == input }) == 1 else {
          continue
        }
        // Only memory that starts with this tensor and ends with it can move into a larger piece.
        let (root, distance) = find(input.index)
        guard distance == 0, size[root] == byteCounts[input.index], root != find(whole.index).root else {
          continue
        }
        join(root, into: whole.index, offset: start)
      }
    }
  }

  mutating func reuseOperand(of step: TensorPlacement.Step, at time: Int, byteCounts: [Int]) {
    let candidates: [Int]
    let alone: Bool
    switch step.sharing {
    case .overwrites(let operands): (candidates, alone) = (operands, false)
    case .overwritesAlone(let operand): (candidates, alone) = ([operand], true)
    case .none, .pieces, .assembled: return
    }
    guard case let output?? = step.outputs.first else { return }
    let (outputRoot, outputDelta) = find(output.index)
    // A result that is already part of something larger has its place.
    guard outputDelta == 0, size[outputRoot] == byteCounts[output.index], first[outputRoot] == time else {
      return
    }
    for candidate in candidates {
      guard let input = step.inputs[candidate], isDefined(input.index) else { continue }
      guard byteCounts[input.index] == byteCounts[output.index] else { continue }
      let root = find(input.index).root
      guard root != outputRoot, last[root] == time,
        isOverwritable(candidate, alone: alone, in: step, byteCounts)
      else { continue }
      join(outputRoot, into: input.index, offset: 0)
      return
    }
  }

  /// Whether no other operand of the step reads these bytes, or reads them elsewhere than the result is written.
  private mutating func isOverwritable(
    _ candidate: Int, alone: Bool, in step: TensorPlacement.Step, _ byteCounts: [Int]
  ) -> Bool {
    guard let input = step.inputs[candidate] else { return false }
    let (root, start) = find(input.index)
    let range = start..<start + byteCounts[input.index]
    for (position, other) in step.inputs.enumerated() where position != candidate {
      guard let other, isDefined(other.index) else { continue }
      let (otherRoot, otherStart) = find(other.index)
      let otherRange = otherStart..<otherStart + byteCounts[other.index]
      if otherRoot == root, otherRange.overlaps(range), alone || otherRange != range { return false }
    }
    return true
  }
}
