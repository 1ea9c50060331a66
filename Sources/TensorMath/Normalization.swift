import CKernels
import Storage

/// Rows of `count` elements, each brought to mean 0 and variance 1 (or to a mean square of 1), then scaled and shifted.
///
///     RowNormalization(count: 64, epsilon: 1e-5).apply(x, scale: gamma, bias: beta, into: y, on: workers)
public struct RowNormalization: Sendable, Hashable {
  public var count: Int
  public var epsilon: Float
  /// Divides by the root of the mean square and leaves the mean alone.
  public var isRootMeanSquare: Bool

  public init(count: Int, epsilon: Float, isRootMeanSquare: Bool = false) {
    self.count = count
    self.epsilon = epsilon
    self.isRootMeanSquare = isRootMeanSquare
  }

  /// `scale` and `bias` have `count` elements; `mean` and `inverseDeviation` one per row. `y` may be `x`.
  public func apply(
    _ x: View<Float>, scale: View<Float>? = nil, bias: View<Float>? = nil, into y: View<Float>,
    mean: View<Float>? = nil, inverseDeviation: View<Float>? = nil, on workers: Workers
  ) {
    precondition(x.count == y.count, "x and y differ in size")
    guard x.count > 0 else { return }
    let rows = x.count / count
    precondition(rows * count == x.count, "x does not consist of whole rows")
    precondition(
      (scale?.count ?? count) == count && (bias?.count ?? count) == count, "scale or bias is no row")
    precondition((mean?.count ?? rows) == rows && (inverseDeviation?.count ?? rows) == rows)
    let kernels = workers.kernels.table.pointee.elementwise.pointee
    let (source, target) = (x.elementPointer, y.elementPointer)
    let (scale, bias) = (scale?.elementPointer, bias?.elementPointer)
    let (mean, inverse) = (mean?.elementPointer, inverseDeviation?.elementPointer)
    workers.parallelFor(rows, grain: max(1, (1 << 14) / count)) { range in
      for row in range {
        let (from, to) = (source + row * count, target + row * count)
        if isRootMeanSquare {
          if let mean { mean[row] = 0 }
          kernels.rms_norm(from, scale, bias, epsilon, to, count, inverse.map { $0 + row })
        } else {
          kernels.layer_norm(
            from, scale, bias, epsilon, to, count, mean.map { $0 + row }, inverse.map { $0 + row })
        }
      }
    }
  }
}

/// Normalization over all positions and the channels of a group, on channels-last data `[batch, positions, channels]`.
/// With as many groups as channels it is instance normalization.
///
///     GroupNormalization(groups: 8, epsilon: 1e-5)
///       .apply(x, batch: 1, positions: 196, channels: 64, scale: gamma, bias: beta, into: y, on: workers)
public struct GroupNormalization: Sendable, Hashable {
  public var groups: Int
  public var epsilon: Float

  public init(groups: Int, epsilon: Float) {
    self.groups = groups
    self.epsilon = epsilon
  }

  /// `scale` and `bias` have one element per channel. `y` may be `x`.
  public func apply(
    _ x: View<Float>, batch: Int, positions: Int, channels: Int, scale: View<Float>? = nil,
    bias: View<Float>? = nil, into y: View<Float>, on workers: Workers
  ) {
    precondition(x.count == batch * positions * channels && y.count == x.count, "x or y has another size")
    precondition(groups > 0 && channels % groups == 0, "the channels do not divide into groups")
    precondition((scale?.count ?? channels) == channels && (bias?.count ?? channels) == channels)
    guard x.count > 0 else { return }
    let (source, target) = (x.elementPointer, y.elementPointer)
    let (scale, bias) = (scale?.elementPointer, bias?.elementPointer)
    let width = channels / groups
    // Whole groups per item, wide enough for vectors.
    let groupsPerBlock = max(1, min(groups, 64 / width))
    let blocks = (groups + groupsPerBlock - 1) / groupsPerBlock
    workers.parallelFor(batch * blocks) { range in
      for item in range {
        let first = item % blocks * groupsPerBlock
        let part = Part(
          channels: channels, width: width, first: first * width,
          count: (min(groups, first + groupsPerBlock) - first) * width)
        let offset = item / blocks * positions * channels + part.first
        normalize(
          source + offset, target + offset, positions: positions, part, scale.map { $0 + part.first },
          bias.map { $0 + part.first }, workers.kernels)
      }
    }
  }

  /// Some whole groups of one sample.
  private struct Part {
    let channels, width, first, count: Int
  }

  private func normalize(
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, positions: Int, _ part: Part,
    _ scale: UnsafePointer<Float>?, _ bias: UnsafePointer<Float>?, _ set: KernelSet
  ) {
    let kernels = set.table.pointee.elementwise.pointee
    let members = Double(positions * part.width)
    var sums = [Double](repeating: 0, count: part.count)
    kernels.column_sums(x, positions, part.channels, &sums, part.count)
    let means = GroupNormalization.perGroup(sums, width: part.width).map { Float($0 / members) }
    sums = [Double](repeating: 0, count: part.count)
    kernels.column_square_sums(x, positions, part.channels, means, &sums, part.count)
    let variances = GroupNormalization.perGroup(sums, width: part.width).map { Float($0 / members) }
    let factors = variances.enumerated().map { index, variance in
      (scale?[index] ?? 1) * (1 / (variance + epsilon).squareRoot())
    }
    let offsets = (0..<part.count).map { bias?[$0] ?? 0 }
    kernels.normalize_rows(x, positions, part.channels, means, factors, offsets, y, part.count)
  }

  /// The sum over each group's channels in order, repeated for each of them.
  private static func perGroup(_ sums: [Double], width: Int) -> [Double] {
    var result = sums
    for start in stride(from: 0, to: sums.count, by: width) {
      var sum = 0.0
      for index in start..<start + width { sum += sums[index] }
      for index in start..<start + width { result[index] = sum }
    }
    return result
  }
}

/// x / (bias + alpha / size · Σ x²)^beta, the sum over `size` neighbors along an axis.
///
///     LocalResponseNormalization(size: 5, alpha: 1e-4, beta: 0.75, bias: 1)
///       .apply(x, sizes: [1, 8, 8, 32], axis: 3, into: y, on: workers)
public struct LocalResponseNormalization: Sendable, Hashable {
  public var size: Int
  public var alpha, beta, bias: Float

  public init(size: Int, alpha: Float, beta: Float, bias: Float) {
    self.size = size
    self.alpha = alpha
    self.beta = beta
    self.bias = bias
  }

  /// `y` must not be `x`.
  public func apply(_ x: View<Float>, sizes: [Int], axis: Int, into y: View<Float>, on workers: Workers) {
    precondition(x.count == sizes.reduce(1, *) && y.count == x.count, "x or y does not have the given sizes")
    guard x.count > 0 else { return }
    let (extent, inner) = (sizes[axis], sizes[(axis + 1)...].reduce(1, *))
    let outer = sizes[..<axis].reduce(1, *)
    let (source, target) = (x.elementPointer, y.elementPointer)
    let (before, after) = ((size - 1) / 2, size - 1 - (size - 1) / 2)
    workers.parallelFor(outer, grain: max(1, (1 << 14) / (extent * inner))) { range in
      for block in range {
        let base = block * extent * inner
        for index in 0..<extent {
          let neighbors = max(0, index - before)...min(extent - 1, index + after)
          for column in 0..<inner {
            var sum: Float = 0
            for neighbor in neighbors {
              let value = source[base + neighbor * inner + column]
              sum += value * value
            }
            target[base + index * inner + column] = bias + alpha / Float(size) * sum
          }
        }
      }
    }
    BinaryFunction.power.apply(y, [y.count], View([-beta]), [], into: y, on: workers)
    BinaryFunction.multiply.apply(x, [x.count], y, [y.count], into: y, on: workers)
  }
}
