import Graph
import Storage
import TensorMath

/// What tells samples from others, of those that a model gets while it runs, whatever thread reads them.
///
///     let seen = SampleFingerprints(of: range)
///     let outputs = try model.outputs(of: range, seen: seen)
///     print(seen[range.lowerBound])
final class SampleFingerprints: @unchecked Sendable {
  // Unchecked: `prints` is touched with `monitor` locked only.
  private let monitor = Monitor()
  private let range: Range<Int>
  private var prints: [UInt64]

  init(of range: Range<Int>) {
    self.range = range
    prints = Array(repeating: 0, count: range.count)
  }

  subscript(index: Int) -> UInt64 {
    monitor.lock()
    defer { monitor.unlock() }
    return prints[index - range.lowerBound]
  }

  /// The inputs of these samples, which lie one behind the other.
  func add(_ inputs: [TensorValue], of part: Range<Int>) {
    let found = part.map { index in
      inputs.reduce(UInt64(0)) { (sum, value) -> UInt64 in
        let size = value.bytes.count / part.count
        let start = (index - part.lowerBound) * size
        return Self.print(of: value.bytes[start..<start + size], after: sum)
      }
    }
    monitor.lock()
    defer { monitor.unlock() }
    for (index, print) in zip(part, found) { prints[index - range.lowerBound] = print }
  }

  /// Words are mixed by products whose halves are folded, in two lanes that do not wait for one another: many times as fast as
  /// a digest, which this need not be, as nobody forges samples.
  private static func print(of bytes: View<UInt8>, after start: UInt64) -> UInt64 {
    let words = bytes.reinterpreted(as: UInt64.self)
    var one = start ^ 0x9E37_79B9_7F4A_7C15
    var two = UInt64(bytes.count) ^ 0xD1B5_4A32_D192_ED03
    let pairs = words.count & ~1
    for index in stride(from: 0, to: pairs, by: 2) {
      one = mixed(one ^ words[index])
      two = mixed(two ^ words[index + 1])
    }
    if pairs < words.count { one = mixed(one ^ words[pairs]) }
    for index in words.count * 8..<bytes.count { two = mixed(two ^ UInt64(bytes[index])) }
    return mixed(one ^ mixed(two))
  }

  private static func mixed(_ word: UInt64) -> UInt64 {
    let product = (word ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
    return product.high ^ product.low ^ (word << 32 | word >> 32)
  }
}
