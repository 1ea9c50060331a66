import Micro

extension OptionsRecord {
  /// The table that an operator writes; nil when the options are not this operator's.
  ///
  /// int16 sums are written for any scale (`isWide`); readers other than TFLM want to be told.
  init?(_ options: MicroOptions, of code: BuiltinOperator, isWide: Bool) {
    let table = code.optionsTable
    switch (options, table) {
    case (.none, _): self.init(0)
    case (.empty(let union), _): self.init(union)
    case (.convolution(let o), 1):
      self.init(
        table, o.padding.number, o.strideWidth, o.strideHeight, o.activation.number, o.dilationWidth,
        o.dilationHeight, o.biasType.number)
    case (.depthwise(let o, let depthMultiplier), 2):
      self.init(
        table, o.padding.number, o.strideWidth, o.strideHeight, depthMultiplier, o.activation.number,
        o.dilationWidth, o.dilationHeight)
    case (.transposedConvolution(let o), 49):
      self.init(
        table, o.padding.number, o.strideWidth, o.strideHeight, o.activation.number, o.biasType.number)
    case (.pool(let o), 5):
      self.init(
        table, o.padding.number, o.strideWidth, o.strideHeight, o.filterWidth, o.filterHeight,
        o.activation.number)
    case (.fullyConnected(let o), 8):
      self.init(
        table, o.activation.number, Int(o.weightsFormat), o.keepsDimensions.number, o.asymmetricInputs.number,
        o.biasType.number)
    case (.batchMatMul(let adjointX, let adjointY, let asymmetricInputs), 101):
      self.init(table, adjointX.number, adjointY.number, asymmetricInputs.number)
    case (.svdf(let rank, let activation, let asymmetricInputs), 6):
      self.init(table, rank, activation.number, asymmetricInputs.number)
    case (.lstm(let o), 71):
      self.init(
        table, o.activation.number, o.isTimeMajor.number, o.asymmetricInputs.number,
        o.diagonalRecurrent.number)
      reals = [o.cellClip, o.projectionClip]
    case (.arithmetic(let activation), 11), (.arithmetic(let activation), 28):
      self.init(table, activation.number, isWide.number)
    case (.arithmetic(let activation), 12), (.arithmetic(let activation), 21),
      (.arithmetic(let activation), 29):
      self.init(table, activation.number)
    default:
      self.init(movement: options, table)
    }
  }

  private init?(movement options: MicroOptions, _ table: UInt8) {
    switch (options, table) {
    case (.softmax(let real), 9), (.leakyRelu(let real), 75):
      self.init(table)
      reals = [real]
    case (.concatenation(let axis, let activation), 10): self.init(table, axis, activation.number)
    case (.resize(let alignCorners, let halfPixelCenters), 15),
      (.resize(let alignCorners, let halfPixelCenters), 74):
      self.init(table, alignCorners.number, halfPixelCenters.number)
    case (.reshape(let sizes), 17), (.squeeze(let sizes), 30):
      self.init(table)
      list = sizes
    case (.blocks(let size), 19), (.blocks(let size), 94): self.init(table, size)
    case (.gather(let axis, let batchDimensions), 23): self.init(table, axis, batchDimensions)
    case (.reduction(let keepsDimensions), 27): self.init(table, keepsDimensions.number)
    case (.stridedSlice(let o), 32):
      self.init(
        table, o.beginMask, o.endMask, o.ellipsisMask, o.newAxisMask, o.shrinkAxisMask, o.offset.number)
    case (.split(let count), 35), (.split(let count), 79): self.init(table, count)
    case (.cast(let from, let to), 37): self.init(table, from.number, to.number)
    case (.result(let type), 40), (.result(let type), 55), (.result(let type), 57):
      self.init(table, type.number)
    case (.pack(let count, let axis), 59), (.unpack(let count, let axis), 64): self.init(table, count, axis)
    case (.mirrorPad(let isSymmetric), 77): self.init(table, isSymmetric.number)
    case (.cumulativeSum(let isExclusive, let isReversed), 102):
      self.init(table, isExclusive.number, isReversed.number)
    case (.gelu(let isApproximate), 116): self.init(table, isApproximate.number)
    case (.conditional(let first, let second), 92), (.loop(let first, let second), 93):
      self.init(table, first, second)
    case (.callOnce(let subgraph), 103): self.init(table, subgraph)
    case (.variable(let container, let sharedName), 111):
      self.init(table)
      texts = [container, sharedName]
    default: return nil
    }
  }
}

extension RawRepresentable where RawValue == Int8 {
  fileprivate var number: Int { Int(rawValue) }
}

extension Bool {
  fileprivate var number: Int { self ? 1 : 0 }
}
