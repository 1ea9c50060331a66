import Graph

extension WindowGeometry {
  /// Whether the device's SAME padding is this padding, on this spatial axis.
  func isSame(_ axis: Int, input: Int, output: Int) -> Bool {
    guard output == (input + strides[axis] - 1) / strides[axis] else { return false }
    return padBefore[axis] == max(0, missing(axis, input: input, output: output)) / 2
  }

  /// Whether no window touches padding, on this spatial axis.
  func isValid(_ axis: Int, input: Int, output: Int) -> Bool {
    padBefore[axis] == 0 && missing(axis, input: input, output: output) <= 0
      && output == (input - span(axis)) / strides[axis] + 1
  }

  /// Positions that the windows need beyond those of the input, on both sides together; negative when some are unused.
  func missing(_ axis: Int, input: Int, output: Int) -> Int {
    (output - 1) * strides[axis] + span(axis) - input
  }

  /// Whether the device can say this padding: SAME or VALID on all axes alike.
  func isNative(input: [Int], output: [Int]) -> Bool {
    size.indices.allSatisfy { isValid($0, input: input[$0], output: output[$0]) }
      || size.indices.allSatisfy { isSame($0, input: input[$0], output: output[$0]) }
  }

  /// The padding that windows really read behind the data.
  func neededAfter(_ axis: Int, input: Int, output: Int) -> Int {
    max(0, missing(axis, input: input, output: output) - padBefore[axis])
  }
}
