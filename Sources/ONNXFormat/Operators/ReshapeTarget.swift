import Graph

/// Works out what a Reshape makes, with the batch in the right place.
///
/// A file exported for one batch size writes that size into its targets. Where the data have an open batch and the
/// target has not, the target's axis that stands where the batch was takes it over.
struct ReshapeTarget {
  let data: Shape
  /// A zero means "no elements", else "as the data".
  let keepsZeros: Bool
  /// The file declares a batch of 1 that was made symbolic.
  let batchIsAssumed: Bool

  func shape(_ target: [Scalar], _ node: Node) throws(Diagnostic) -> Shape {
    guard target.count <= ImportLimits.rank else {
      throw node.unsupported("has a target of rank \(target.count); the most is \(ImportLimits.rank)")
    }
    var extents: [Extent] = []
    var open: Int?
    for (axis, scalar) in target.enumerated() {
      switch scalar.extent {
      case .fixed(-1)?:
        guard open == nil else { throw node.problem("leaves two extents of its target open") }
        open = axis
        extents.append(1)
      case .fixed(0)? where !keepsZeros:
        guard axis < data.rank else {
          throw node.problem("copies extent \(axis) of \(data), which does not exist")
        }
        extents.append(data[axis])
      case let extent? where extent.perSample >= 0: extents.append(extent)
      default:
        throw node.unsupported(
          "has a target size that mixes the batch with a number", hint: Importing.fixBatchHint)
      }
    }
    if let open { extents[open] = try openExtent(extents, open, node) }
    if extents.contains(where: \.isBatch) || !data.hasBatch { return Shape(extents) }
    return placingBatch(extents) ?? Shape(extents)
  }

  /// What −1 stands for. `extents[open]` is 1 for now.
  private func openExtent(_ extents: [Extent], _ open: Int, _ node: Node) throws(Diagnostic) -> Extent {
    let total = data.elementCountPerSample
    let known = Shape.elementCount(extents.map(\.perSample))
    guard known > 0, total < Int.max, total % known == 0 else {
      if total == 0 && known > 0 { return 0 }
      throw node.problem(
        "reshapes \(data) to \(Shape(extents)) with axis \(open) open, which does not divide")
    }
    let batches = data.extents.filter(\.isBatch).count - extents.filter(\.isBatch).count
    guard batches >= 0, batches <= 1 else {
      throw node.unsupported("reshapes \(data) to \(Shape(extents))", hint: Importing.fixBatchHint)
    }
    if batches == 0 || total == 0 { return .fixed(total / known) }
    // With an assumed batch, an explicit 1 is more likely its place than −1.
    let later = extents.enumerated().map { $0.offset == open ? .fixed(total / known) : $0.element }
    if batchIsAssumed, placingBatch(later) != nil { return .fixed(total / known) }
    return .batch(total / known)
  }

  /// The target with the batch at the axis that begins where the data's batch axis begins.
  private func placingBatch(_ extents: [Extent]) -> Shape? {
    guard let axis = data.batchAxis, let factor = Optional(data[axis].perSample),
      data.extents.filter(\.isBatch).count == 1,
      Shape.elementCount(extents.map(\.perSample)) == data.elementCountPerSample,
      data.elementCountPerSample > 0
    else { return nil }
    let before = Shape.elementCount(data.extents[..<axis].map(\.perSample))
    var product = 1
    for (index, extent) in extents.enumerated() {
      if product == before, extent.perSample % factor == 0 {
        var result = extents
        result[index] = .batch(extent.perSample)
        return Shape(result)
      }
      product *= extent.perSample
    }
    return nil
  }
}
