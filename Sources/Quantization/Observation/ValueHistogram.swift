import Storage
import TensorMath

/// How often numbers fell into bins of equal width, in memory that does not grow with their count.
///
/// Bins lie symmetric around zero and are a power of two wide. When a number falls outside, neighbors are merged until
/// it fits, so that the counts depend on the numbers alone: not on their order, nor on how they were shared out.
/// Zeros are counted apart, since activations are full of them.
public struct ValueHistogram: Sendable, Hashable {
  public static let binCount = 4096
  static let half = binCount / 2

  /// Bin `i` holds the numbers from `(i − 2048) · 2^exponent` up to the next bin's.
  public internal(set) var exponent: Int
  public internal(set) var counts: [Int]
  public internal(set) var zeros: Int

  /// Of no numbers.
  public init() {
    exponent = Self.leastExponent
    counts = [Int](repeating: 0, count: Self.binCount)
    zeros = 0
  }

  /// Of these numbers, all finite.
  public init(of values: View<Float>) {
    let recorder = HistogramRecorder()
    recorder.add(values, within: Extremes(of: values))
    self = recorder.histogram
  }

  /// Bins never get narrower than this.
  static let leastExponent = -100

  /// How many numbers were counted.
  public var total: Int { counts.reduce(zeros, +) }
  public var binWidth: Double { Double(sign: .plus, exponent: exponent, significand: 1) }
  /// The number in the middle of a bin.
  public func center(of bin: Int) -> Double { (Double(bin - Self.half) + 0.5) * binWidth }

  /// The narrowest bins in which all numbers between the two have a place.
  static func exponent(for extremes: Extremes) -> Int {
    let reach = max(-extremes.least, extremes.greatest)
    guard reach > 0 else { return leastExponent }
    // reach = s · 2^e with 1 ≤ s < 2 lies below 2048 · 2^(e − 10), and −2048 · 2^(e − 10) is still a bin's start.
    var exponent = Int(reach.exponent) + 1 - half.trailingZeroBitCount
    if reach == -extremes.least, reach.significand == 1, extremes.greatest < reach { exponent -= 1 }
    return max(leastExponent, exponent)
  }

  /// Merges neighbors until bins have this width.
  mutating func widen(to wider: Int) {
    guard wider > exponent else { return }
    let shift = min(wider - exponent, Int.bitWidth - 1)
    var merged = [Int](repeating: 0, count: Self.binCount)
    for (bin, count) in counts.enumerated() where count > 0 {
      merged[((bin - Self.half) >> shift) + Self.half] += count
    }
    counts = merged
    exponent = wider
  }

  /// The counts in few bins of equal width, for people: the first and the last hold something. Zeros count in the bin that
  /// begins with zero or reaches over it.
  ///
  ///     let (start, width, counts) = histogram.bins(atMost: 64)
  public func bins(atMost limit: Int) -> (start: Double, width: Double, counts: [Int]) {
    var all = counts
    all[Self.half] += zeros
    guard let first = all.firstIndex(where: { $0 > 0 }), let last = all.lastIndex(where: { $0 > 0 }) else {
      return (0, binWidth, [])
    }
    let joined = (last - first + limit) / limit
    var result = [Int](repeating: 0, count: (last - first) / joined + 1)
    for bin in first...last { result[(bin - first) / joined] += all[bin] }
    return (Double(first - Self.half) * binWidth, Double(joined) * binWidth, result)
  }

  public mutating func merge(_ other: ValueHistogram) {
    var other = other
    widen(to: other.exponent)
    other.widen(to: exponent)
    for bin in counts.indices { counts[bin] += other.counts[bin] }
    zeros += other.zeros
  }
}

/// Counts numbers as they come, for one thread.
///
///     recorder.add(values, within: Extremes(of: values))
///     let seen = recorder.histogram
public final class HistogramRecorder {
  private var exponent = ValueHistogram.leastExponent
  private var zeros = 0
  /// 32 bits a bin keep the counters of a tensor in the nearest cache; they move to `settled` before they overflow.
  private let counts = View<UInt32>(count: ValueHistogram.binCount + BinCounting.slack)
  private var pending = 0
  private var settled: ValueHistogram?

  public init() {}

  /// Counts numbers that are finite and lie between the two.
  public func add(_ values: View<Float>, within extremes: Extremes) {
    let needed = ValueHistogram.exponent(for: extremes)
    if needed > exponent || pending + values.count > Int(UInt32.max) {
      settle()
      exponent = max(needed, exponent)
    }
    zeros += BinCounting.count(values, exponent: exponent, into: counts)
    pending += values.count
  }

  private func settle() {
    let whole = histogram
    settled = whole
    for bin in 0..<counts.count { counts[bin] = 0 }
    (zeros, pending) = (0, 0)
  }

  /// All that was counted so far.
  public var histogram: ValueHistogram {
    var result = ValueHistogram()
    result.exponent = exponent
    for bin in 0..<ValueHistogram.binCount { result.counts[bin] = Int(counts[bin]) }
    result.zeros = zeros
    if let settled { result.merge(settled) }
    return result
  }
}
