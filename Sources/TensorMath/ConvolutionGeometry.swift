import CKernels

/// The extents of a convolution over one to three spatial axes, channels last.
///
///     ConvolutionGeometry(
///       input: [32, 32], kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1], inputChannels: 16, outputChannels: 32)
public struct ConvolutionGeometry: Sendable, Hashable {
  public var input: [Int]
  public var kernel: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  public var padBefore: [Int]
  public var padAfter: [Int]
  public var groups: Int
  public var inputChannels: Int
  public var outputChannels: Int

  public init(
    input: [Int], kernel: [Int], strides: [Int]? = nil, dilations: [Int]? = nil, padBefore: [Int]? = nil,
    padAfter: [Int]? = nil, groups: Int = 1, inputChannels: Int, outputChannels: Int
  ) {
    self.input = input
    self.kernel = kernel
    let ones = [Int](repeating: 1, count: input.count)
    let zeros = [Int](repeating: 0, count: input.count)
    self.strides = strides ?? ones
    self.dilations = dilations ?? ones
    self.padBefore = padBefore ?? zeros
    self.padAfter = padAfter ?? zeros
    self.groups = groups
    self.inputChannels = inputChannels
    self.outputChannels = outputChannels
    precondition((1...3).contains(input.count), "convolutions have one to three spatial axes")
    precondition(
      [kernel, self.strides, self.dilations, self.padBefore, self.padAfter].allSatisfy {
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
      let room = input[axis] + padBefore[axis] + padAfter[axis] - reach
      return room < 0 ? 0 : room / strides[axis] + 1
    }
  }

  /// Kernel positions.
  public var taps: Int { kernel.reduce(1, *) }
  public var inputPositions: Int { input.reduce(1, *) }
  public var outputPositions: Int { output.reduce(1, *) }
  public var inputsPerGroup: Int { inputChannels / groups }
  public var outputsPerGroup: Int { outputChannels / groups }
  /// Elements of the filter `[outputs, kernel..., inputs / groups]`.
  public var filterCount: Int { outputChannels * taps * inputsPerGroup }
  /// Multiply-accumulates for one sample.
  public var macs: Int { outputPositions * filterCount }

  /// Every axis list with ones (or zeros) in front, so that there are three.
  var window: window {
    func three(_ values: [Int], _ filler: Int) -> (Int, Int, Int) {
      let all = [Int](repeating: filler, count: 3 - values.count) + values
      return (all[0], all[1], all[2])
    }
    let extents = three(input, 1)
    return CKernels.window(
      input: extents, output: three(output, 1), kernel: three(kernel, 1), stride: three(strides, 1),
      dilation: three(dilations, 1), pad: three(padBefore, 0),
      step: (extents.1 * extents.2 * inputChannels, extents.2 * inputChannels, inputChannels),
      sample: inputPositions * inputChannels)
  }
}
