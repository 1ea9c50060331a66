import Graph
import Micro

extension Emission {
  /// The activation of an operator that does what the clamp asks, and what it leaves to do.
  ///
  /// Integers end at the end of their range anyway, so that a clamp beyond it costs nothing.
  func activation(for clamp: FusedClamp?, in numbers: Numbers) -> (MicroActivation, rest: FusedClamp?) {
    guard let clamp else { return (.none, nil) }
    let wanted = bounds(clamp, numbers)
    for candidate in [MicroActivation.none, .relu, .relu6, .reluN1To1] {
      if bounds(candidate.clamp, numbers) == wanted { return (candidate, nil) }
    }
    if clamp.minimum == 0 {
      return (.relu, FusedClamp(minimum: -.infinity, maximum: clamp.maximum))
    }
    return (.none, clamp)
  }

  /// The least and the greatest element that a clamp leaves: integers, or bits of floats.
  private func bounds(_ clamp: FusedClamp, _ numbers: Numbers) -> [Int] {
    guard numbers.isQuantized else { return [clamp.minimum, clamp.maximum].map(Self.ordered) }
    return [
      max(numbers.range.lowerBound, numbers.integer(clamp.minimum)),
      min(numbers.range.upperBound, numbers.integer(clamp.maximum)),
    ]
  }

  /// A number that is equal for equal floats, with one zero.
  private static func ordered(_ value: Float) -> Int {
    value == 0 ? 0 : Int(Int32(bitPattern: value.bitPattern))
  }

  /// The value inside of these bounds, by MAXIMUM and MINIMUM where the numbers do not end there anyway.
  mutating func clamped(_ value: Value, _ clamp: FusedClamp?) -> Value {
    guard let clamp else { return value }
    var result = value
    let numbers = value.numbers
    let ends: ClosedRange<Int>? = numbers.isQuantized ? numbers.range : nil
    if clamp.minimum > -.infinity, ends.map({ numbers.integer(clamp.minimum) > $0.lowerBound }) ?? true {
      let bound = constant(real: clamp.minimum, numbers)
      result = add(.maximum, [result, bound], to: numbers, value.shape, .empty(union: 39))
    }
    if clamp.maximum < .infinity, ends.map({ numbers.integer(clamp.maximum) < $0.upperBound }) ?? true {
      let bound = constant(real: clamp.maximum, numbers)
      result = add(.minimum, [result, bound], to: numbers, value.shape, .empty(union: 39))
    }
    return result
  }
}

extension MicroActivation {
  /// What the activation does, for those that are clamps.
  var clamp: FusedClamp {
    switch self {
    case .relu: .relu
    case .relu6: .relu6
    case .reluN1To1: FusedClamp(minimum: -1, maximum: 1)
    default: FusedClamp(minimum: -.infinity, maximum: .infinity)
    }
  }
}
