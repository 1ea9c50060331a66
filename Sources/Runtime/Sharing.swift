import Graph

extension ProgramStep {
  /// How this step's results may share memory with its operands, at these sizes.
  func sharing(graph: Graph, sizes: [[Int]]) -> TensorPlacement.Sharing {
    guard let result = outputs.first ?? nil, let operand = inputs.first ?? nil else { return .none }
    let element = graph[result].element
    let (from, to) = (sizes[operand.index], sizes[result.index])
    func overwriting(_ positions: [Int]) -> TensorPlacement.Sharing {
      let usable = positions.filter { position in
        guard position < inputs.count, let input = inputs[position] else { return false }
        return graph[input].element.byteCount == element.byteCount
          && Shape.elementCount(sizes[input.index]) == Shape.elementCount(to)
      }
      return usable.isEmpty ? .none : .overwrites(usable)
    }
    let whole = TensorPlacement.Sharing.pieces([0])

    switch operation {
    case .reshape: return whole
    case .transpose(let permutation): return permutation.keepsOrder(of: from) ? whole : .none
    case .broadcast, .tile: return from == to ? whole : .none
    case .cast: return graph[operand].element == element ? whole : .none
    case .pad where from == to: return whole
    case .slice(let slice):
      guard let start = slice.contiguousStart(in: from, counts: to) else { return .none }
      return .pieces([start * element.byteCount])
    case .split(let axis, _):
      guard from[..<axis].allSatisfy({ $0 == 1 }) else { return .none }
      return .pieces(starts(of: outputs, sizes: sizes, width: element.byteCount))
    case .concat(let axis):
      guard to[..<axis].allSatisfy({ $0 == 1 }) else { return .none }
      return .assembled(starts(of: inputs, sizes: sizes, width: element.byteCount))
    case .unary, .softmax: return overwriting([0])
    case .binary: return overwriting([0, 1])
    case .select: return overwriting([1, 2])
    case .scatterElements, .scatterND: return overwriting([0])
    case .composite(let composite):
      switch composite {
      case .layerNormalization, .rmsNormalization, .groupNormalization: return overwriting([0])
      case .localResponseNormalization, .depthToSpace, .spaceToDepth: return .none
      }
    case .convolution, .dense:
      // The residual is read where it is written, but the data is read around it.
      guard addsLastInput, case .overwrites = overwriting([inputs.count - 1]) else { return .none }
      return .overwritesAlone(inputs.count - 1)
    default: return .none
    }
  }

  /// Where parts that follow each other start, in bytes.
  private func starts(of parts: [TensorID?], sizes: [[Int]], width: Int) -> [Int] {
    var start = 0
    return parts.map { part in
      defer { start += part.map { Shape.elementCount(sizes[$0.index]) * width } ?? 0 }
      return start
    }
  }
}

extension [Int] {
  /// Whether this permutation of axes with `sizes` leaves all elements where they are.
  func keepsOrder(of sizes: [Int]) -> Bool {
    if sizes.contains(0) { return true }
    let moved = filter { sizes[$0] != 1 }
    return moved == moved.sorted()
  }
}

extension Slice {
  /// The first element of the result when its elements follow each other in the operand; nil otherwise.
  func contiguousStart(in sizes: [Int], counts: [Int]) -> Int? {
    if counts.contains(0) { return 0 }
    let strides = Shape.strides(sizes)
    guard let cut = sizes.indices.last(where: { counts[$0] != sizes[$0] || steps[$0] != 1 }) else { return 0 }
    guard steps[cut] == 1 || counts[cut] == 1, counts[..<cut].allSatisfy({ $0 == 1 }) else { return nil }
    return zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 }
  }
}
