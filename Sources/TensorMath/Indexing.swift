import CKernels
import Storage

/// An index outside its axis, as data may bring it.
public struct IndexError: Error, Hashable, Sendable, CustomStringConvertible {
  public let index: Int
  public let extent: Int
  public let axis: Int

  public var description: String {
    "index \(index) is outside axis \(axis) with extent \(extent) (expected \(-extent) to \(extent - 1))"
  }

  /// The index counted from the front.
  static func resolve(_ index: Int64, extent: Int, axis: Int) throws(IndexError) -> Int {
    let place = Int(index) < 0 ? Int(index) &+ extent : Int(index)
    guard (0..<extent).contains(place) else {
      throw IndexError(index: Int(index), extent: extent, axis: axis)
    }
    return place
  }
}

/// What scattering does with the element that is already there.
public enum ScatterReduction: String, Hashable, Sendable { case none, add, multiply, maximum, minimum }

/// Reading and writing at places that data names. Negative indices count from the end.
///
///     try Indexing.gather(x, sizes: [5, 8], axis: 0, indices: rows, elementByteCount: 4, into: y, on: workers)
public enum Indexing {
  /// Whole slices along `axis`; the result has the indices' axes in its place.
  public static func gather(
    _ x: View<UInt8>, sizes: [Int], axis: Int, indices: View<Int64>, elementByteCount: Int,
    into y: View<UInt8>, on workers: Workers
  ) throws(IndexError) {
    var places: [Int] = []
    places.reserveCapacity(indices.count)
    for position in 0..<indices.count {
      places.append(try IndexError.resolve(indices[position], extent: sizes[axis], axis: axis))
    }
    AxisMap(sizes: sizes).taking(places, axis: axis)
      .apply(x, elementByteCount: elementByteCount, into: y, on: workers)
  }

  /// y[i, j, k] = x[i, indices[i, j, k], k] (for axis 1).
  public static func gatherElements(
    _ x: View<UInt8>, sizes: [Int], axis: Int, indices: View<Int64>, indexSizes: [Int], elementByteCount: Int,
    into y: View<UInt8>
  ) throws(IndexError) {
    precondition(y.count == indices.count * elementByteCount, "y does not have the indices' size")
    let places = try elementPlaces(sizes: sizes, axis: axis, indices: indices, indexSizes: indexSizes)
    copyBlocks(x, places, y, byteCount: elementByteCount)
  }

  /// The last axis of the indices names leading axes of `x`, behind `batchDimensions` common ones; the rest is copied.
  public static func gatherND(
    _ x: View<UInt8>, sizes: [Int], indices: View<Int64>, indexSizes: [Int], batchDimensions: Int = 0,
    elementByteCount: Int, into y: View<UInt8>
  ) throws(IndexError) {
    let (places, block) = try slicePlaces(
      sizes: sizes, indices: indices, indexSizes: indexSizes, batchDimensions: batchDimensions)
    precondition(y.count == places.count * block * elementByteCount, "y does not have the gathered size")
    copyBlocks(x, places.map { $0 / max(1, block) }, y, byteCount: block * elementByteCount)
  }

  /// y = x, then y[i, indices[i, j, k], k] takes updates[i, j, k] (for axis 1), in order.
  public static func scatterElements(
    _ x: View<UInt8>, _ type: ScalarType, sizes: [Int], axis: Int, indices: View<Int64>, indexSizes: [Int],
    updates: View<UInt8>, reduction: ScatterReduction, into y: View<UInt8>
  ) throws(IndexError) {
    precondition(updates.count == indices.count * type.byteCount, "updates and indices differ in size")
    let places = try elementPlaces(sizes: sizes, axis: axis, indices: indices, indexSizes: indexSizes)
    y.copy(from: x)
    scatter(y, type, places, updates, block: 1, reduction)
  }

  /// y = x, then the slices that the last axis of the indices names take the updates, in order.
  public static func scatterND(
    _ x: View<UInt8>, _ type: ScalarType, sizes: [Int], indices: View<Int64>, indexSizes: [Int],
    updates: View<UInt8>, reduction: ScatterReduction, into y: View<UInt8>
  ) throws(IndexError) {
    let (places, block) = try slicePlaces(
      sizes: sizes, indices: indices, indexSizes: indexSizes, batchDimensions: 0)
    precondition(updates.count == places.count * block * type.byteCount, "updates have another size")
    y.copy(from: x)
    scatter(y, type, places, updates, block: block, reduction)
  }

  /// For each index element, the place in a tensor of `sizes` that it names along `axis`.
  private static func elementPlaces(
    sizes: [Int], axis: Int, indices: View<Int64>, indexSizes: [Int]
  ) throws(IndexError) -> [Int] {
    precondition(indices.count == indexSizes.reduce(1, *) && sizes.count == indexSizes.count)
    for other in sizes.indices where other != axis {
      precondition(indexSizes[other] <= sizes[other], "the indices are larger than the data")
    }
    let strides = Indexing.strides(sizes)
    var counter = [Int](repeating: 0, count: sizes.count)
    var base = 0
    var places: [Int] = []
    places.reserveCapacity(indices.count)
    for position in 0..<indices.count {
      let index = try IndexError.resolve(indices[position], extent: sizes[axis], axis: axis)
      places.append(base + index * strides[axis])
      var other = sizes.count - 1
      while other >= 0 {
        counter[other] += 1
        if other != axis { base += strides[other] }
        if counter[other] < indexSizes[other] { break }
        if other != axis { base -= strides[other] * indexSizes[other] }
        counter[other] = 0
        other -= 1
      }
    }
    return places
  }

  /// For each tuple of the indices, the element where its slice begins, and the elements of a slice.
  private static func slicePlaces(
    sizes: [Int], indices: View<Int64>, indexSizes: [Int], batchDimensions: Int
  ) throws(IndexError) -> (places: [Int], block: Int) {
    guard let depth = indexSizes.last else { preconditionFailure("the indices need an axis") }
    precondition(batchDimensions + depth <= sizes.count, "the indices name more axes than there are")
    let strides = Indexing.strides(sizes)
    let count = indexSizes.dropLast().reduce(1, *)
    let perBatch = indexSizes.dropLast()[batchDimensions...].reduce(1, *)
    let batchStride = sizes[batchDimensions...].reduce(1, *)
    var places: [Int] = []
    places.reserveCapacity(count)
    for tuple in 0..<count {
      var place = tuple / perBatch * batchStride
      for level in 0..<depth {
        let axis = batchDimensions + level
        let index = try IndexError.resolve(indices[tuple * depth + level], extent: sizes[axis], axis: axis)
        place += index * strides[axis]
      }
      places.append(place)
    }
    return (places, sizes[(batchDimensions + depth)...].reduce(1, *))
  }

  private static func strides(_ sizes: [Int]) -> [Int] {
    var strides = [Int](repeating: 1, count: sizes.count)
    for axis in sizes.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * sizes[axis + 1] }
    return strides
  }

  /// Places count in blocks of `byteCount`.
  private static func copyBlocks(_ x: View<UInt8>, _ places: [Int], _ y: View<UInt8>, byteCount: Int) {
    guard byteCount > 0 else { return }
    let (source, target) = (UnsafeRawPointer(x.elementPointer), UnsafeMutableRawPointer(y.elementPointer))
    for (index, place) in places.enumerated() {
      (target + index * byteCount).copyMemory(from: source + place * byteCount, byteCount: byteCount)
    }
  }

  private static func scatter(
    _ y: View<UInt8>, _ type: ScalarType, _ places: [Int], _ updates: View<UInt8>, block: Int,
    _ reduction: ScatterReduction
  ) {
    guard block > 0 else { return }
    if reduction == .none {
      let width = block * type.byteCount
      let (source, target) = (
        UnsafeRawPointer(updates.elementPointer), UnsafeMutableRawPointer(y.elementPointer)
      )
      for (index, place) in places.enumerated() {
        (target + place * type.byteCount).copyMemory(from: source + index * width, byteCount: width)
      }
    } else if type == .float32 {
      scatterFloats(
        y.reinterpreted(as: Float.self), places, updates.reinterpreted(as: Float.self), block, reduction)
    } else {
      type.withInteger(
        ScatterIntegers(y: y, places: places, updates: updates, block: block, reduction: reduction))
    }
  }

  private static func scatterFloats(
    _ y: View<Float>, _ places: [Int], _ updates: View<Float>, _ block: Int, _ reduction: ScatterReduction
  ) {
    let run = KernelSet.current.table.pointee.elementwise.pointee.binary
    let kind =
      switch reduction {
      case .none, .add: BINARY_ADD
      case .multiply: BINARY_MUL
      case .maximum: BINARY_MAX
      case .minimum: BINARY_MIN
      }
    let (source, target) = (updates.elementPointer, y.elementPointer)
    for (index, place) in places.enumerated() {
      run(
        kind, VECTOR_VECTOR, target + place, source + index * block, target + place, block, -.infinity,
        .infinity)
    }
  }

  private struct ScatterIntegers: IntegerWork {
    let y: View<UInt8>
    let places: [Int]
    let updates: View<UInt8>
    let block: Int
    let reduction: ScatterReduction

    func callAsFunction<Integer: FixedWidthInteger & BitwiseCopyable & Sendable>(_ type: Integer.Type) {
      let source = updates.reinterpreted(as: type).elementPointer
      let target = y.reinterpreted(as: type).elementPointer
      for (index, place) in places.enumerated() {
        for offset in 0..<block {
          let (old, new) = (target[place + offset], source[index * block + offset])
          target[place + offset] =
            switch reduction {
            case .none: new
            case .add: old &+ new
            case .multiply: old &* new
            case .maximum: max(old, new)
            case .minimum: min(old, new)
            }
        }
      }
    }
  }
}
