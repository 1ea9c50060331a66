/// A size as people type it: `65536`, `64k`, `1.5M`. A k is 1,024 bytes, as data sheets count memory.
///
///     ByteCount("64k")?.bytes  // 65,536
public struct ByteCount: Sendable, Hashable, CustomStringConvertible {
  /// What a text must look like, for messages.
  public static let expected = "a size such as 65536, 64k or 1.5M (a k is 1,024 bytes)"
  private static let greatest = 1 << 42

  public var bytes: Int

  public init(bytes: Int) { self.bytes = bytes }

  /// A number, then nothing, `B`, or one of k, M, G with or without `B` or `iB`; parts of a byte are dropped.
  public init?(_ text: String) {
    guard let quantity = SignedQuantity(text), quantity.sign == nil else { return nil }
    let factor: Int
    switch quantity.unit {
    case "", "b": factor = 1
    case "k", "kb", "kib": factor = 1 << 10
    case "m", "mb", "mib": factor = 1 << 20
    case "g", "gb", "gib": factor = 1 << 30
    default: return nil
    }
    let bytes = quantity.size * Double(factor)
    guard bytes <= Double(Self.greatest) else { return nil }
    self.bytes = Int(bytes)
  }

  /// Short, and the same size when it is read again: `64k`, `1.5M`, `65537`.
  public var description: String {
    for (shift, unit) in [(30, "G"), (20, "M"), (10, "k")] where bytes >= 1 << shift {
      let whole = bytes >> shift
      if whole << shift == bytes { return "\(whole)\(unit)" }
      let half = 1 << (shift - 1)
      if shift > 10, bytes % half == 0 { return "\(whole).5\(unit)" }
    }
    return String(bytes)
  }

  /// For people, without a doubt about the unit: `64 KiB`, `1.5 MiB`, `65,537 B`.
  public var text: String {
    let short = description
    guard let unit = short.last, !unit.isNumber else { return "\(NumberFormat.count(bytes)) B" }
    return "\(short.dropLast()) \(unit == "k" ? "K" : String(unit))iB"
  }
}
