import CKernels
import Storage

/// The least and the greatest of some numbers.
///
///     let seen = Extremes(of: activations)  // seen.least, seen.greatest
public struct Extremes: Sendable, Hashable {
  /// +∞ when there are no numbers.
  public var least: Float
  /// −∞ when there are no numbers.
  public var greatest: Float
  /// Whether there is neither NaN nor infinity among them.
  public var isFinite: Bool

  /// Of no numbers.
  public init() {
    least = .infinity
    greatest = -.infinity
    isFinite = true
  }

  public init(of x: View<Float>, kernels: KernelSet = .current) {
    self.init()
    var magnitude: UInt32 = 0
    kernels.table.pointee.elementwise.pointee.extremes(
      x.elementPointer, x.count, &least, &greatest, &magnitude)
    isFinite = magnitude < Float.infinity.bitPattern
  }

  public mutating func formUnion(_ other: Extremes) {
    least = min(least, other.least)
    greatest = max(greatest, other.greatest)
    isFinite = isFinite && other.isFinite
  }
}

/// Counts of numbers in bins of equal width that lie symmetric around zero.
public enum BinCounting {
  /// Counts stand in `counts`, which is this much longer than it has bins.
  public static let slack = 8

  /// Adds one to `counts[floor(x / 2^exponent) + bins / 2]` for every element but zeros; returns the number of zeros.
  ///
  /// Every index must lie among the bins; `counts` must not overflow.
  public static func count(
    _ x: View<Float>, exponent: Int, into counts: View<UInt32>, kernels: KernelSet = .current
  ) -> Int {
    let bins = counts.count - slack
    precondition(bins > 0 && bins.isMultiple(of: 2) && (-126...126).contains(exponent))
    let factor = Float(sign: .plus, exponent: -exponent, significand: 1)
    return kernels.table.pointee.elementwise.pointee.histogram(
      x.elementPointer, x.count, factor, Int32(bins / 2), counts.elementPointer, bins)
  }
}

/// Integers with a scale, seen as the real numbers that they stand for.
///
///     RealGrid(scale: 0.1, low: -128, high: 127).round(x, into: y)
public struct RealGrid: Sendable, Hashable {
  public var scale: Float
  /// The least and the greatest integer, after the zero point is taken off.
  public var low: Int
  public var high: Int

  public init(scale: Float, low: Int, high: Int) {
    precondition(scale > 0 && low <= 0 && high >= 0 && high - low < 1 << 17)
    self.scale = scale
    self.low = low
    self.high = high
  }

  /// Sets `y` to the numbers of the grid nearest to `x`; `y` may be `x`.
  public func round(_ x: View<Float>, into y: View<Float>, on workers: Workers) {
    precondition(x.count == y.count, "x and y differ in size")
    let run = workers.kernels.table.pointee.elementwise.pointee.round_to_grid
    let (source, target) = (x.elementPointer, y.elementPointer)
    workers.parallelFor(x.count, grain: 1 << 16) { range in
      run(
        source + range.lowerBound, target + range.lowerBound, range.count, scale, Float(low), Float(high))
    }
  }
}

/// How far numbers are from what they should be.
///
///     var distance = SquaredDistance()
///     distance.add(expected: a, found: b)
///     print(distance.relative)
public struct SquaredDistance: Sendable, Hashable {
  /// Sum of squared differences.
  public var error = 0.0
  /// Sum of the squares of what was expected.
  public var signal = 0.0

  public init() {}

  public mutating func add(expected: View<Float>, found: View<Float>, kernels: KernelSet = .current) {
    precondition(expected.count == found.count, "the two differ in size")
    kernels.table.pointee.elementwise.pointee.error_sums(
      expected.elementPointer, found.elementPointer, expected.count, &error, &signal)
  }

  /// Error relative to the signal; 0 when there is no error.
  public var relative: Double { error == 0 ? 0 : error / max(signal, .leastNormalMagnitude) }
}
