import Storage

/// A seeded generator: the tests draw the same numbers on every machine.
struct RandomNumbers: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 &+ 1 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  mutating func floats(_ count: Int) -> View<Float> {
    let view = View<Float>(count: count)
    for index in 0..<count {
      view[index] = Float(Int32(truncatingIfNeeded: next() >> 40)) / Float(1 << 23) - 1
    }
    return view
  }

  mutating func pick<Value>(_ values: [Value]) -> Value { values[Int(next() % UInt64(values.count))] }
}

/// The bit patterns, for comparisons that know no rounding.
func bits(_ view: View<Float>) -> [UInt32] { view.array.map(\.bitPattern) }
