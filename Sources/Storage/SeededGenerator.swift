/// The one source of random numbers: the same seed gives the same numbers on every machine and in every version.
///
/// The state is a 64-bit counter that advances by an odd constant; each output is the counter, mixed by two
/// multiplications (the generator known as SplitMix64).
///
///     var generator = SeededGenerator(seed: 0)
///     let dice = generator.below(6) + 1
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64

  public init(seed: Int) { state = UInt64(bitPattern: Int64(seed)) }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A whole number from 0 to `bound − 1`, each as likely as the others.
  public mutating func below(_ bound: Int) -> Int {
    precondition(bound > 0)
    let bound = UInt64(bound)
    // The high word of a 128-bit product is even over the range once the few lowest products are refused.
    let threshold = (0 &- bound) % bound
    while true {
      let product = next().multipliedFullWidth(by: bound)
      if product.low >= threshold { return Int(product.high) }
    }
  }

  /// `count` of the numbers from 0 to `total − 1`, each set of them as likely as the others, ascending.
  public mutating func subset(_ count: Int, of total: Int) -> [Int] {
    var chosen: [Int] = []
    chosen.reserveCapacity(min(count, total))
    var missing = min(count, total)
    for index in 0..<total where missing > 0 && below(total - index) < missing {
      chosen.append(index)
      missing -= 1
    }
    return chosen
  }
}
