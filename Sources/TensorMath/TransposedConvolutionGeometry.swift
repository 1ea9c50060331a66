/// The extents of a transposed convolution over one to three spatial axes, channels last.
///
///     TransposedConvolutionGeometry(
///       input: [8, 8], kernel: [2, 2], strides: [2, 2], inputChannels: 32, outputChannels: 16)
public struct TransposedConvolutionGeometry: Sendable, Hashable {
  public var input: [Int]
  public var kernel: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  /// What is cut off the output's front and back.
  public var padBefore: [Int]
  public var padAfter: [Int]
  /// What is added at its back.
  public var outputPadding: [Int]
  public var groups: Int
  public var inputChannels: Int
  public var outputChannels: Int

  public init(
    input: [Int], kernel: [Int], strides: [Int]? = nil, dilations: [Int]? = nil, padBefore: [Int]? = nil,
    padAfter: [Int]? = nil, outputPadding: [Int]? = nil, groups: Int = 1, inputChannels: Int,
    outputChannels: Int
  ) {
    let ones = [Int](repeating: 1, count: input.count)
    let zeros = [Int](repeating: 0, count: input.count)
    self.input = input
    self.kernel = kernel
    self.strides = strides ?? ones
    self.dilations = dilations ?? ones
    self.padBefore = padBefore ?? zeros
    self.padAfter = padAfter ?? zeros
    self.outputPadding = outputPadding ?? zeros
    self.groups = groups
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    precondition((1...3).contains(input.count), "transposed convolutions have one to three spatial axes")
    precondition(
      [kernel, self.strides, self.dilations, self.padBefore, self.padAfter, self.outputPadding].allSatisfy {
        $0.count == input.count
      })
    precondition(
      self.strides.allSatisfy { $0 > 0 } && self.dilations.allSatisfy { $0 > 0 }
        && kernel.allSatisfy { $0 > 0 })
    precondition(groups > 0 && inputChannels % groups == 0 && outputChannels % groups == 0)
  }

  /// The spatial extents of the output.
  public var output: [Int] {
    input.indices.map { axis in
      let reach = (kernel[axis] - 1) * dilations[axis] + 1
      return max(
        0,
        (input[axis] - 1) * strides[axis] + reach - padBefore[axis] - padAfter[axis] + outputPadding[axis])
    }
  }

  /// Elements of the filter `[outputs, kernel..., inputs / groups]`.
  public var filterCount: Int { outputChannels * kernel.reduce(1, *) * (inputChannels / groups) }

  /// The same with leading axes of extent 1.
  var withThreeAxes: TransposedConvolutionGeometry {
    func three(_ values: [Int], _ filler: Int) -> [Int] {
      [Int](repeating: filler, count: 3 - values.count) + values
    }
    return TransposedConvolutionGeometry(
      input: three(input, 1), kernel: three(kernel, 1), strides: three(strides, 1),
      dilations: three(dilations, 1),
      padBefore: three(padBefore, 0), padAfter: three(padAfter, 0), outputPadding: three(outputPadding, 0),
      groups: groups, inputChannels: inputChannels, outputChannels: outputChannels)
  }
}
