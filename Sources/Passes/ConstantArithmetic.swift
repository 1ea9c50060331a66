import Graph
import Storage

/// Arithmetic on the constants that rules fold: scales, shifts and biases, all small.
extension Constant {
  func mapped(_ transform: (Float) -> Float) -> Constant {
    Constant(TensorValue(floats: realized().floats.array.map(transform), sizes: sizes), name: source.name)
  }

  /// Whether a float constant holds neither infinities nor NaN.
  var isFinite: Bool {
    let floats = realized().floats
    return (0..<floats.count).allSatisfy { floats[$0].isFinite }
  }

  /// Element by element with broadcasting; nil when the result would have more than `limit` elements.
  func combined(_ other: Constant, _ combine: (Float, Float) -> Float, limit: Int) -> Constant? {
    let rank = max(sizes.count, other.sizes.count)
    let left = [Int](repeating: 1, count: rank - sizes.count) + sizes
    let right = [Int](repeating: 1, count: rank - other.sizes.count) + other.sizes
    let result = zip(left, right).map { $0 == 1 ? $1 : $0 }
    let count = Shape.elementCount(result)
    guard count <= limit,
      zip(zip(left, right), result).allSatisfy({ pair, size in
        (pair.0 == size || pair.0 == 1) && (pair.1 == size || pair.1 == 1)
      })
    else { return nil }
    let (first, second) = (realized().floats, other.realized().floats)
    let (leftSteps, rightSteps) = (Constant.steps(left), Constant.steps(right))
    let strides = Shape.strides(result)
    let floats = (0..<count).map { index in
      var (from, to) = (0, 0)
      for axis in 0..<rank {
        let position = index / strides[axis] % result[axis]
        from += position * leftSteps[axis]
        to += position * rightSteps[axis]
      }
      return combine(first[from], second[to])
    }
    return Constant(TensorValue(floats: floats, sizes: result), name: source.name)
  }

  private static func steps(_ sizes: [Int]) -> [Int] {
    zip(sizes, Shape.strides(sizes)).map { $0 == 1 ? 0 : $1 }
  }

  /// The elements along `axis` of a tensor of rank `rank` that this constant is broadcast to, when it is the same
  /// along all other axes; a single element is repeated.
  func alongAxis(_ axis: Int, rank: Int, count: Int) -> [Float]? {
    guard type == .float32, sizes.count <= rank else { return nil }
    let offset = rank - sizes.count
    for (index, size) in sizes.enumerated() where size != 1 {
      guard index + offset == axis, size == count else { return nil }
    }
    let floats = realized().floats.array
    return floats.count == count
      ? floats : floats.count == 1 ? Array(repeating: floats[0], count: count) : nil
  }
}
