import Storage
import TensorMath

/// TFLM's arithmetic, written down once more from its definition, one number at a time.
enum NaiveInt8 {
  /// a·b / 2^31 to the nearest, ties upwards.
  static func highProduct(_ a: Int32, _ b: Int32) -> Int32 {
    Int32(truncatingIfNeeded: (Int64(a) * Int64(b) + (1 << 30)) >> 31)
  }

  /// x / 2^exponent to the nearest, ties away from zero.
  static func roundedShift(_ x: Int32, _ exponent: Int32) -> Int32 {
    guard exponent > 0 else { return x }
    let half = Int64(1) << (exponent - 1)
    let magnitude = (abs(Int64(x)) + half) >> exponent
    return Int32(x < 0 ? -magnitude : magnitude)
  }

  static func apply(_ multiplier: Int32, _ shift: Int32, to x: Int32) -> Int32 {
    roundedShift(highProduct(x << max(shift, 0), multiplier), max(-shift, 0))
  }

  static func finish(_ x: Int32, _ zeroPoint: Int32, _ bounds: ClosedRange<Int32>) -> Int8 {
    Int8(min(max(x &+ zeroPoint, bounds.lowerBound), bounds.upperBound))
  }

  static func rescale(_ x: Int32, _ rescaling: Int8Rescaling, channel: Int) -> Int8 {
    let index = rescaling.multipliers.count == 1 ? 0 : channel
    return finish(
      apply(rescaling.multipliers[index], rescaling.shifts[index], to: x), rescaling.zeroPoint,
      rescaling.bounds)
  }

  /// One sample; `weight` tells that of (output channel, kernel y, kernel x, input channel), nil where there is none.
  static func convolve(
    _ window: Int8Window, _ input: [Int8], inputs: Int, outputs: Int, bias: [Int32]?, zeroPoint: Int32,
    rescaling: Int8Rescaling, channels: (Int) -> Range<Int>, weight: (Int, Int, Int, Int) -> Int8
  ) -> [Int8] {
    var result: [Int8] = []
    for y in 0..<window.output.y {
      for x in 0..<window.output.x {
        for output in 0..<outputs {
          var sum = bias?[output] ?? 0
          for ky in 0..<window.kernel.y {
            for kx in 0..<window.kernel.x {
              let iy = y * window.stride.y + ky * window.dilation.y - window.padBefore.y
              let ix = x * window.stride.x + kx * window.dilation.x - window.padBefore.x
              guard (0..<window.input.y).contains(iy), (0..<window.input.x).contains(ix) else { continue }
              for channel in channels(output) {
                let value = Int32(input[(iy * window.input.x + ix) * inputs + channel]) - zeroPoint
                sum = sum &+ value &* Int32(weight(output, ky, kx, channel))
              }
            }
          }
          result.append(rescale(sum, rescaling, channel: output))
        }
      }
    }
    return result
  }
}

extension RandomNumbers {
  mutating func bytes(_ count: Int) -> [Int8] {
    (0..<count).map { _ in Int8(truncatingIfNeeded: next() >> 20) }
  }

  mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(next() >> 8) % (range.upperBound - range.lowerBound + 1)
  }

  /// Factors that bring sums of about `magnitude` to bytes, at times with odd ones among them.
  mutating func rescaling(_ channels: Int, magnitude: Int) -> Int8Rescaling {
    let middle = 6 - Int(magnitude.bitWidth - magnitude.leadingZeroBitCount)
    let isOdd = next() % 4 == 0
    return Int8Rescaling(
      multipliers: (0..<channels).map { _ in Int32(integer(1 << 30...Int(Int32.max))) },
      shifts: (0..<channels).map { _ in
        Int32(isOdd ? integer(-31...4) : min(0, max(-31, integer(middle - 2...middle + 2))))
      }, zeroPoint: Int32(integer(-128...127)), bounds: pick([-128...127, -128...127, 0...90, -100 ... -3]))
  }
}
