/// The window of an integer convolution, depthwise convolution or pool over one sample, channels last.
///
/// The output's extents are given, as TFLM takes them from the file; taps outside the image count as the zero point.
///
///     let window = Int8Window(
///       input: (32, 32), kernel: (3, 3), stride: (2, 2), padBefore: (0, 0), output: (16, 16))
public struct Int8Window: Sendable, Hashable {
  /// A height and a width, or whatever there is one of for each.
  public struct Pair: Sendable, Hashable {
    public var y: Int
    public var x: Int

    public init(_ y: Int, _ x: Int) {
      self.y = y
      self.x = x
    }

    var product: Int { y * x }
  }

  public var input: Pair
  public var kernel: Pair
  public var stride: Pair
  public var dilation: Pair
  public var padBefore: Pair
  public var output: Pair

  public init(
    input: (Int, Int), kernel: (Int, Int), stride: (Int, Int) = (1, 1), dilation: (Int, Int) = (1, 1),
    padBefore: (Int, Int) = (0, 0), output: (Int, Int)
  ) {
    self.input = Pair(input.0, input.1)
    self.kernel = Pair(kernel.0, kernel.1)
    self.stride = Pair(stride.0, stride.1)
    self.dilation = Pair(dilation.0, dilation.1)
    self.padBefore = Pair(padBefore.0, padBefore.1)
    self.output = Pair(output.0, output.1)
    precondition(
      [self.kernel, self.stride, self.dilation].allSatisfy { $0.y > 0 && $0.x > 0 }
        && [self.input, self.padBefore, self.output].allSatisfy { $0.y >= 0 && $0.x >= 0 })
  }

  /// What the output positions reach over: the extents of the padded image, as far as it is read.
  var frame: Pair {
    guard output.product > 0 else { return Pair(0, 0) }
    return Pair(
      (output.y - 1) * stride.y + (kernel.y - 1) * dilation.y + 1,
      (output.x - 1) * stride.x + (kernel.x - 1) * dilation.x + 1)
  }
}

/// How sums become bytes: TFLM's factor per channel, then the zero point, then the bounds.
///
/// A factor is `multiplier / 2^31 * 2^shift`, applied with TFLM's two roundings.
public struct Int8Rescaling: Sendable, Hashable {
  /// One per output channel, or one for all; the same for the shifts.
  public var multipliers: [Int32]
  /// Within −31...30.
  public var shifts: [Int32]
  public var zeroPoint: Int32
  /// Within −128...127.
  public var bounds: ClosedRange<Int32>

  public init(
    multipliers: [Int32], shifts: [Int32], zeroPoint: Int32, bounds: ClosedRange<Int32> = -128...127
  ) {
    precondition(multipliers.count == shifts.count && shifts.allSatisfy { (-31...30).contains($0) })
    precondition(
      multipliers.allSatisfy { $0 > Int32.min } && bounds.lowerBound >= -128 && bounds.upperBound <= 127)
    self.multipliers = multipliers
    self.shifts = shifts
    self.zeroPoint = zeroPoint
    self.bounds = bounds
  }
}
