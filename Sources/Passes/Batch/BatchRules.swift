import Graph

/// How each family of operators treats the axis that carries the samples.
extension BatchStep {
  private func rank(_ index: Int) -> Int { shapes[index]?.rank ?? 0 }

  /// The place of the only operand that may have one.
  private func placeOfFirst() throws(BatchRefusal) -> BatchPlace {
    guard let place = places[0], places.dropFirst().allSatisfy({ $0 == nil }) else {
      throw refusal("takes weights, indices or limits that differ between samples")
    }
    return place
  }

  private func refuse(_ axes: some Sequence<Int>, _ place: BatchPlace) throws(BatchRefusal) {
    if axes.contains(place.axis) { throw refusal("works across the samples") }
  }

  /// All operands that have samples have them at the same place once they are broadcast to `rank` axes.
  private func agreed(_ indices: some Sequence<Int>, rank: Int) throws(BatchRefusal) -> BatchPlace? {
    var agreed: BatchPlace?
    for index in indices {
      guard let place = places[index] else { continue }
      let aligned = place.at(place.axis + rank - self.rank(index))
      guard agreed == nil || agreed == aligned else { throw refusal("pairs samples with each other") }
      agreed = aligned
    }
    return agreed
  }

  func elementwise() throws(BatchRefusal) -> BatchPlace? {
    try agreed(shapes.indices, rank: results[0]?.rank ?? 0)
  }

  func movement() throws(BatchRefusal) -> BatchPlace? {
    if case .concat(let axis) = operation { return try joined(along: axis) }
    let place = try placeOfFirst()
    let shape = shapes[0]!
    switch operation {
    case .reshape(let target): return try reshaped(place, shape, target)
    case .transpose(let permutation): return place.at(permutation.firstIndex(of: place.axis)!)
    case .tile(let repeats):
      return BatchPlace(axis: place.axis, outer: place.outer * repeats[place.axis], inner: place.inner)
    case .split(let axis, let parts):
      if axis == place.axis && parts.count > 1 { throw refusal("splits the batch") }
      return place
    case .slice(let slice):
      guard slice.counts[place.axis] == shape[place.axis], slice.starts[place.axis] == 0,
        slice.steps[place.axis] == 1
      else { throw refusal("takes some samples, or turns their order") }
      return place
    case .pad(let pad):
      guard pad.before[place.axis] == 0, pad.after[place.axis] == 0 else { throw refusal("pads the batch") }
      return place
    case .resize(let resize):
      guard resize.output[place.axis] == shape[place.axis], resize.scales[place.axis] == 1 else {
        throw refusal("resizes the batch")
      }
      return place
    default: throw refusal("is not known to keep samples apart")
    }
  }

  private func joined(along axis: Int) throws(BatchRefusal) -> BatchPlace? {
    let found = places.compactMap { $0 }
    guard found.count == places.count, let first = found.first else {
      throw refusal("joins samples with something else")
    }
    guard found.allSatisfy({ $0.axis == first.axis && $0.inner == first.inner }) else {
      throw refusal("joins samples that lie differently")
    }
    if axis == first.axis {
      return BatchPlace(axis: axis, outer: found.reduce(0) { $0 + $1.outer }, inner: first.inner)
    }
    guard found.allSatisfy({ $0.outer == first.outer }) else {
      throw refusal("joins samples that lie differently")
    }
    return first
  }

  /// The samples' digit of an element's position stays where it is; what stands before and behind it must fit.
  private func reshaped(_ place: BatchPlace, _ shape: Shape, _ target: Shape) throws(BatchRefusal)
    -> BatchPlace
  {
    guard let axis = target.batchAxis, shape.elementCountPerSample > 0 else {
      throw refusal("makes \(target) of \(shape)")
    }
    let (before, behind) = Self.surroundings(place, shape)
    guard
      let found = Self.place(at: axis, of: target.perSample, before: before, behind: behind)
    else { throw refusal("reshapes \(shape) to \(target), which cuts samples apart") }
    return found
  }

  /// Elements per step of the samples' digit on either side.
  static func surroundings(_ place: BatchPlace, _ shape: Shape) -> (before: Int, behind: Int) {
    let sizes = shape.perSample
    return (
      Shape.elementCount(Array(sizes[..<place.axis])) * place.outer,
      place.inner * Shape.elementCount(Array(sizes[(place.axis + 1)...]))
    )
  }

  static func place(at axis: Int, of sizes: [Int], before: Int, behind: Int) -> BatchPlace? {
    let (left, right) = (
      Shape.elementCount(Array(sizes[..<axis])), Shape.elementCount(Array(sizes[(axis + 1)...]))
    )
    guard left > 0, right > 0, before % left == 0, behind % right == 0,
      before / left * (behind / right) == sizes[axis]
    else { return nil }
    return BatchPlace(axis: axis, outer: before / left, inner: behind / right)
  }

  func indexed() throws(BatchRefusal) -> BatchPlace? {
    switch operation {
    case .gather(let axis):
      if let place = places[0] {
        guard places[1] == nil else { throw refusal("picks by indices that differ between samples") }
        try refuse([axis], place)
        return place.axis < axis ? place : place.at(place.axis - 1 + rank(1))
      }
      return places[1].map { $0.at($0.axis + axis) }
    case .gatherElements(let axis), .scatterElements(let axis, _):
      guard let place = places[0], places.allSatisfy({ $0 == place }) else {
        throw refusal("picks by indices that do not follow the samples")
      }
      try refuse([axis], place)
      return place
    case .gatherND(let batchDimensions): return try gatheredND(batchDimensions)
    case .scatterND:
      let depth = shapes[1]!.extents.last?.perSample ?? 0
      guard let place = places[0], places[1] == nil, place.axis >= depth,
        places[2] == place.at(place.axis - depth + rank(1) - 1)
      else { throw refusal("scatters by indices that do not follow the samples") }
      return place
    case .oneHot(let axis, _):
      let place = try placeOfFirst()
      return place.axis < axis ? place : place.at(place.axis + 1)
    case .triangle:
      let place = try placeOfFirst()
      try refuse([rank(0) - 1, rank(0) - 2], place)
      return place
    case .reverseSequence(let batchAxis, let timeAxis):
      guard let place = places[0], places[1] == nil || batchAxis == place.axis && place.inner == 1 else {
        throw refusal("reverses by lengths that do not follow the samples")
      }
      try refuse([timeAxis], place)
      return place
    default: throw refusal("is not known to keep samples apart")
    }
  }

  private func gatheredND(_ batchDimensions: Int) throws(BatchRefusal) -> BatchPlace? {
    let depth = shapes[1]!.extents.last?.perSample ?? 0
    switch (places[0], places[1]) {
    case (nil, let indices?):
      try refuse([rank(1) - 1], indices)
      return indices
    case (let data?, nil) where data.axis >= batchDimensions + depth:
      return data.at(data.axis - batchDimensions - depth + rank(1) - 1)
    case (let data?, let indices?) where data == indices && data.axis < batchDimensions: return data
    default: throw refusal("picks by indices that do not follow the samples")
    }
  }

  func alongAxes() throws(BatchRefusal) -> BatchPlace? {
    let place = try placeOfFirst()
    switch operation {
    case .reduce(_, let axes, let keepsAxes):
      try refuse(axes, place)
      return keepsAxes ? place : place.at(place.axis - axes.count { $0 < place.axis })
    case .argExtreme(_, let axis, let keepsAxis, _):
      try refuse([axis], place)
      return keepsAxis || place.axis < axis ? place : place.at(place.axis - 1)
    case .topK(let topK): try refuse([topK.axis], place)
    case .cumulative(let cumulative): try refuse([cumulative.axis], place)
    case .softmax(let axis, _): try refuse([axis], place)
    case .quantizeLinear(let axis?, _, _), .dequantizeLinear(let axis?, _): try refuse([axis], place)
    default: break
    }
    return place
  }

  func products() throws(BatchRefusal) -> BatchPlace? {
    if case .dense = operation {
      let place = try placeOfFirst()
      try refuse([rank(0) - 1], place)
      return place
    }
    guard case .matmul(let left, let right) = operation, let result = results[0] else { return nil }
    var found: BatchPlace?
    for (side, (transposes, keptFromEnd)) in [(left, 2), (right, 1)].enumerated() {
      guard let place = places[side] else { continue }
      let rank = rank(side)
      guard rank >= 2 else { throw refusal("multiplies across the samples") }
      let fromEnd = rank - place.axis
      var mapped = place.at(result.rank - fromEnd)
      if fromEnd <= 2 {
        // The rows of the left and the columns of the right side survive.
        let kept = transposes ? 3 - keptFromEnd : keptFromEnd
        guard fromEnd == kept, result.rank >= 2 else { throw refusal("multiplies across the samples") }
        mapped = place.at(result.rank - keptFromEnd)
      }
      guard found == nil || found == mapped && fromEnd > 2 else {
        throw refusal("pairs samples with each other")
      }
      found = mapped
    }
    return found
  }

  func leading() throws(BatchRefusal) -> BatchPlace? {
    let place = try placeOfFirst()
    guard place.axis == 0 else { throw refusal("works across the samples") }
    return place
  }

  func normalization(_ composite: Composite) throws(BatchRefusal) -> BatchPlace? {
    let place = try placeOfFirst()
    switch composite {
    case .layerNormalization(let axis, _), .rmsNormalization(let axis, _): try refuse(axis..<rank(0), place)
    case .localResponseNormalization(_, _, _, _, let axis): try refuse([axis], place)
    case .groupNormalization, .depthToSpace, .spaceToDepth: return try leading()
    }
    return place
  }

  func recurrence(_ recurrent: Recurrent) throws(BatchRefusal) -> [BatchPlace?] {
    let states = recurrent.batchMajor ? 0 : 1
    let expected = [0: states, 4: 0, 5: states, 6: states]
    guard let data = places[0] else { throw refusal("has states for each sample but data for none") }
    for (index, place) in places.enumerated() {
      guard let place else {
        guard expected[index] == nil || shapes[index] == nil else {
          throw refusal("shares states between samples")
        }
        continue
      }
      guard place.axis == expected[index], place == data.at(place.axis) else {
        throw refusal("works across the samples")
      }
    }
    return results.enumerated().map { index, shape in
      shape == nil ? nil : data.at(index == 0 ? (recurrent.batchMajor ? 0 : 2) : states)
    }
  }
}
