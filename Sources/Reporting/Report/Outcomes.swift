import Storage

extension Report {
  /// Which samples are right, in their order, so that a later report is compared with this one sample by sample.
  public struct Outcomes: Codable, Sendable, Hashable {
    /// Of the samples in their order, as the model got them, with their labels: outcomes on other samples do not compare.
    public var samplesSha256: String
    /// A hexadecimal digit for four samples, the first of them at its greatest bit.
    public var right: String

    public init(samplesSha256: String, right: String) {
      self.samplesSha256 = samplesSha256
      self.right = right
    }

    /// Samples that only the earlier model has right, and those that only this one has; nil where the two are not of the
    /// same `count` samples.
    func changes(since earlier: Outcomes, of count: Int) -> (broken: Int, mended: Int)? {
      guard samplesSha256 == earlier.samplesSha256, right.utf8.count == earlier.right.utf8.count,
        count > 0, right.utf8.count == (count - 1) / 4 + 1
      else { return nil }
      var (broken, mended) = (0, 0)
      for (now, then) in zip(right, earlier.right) {
        guard let now = now.hexDigitValue, let then = then.hexDigitValue else { return nil }
        broken += (then & ~now).nonzeroBitCount
        mended += (now & ~then).nonzeroBitCount
      }
      return (broken, mended)
    }
  }

  /// ``Outcomes`` while samples come in.
  ///
  ///     tally.add(label: 3, sample: fingerprint, isRight: true)
  ///     quality.outcomes = tally.outcomes
  public struct OutcomeTally: Sendable {
    /// More would make reports and lock files of many kilobytes.
    private static let limit = 100_000

    private var samples = SHA256()
    private var digits: [UInt8] = []
    private var count = 0

    public init() {}

    /// `sample` tells the sample's inputs from others.
    public mutating func add(label: Int, sample: UInt64, isRight: Bool) {
      count += 1
      guard count <= Self.limit else { return }
      samples.add("\(label):\(sample),")
      if count % 4 == 1 { digits.append(0) }
      if isRight { digits[digits.count - 1] |= 8 >> UInt8((count - 1) % 4) }
    }

    /// nil without samples, or with very many.
    public var outcomes: Outcomes? {
      guard (1...Self.limit).contains(count) else { return nil }
      let hexadecimal = Array("0123456789abcdef".utf8)
      return Outcomes(
        samplesSha256: samples.hexadecimal,
        right: String(decoding: digits.map { hexadecimal[Int($0)] }, as: UTF8.self))
    }
  }
}
