import Graph
import Storage
import TensorMath

/// What is done once for a step's constant operands, whatever the batch: weights in the order that kernels read.
enum Preparation: Sendable {
  case none
  case matrix(PackedMatrix, bias: View<Float>?)
  case convolution(PackedConvolution)
  case transposedConvolution(PackedTransposedConvolution)
  case recurrent([Recurrence])

  /// Whether the operand lives on in packed form only.
  func consumes(_ operand: Int) -> Bool {
    switch self {
    case .none: false
    case .matrix: operand == 1 || operand == 2
    case .convolution, .transposedConvolution: operand == 1 || operand == 2
    case .recurrent: [1, 2, 3, 7].contains(operand)
    }
  }
}

extension ProgramStep {
  /// Packs the constant weights.
  mutating func prepare(in graph: Graph) throws(Diagnostic) {
    func constant(_ index: Int) -> TensorValue? {
      guard index < inputs.count, let id = inputs[index] else { return nil }
      return graph[id].constant?.realized()
    }
    /// Whether all of these operands are absent or known.
    func areKnown(_ indices: [Int]) -> Bool {
      indices.allSatisfy { $0 >= inputs.count || inputs[$0] == nil || graph[inputs[$0]!].constant != nil }
    }
    guard let data = inputs.first ?? nil, graph[data].element == .float32 else { return }
    switch operation {
    case .dense:
      guard areKnown([1, 2]), let weights = constant(1) else { return }
      let matrix = PackedMatrix(
        weights.floats, inner: weights.sizes[1], columns: weights.sizes[0], transposed: true)
      preparation = .matrix(matrix, bias: constant(2)?.floats)
    case .matmul(let transposesLeft, let transposesRight):
      guard !transposesLeft || graph[data].shape.rank == 1, let right = constant(1), right.sizes.count == 2
      else { return }
      let (inner, columns) =
        transposesRight ? (right.sizes[1], right.sizes[0]) : (right.sizes[0], right.sizes[1])
      preparation = .matrix(
        PackedMatrix(right.floats, inner: inner, columns: columns, transposed: transposesRight), bias: nil)
    case .convolution(let convolution):
      guard areKnown([1, 2]), let filter = constant(1), convolution.window.spatialRank <= 3 else { return }
      let geometry = convolution.geometry(data: graph[data].shape.perSample, filter: filter.sizes)
      preparation = .convolution(
        PackedConvolution(geometry, filter: filter.floats, bias: constant(2)?.floats, clamp: clampRange))
    case .transposedConvolution(let convolution):
      guard areKnown([1, 2]), let filter = constant(1), convolution.window.spatialRank <= 3 else { return }
      preparation = .transposedConvolution(
        convolution.packed(
          data: graph[data].shape.perSample, filter: filter, bias: constant(2)?.floats, clamp: clampRange))
    case .recurrent(let recurrent):
      guard areKnown([1, 2, 3, 7]), let weights = constant(1), let recurrence = constant(2) else { return }
      let cells = recurrent.packed(
        weights: weights, recurrence: recurrence, bias: constant(3), peepholes: constant(7))
      if let cells { preparation = .recurrent(cells) }
    default: return
    }
  }

  /// The fused clamp; everything passes where there is none. With bounds that cross, the upper one wins.
  var clampRange: ClosedRange<Float> {
    let low = clamp.flatMap { $0.minimum.isNaN ? nil : $0.minimum } ?? -Float.infinity
    let high = clamp.flatMap { $0.maximum.isNaN ? nil : $0.maximum } ?? Float.infinity
    return min(low, high)...high
  }

  /// Memory that the step's kernel needs while it runs.
  func scratchByteCount(batch: Int, threads: Int, sizes: [[Int]]) -> Int {
    switch preparation {
    case .convolution(let packed): return packed.scratchByteCount(batch: batch, threads: threads)
    case .transposedConvolution(let packed): return packed.scratchByteCount(batch: batch, threads: threads)
    case .matrix, .recurrent: return 0
    case .none: break
    }
    guard case .matmul(let transposesLeft, let transposesRight) = operation, let left = inputs[0],
      let right = inputs[1]
    else { return 0 }
    let plan = ProductPlan(
      left: sizes[left.index], right: sizes[right.index], transposesLeft: transposesLeft,
      transposesRight: transposesRight)
    return plan.product.scratchByteCount(threads: threads)
  }
}
