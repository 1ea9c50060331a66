/// What an operator's kernel asks the arena for while it prepares, in order.
struct PreparationRequests: Sendable {
  /// Kept until the interpreter goes, at the tail.
  var kept: [Int] = []
  /// Alive while the operator runs, at the head.
  var scratch: [Int] = []
  /// A part of the operator's needs is not known.
  var isKnown = true
}

/// An operator with the tensors that it names.
struct OperatorInPlace {
  var node: MicroOperator
  var subgraph: MicroSubgraph
  /// Whether the file leaves an extent of its result open.
  var hasOpenResult = false

  /// nil where an optional operand is absent.
  func input(_ index: Int) -> MicroTensor? {
    guard index < node.inputs.count, let tensor = node.inputs[index] else { return nil }
    return subgraph.tensors[tensor]
  }
  var output: MicroTensor? { node.outputs.first.map { subgraph.tensors[$0] } }

  /// Weights that are stored as indices into a table come into scratch memory.
  private func decompressed(_ inputs: Int..., on platform: ArenaPlatform) -> [Int] {
    guard platform.hasCompression else { return [] }
    return inputs.compactMap { index in
      guard let tensor = input(index), tensor.compression != nil else { return nil }
      return tensor.byteCount
    }
  }

  func requests(on platform: ArenaPlatform) -> PreparationRequests {
    var result = PreparationRequests()
    switch node.code {
    case .conv2D, .depthwiseConv2D:
      let channels = input(1)?.shape.extent(node.code == .conv2D ? 0 : 3) ?? 0
      result.kept = [4 * channels, 4 * channels]
      result.scratch = unpackedWeights + decompressed(1, 2, on: platform)
    case .transposeConv:
      let channels = input(1)?.shape.extent(0) ?? 0
      result.kept = [4 * channels, 4 * channels]
      result.scratch = transposedConvolutionScratch + decompressed(1, 3, on: platform)
    case .fullyConnected:
      let scales = input(1)?.quantization?.scales.count ?? 0
      if input(1)?.type != .float32, scales > 1 { result.kept = [4 * scales, 4 * scales] }
      result.scratch = unpackedWeights + decompressed(1, 2, on: platform)
    case .concatenation:
      result.scratch = node.inputs.indices.flatMap { decompressed($0, on: platform) }
    case .softmax where input(0)?.type == .int16: result.kept = [1026, 1026]
    case .logSoftmax where isInt8: result.kept = [platform.isWide ? 40 : 28]
    case .cumsum where isInt8: result.kept = [36]
    case .mean, .sum:
      if isInt8 || input(0)?.type == .int16 { result.scratch = [4 * (output?.elementCount ?? 0)] }
      result.scratch += reductionScratch
    case .reduceMax, .reduceMin, .reduceAll: result.scratch = reductionScratch
    case .mirrorPad:
      let rank = input(0)?.shape.count ?? 0
      result.scratch = [4 * rank, 4 * rank]
    case .unidirectionalSequenceLstm:
      result.scratch = Array(repeating: input(19)?.byteCount ?? 0, count: 4)
    case .svdf:
      let batch = input(0)?.shape.extent(0) ?? 0
      result.scratch = [4 * batch * (input(1)?.shape.extent(0) ?? 0)]
      if isInt8 { result.scratch.append(4 * batch * (output?.shape.extent(1) ?? 0)) }
    case .batchMatmul: result.kept = matrixProductBuffers(on: platform)
    case .gather, .gatherND, .spaceToDepth, .depthToSpace, .l2Pool2D: result.kept = outputExtents
    case .reshape where hasOpenResult: result.kept = outputExtents
    case .embeddingLookup: result.kept = outputExtents + [8]
    case .addN:
      result.scratch = [platform.sizes.pointer * node.inputs.count]
      if isInt8 { result.kept = [40] }
    case .custom: result = customRequests(on: platform)
    default: break
    }
    return result
  }

  private var isInt8: Bool { input(0)?.type == .int8 }

  /// The array of extents that some kernels write anew: a count, then the extents.
  private var outputExtents: [Int] { output.map { [Self.extents($0)] } ?? [] }

  private static func extents(_ tensor: MicroTensor) -> Int { 4 + 4 * tensor.shape.count }

  /// 4-bit weights are unpacked anew at every invocation.
  private var unpackedWeights: [Int] {
    guard let weights = input(1), weights.type == .int4 else { return [] }
    return [weights.elementCount]
  }

  private var reductionScratch: [Int] {
    [4 * (input(0)?.shape.count ?? 0), 4 * (input(1)?.elementCount ?? 0)]
  }

  private var transposedConvolutionScratch: [Int] {
    let elements = output?.elementCount ?? 0
    switch input(2)?.type {
    case .int8: return [4 * elements]
    case .int16:
      let bias = input(3).flatMap { $0.type == .int16 ? 8 * $0.elementCount : nil }
      return [8 * elements] + (bias.map { [$0] } ?? [])
    default: return []
    }
  }

  /// A product keeps a transposed copy of each operand that is stored the other way round.
  private func matrixProductBuffers(on platform: ArenaPlatform) -> [Int] {
    guard let left = input(0), let right = input(1) else { return [] }
    var (adjointX, adjointY) = (false, false)
    if case .batchMatMul(let x, let y, _) = node.options { (adjointX, adjointY) = (x, y) }
    var result = isInt8 || left.type == .int16 ? [28] : []
    for (operand, isTransposed) in [(left, adjointX), (right, !adjointY)] where isTransposed {
      result += [platform.sizes.evalTensor, Self.extents(operand), operand.byteCount ?? 0]
    }
    return result + outputExtents
  }

  private func customRequests(on platform: ArenaPlatform) -> PreparationRequests {
    var result = PreparationRequests()
    guard node.customName == "TFLM_DECODE" else {
      result.isKnown = false
      return result
    }
    result.kept = [platform.sizes.pointer * node.outputs.count]
    for index in node.outputs.indices {
      // Inputs are pairs: what is encoded, and how.
      guard let kind = input(2 * index + 1)?.data.flatMap({ $0.count > 0 ? Int($0[0]) : nil }),
        kind < platform.sizes.decoders.count
      else {
        result.isKnown = false
        continue
      }
      result.kept.append(platform.sizes.decoders[kind])
    }
    return result
  }
}

extension [Int] {
  /// An extent, or 0 beyond the rank.
  fileprivate func extent(_ axis: Int) -> Int { axis < count ? self[axis] : 0 }
}
