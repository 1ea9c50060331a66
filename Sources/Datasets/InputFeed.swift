import Graph
import Storage

/// One input's samples on their way into the model: read, cast, normalized and arranged.
struct InputFeed: Sendable {
  let source: any SampleSource
  let input: DataInput
  let normalization: Normalization?
  /// The sizes that every stored sample must have: those of the first.
  private let storedSizes: [Int]
  private let arrangement: Arrangement
  private let channelAxis: Int

  init(_ source: any SampleSource, for input: DataInput, settings: DataSettings) throws(Diagnostic) {
    self.source = source
    self.input = input
    let first = try source.sample(at: 0)
    storedSizes = first.sizes
    arrangement = try Self.arrangement(of: first, source, input, settings)
    normalization =
      input.element == .float32
      ? Normalization(
        scale: settings.scale, mean: settings.mean, deviation: settings.standardDeviation) : nil
    try normalization?.check((mean: "--mean", deviation: "--std"))
    channelAxis =
      try normalization?.channelAxis(
        of: arrangement.view, known: arrangement.channelAxis, what: "a sample of '\(source.name(at: 0))'")
      ?? 0
  }

  private static func arrangement(
    of first: TensorValue, _ source: any SampleSource, _ input: DataInput, _ settings: DataSettings
  ) throws(Diagnostic) -> Arrangement {
    let taken = input.sampleSizes
    if source.isExact {
      guard first.sizes == input.shape.perSample else {
        throw mismatch(first, source, input, hint: "the data must be made for this model")
      }
      return Arrangement(view: first.sizes, permutation: nil, channelAxis: nil)
    }
    // A form of data that arranges its own samples is not described by the flag; the model then is.
    let match = LayoutMatch(
      stored: first.sizes, taken: taken, dataLayout: source.layout ?? settings.layout,
      modelLayout: source.layout != nil ? settings.layout ?? input.layout : input.layout)
    do throws(LayoutMatch.Failure) {
      return try match.arrangement()
    } catch {
      if error == .ambiguous {
        throw Diagnostic(
          .badData,
          "samples of '\(source.name(at: 0))' have the sizes \(first.sizes), which fit input '\(input.name)' "
            + "\(input.shape) with channels first and with channels last",
          hint: "say how the data are arranged: --data-layout nchw, nhwc, ncw or nwc")
      }
      throw mismatch(first, source, input, hint: hint(first, source, input))
    }
  }

  private static func mismatch(
    _ first: TensorValue, _ source: any SampleSource, _ input: DataInput, hint: String
  ) -> Diagnostic {
    Diagnostic(
      .badData,
      "'\(source.name(at: 0))' has the sizes \(first.sizes) (\(first.elementCount) elements), input "
        + "'\(input.name)' takes \(input.shapeText) (\(input.shape.elementCountPerSample) per sample)",
      hint: hint
    )
  }

  private static func hint(_ first: TensorValue, _ source: any SampleSource, _ input: DataInput) -> String {
    let sizes = input.sampleSizes
    if source.layout == .nhwc, sizes.count >= 2 {
      let isLast = sizes.count < 3 || sizes[sizes.count - 1] <= 4
      let spatial = isLast ? sizes.prefix(2) : sizes.suffix(2)
      return "resize the pictures: --resize \(spatial.last!)x\(spatial.first!)"
    }
    if source.layout == .nwc {
      return "cut or pad the sound with --crop, or convert it to the sample rate and channels of the model"
    }
    if let table = source as? TableSource, table.labelColumn == nil,
      first.elementCount == input.shape.elementCountPerSample + 1
    {
      return "if a column holds the labels, name it: --label-column NAME (or -1 for the last)"
    }
    if first.elementCount == input.shape.elementCountPerSample {
      return "the number of elements agrees, the axes do not: save the data in the model's shape"
    }
    return "the first dimension of the data counts the samples; the others must fit the model"
  }

  /// The sample, shaped as a batch of one.
  func sample(at index: Int) throws(Diagnostic) -> TensorValue {
    let value = TensorValue(type: input.element, sizes: input.sizes(batch: 1))
    try write(index, into: value.bytes)
    return value
  }

  func batch(_ indices: [Int]) throws(Diagnostic) -> TensorValue {
    let value = TensorValue(type: input.element, sizes: input.sizes(batch: indices.count))
    let stride = input.shape.elementCountPerSample * input.element.byteCount
    let axis = input.batchAxis ?? 0
    // Blocks of a sample that stay together in the batch: all of it when the batch axis leads.
    let outer = Shape.elementCount(Array(input.shape.perSample.prefix(axis)))
    let block = stride / max(1, outer)
    for (position, index) in indices.enumerated() {
      if outer == 1 {
        try write(index, into: value.bytes[(position * stride)..<((position + 1) * stride)])
        continue
      }
      let single = try sample(at: index)
      for row in 0..<outer {
        let target = (row * indices.count + position) * block
        value.bytes[target..<(target + block)].copy(from: single.bytes[(row * block)..<((row + 1) * block)])
      }
    }
    return value
  }

  /// Reads sample `index` into the elements at `target`.
  private func write(_ index: Int, into target: View<UInt8>) throws(Diagnostic) {
    let stored = try source.sample(at: index)
    guard stored.sizes == storedSizes else {
      throw Diagnostic(
        .badData,
        "'\(source.name(at: index))' has the sizes \(stored.sizes), '\(source.name(at: 0))' has \(storedSizes)",
        hint: source.layout == .nhwc
          ? "all samples must have one size: --resize brings them to it" : "all samples must have one size")
    }
    if arrangement.permutation == nil {
      try cast(stored, into: target, name: index)
      normalize(target)
      return try checkFinite(target, stored, name: index)
    }
    let staged = TensorValue(type: input.element, sizes: arrangement.view)
    try cast(stored, into: staged.bytes, name: index)
    normalize(staged.bytes)
    try checkFinite(staged.bytes, stored, name: index)
    target.copy(from: staged.permuted(arrangement.permutation!).bytes)
  }

  /// What a sample that holds NaN or infinity would give says nothing of the model.
  private func checkFinite(_ bytes: View<UInt8>, _ stored: TensorValue, name index: Int) throws(Diagnostic) {
    guard input.element == .float32, stored.type.isFloat else { return }
    let values = bytes.reinterpreted(as: Float.self)
    // The exponent alone tells, and a maximum has no branches.
    var magnitude: UInt32 = 0
    for position in 0..<values.count { magnitude = max(magnitude, values[position].magnitude.bitPattern) }
    guard magnitude >= Float.infinity.bitPattern else { return }
    throw Diagnostic(
      .badData, "'\(source.name(at: index))' holds NaN or infinity", hint: "mend or leave out this sample")
  }

  private func normalize(_ bytes: View<UInt8>) {
    normalization?.apply(to: bytes.reinterpreted(as: Float.self), sizes: arrangement.view, axis: channelAxis)
  }

  private func cast(_ stored: TensorValue, into target: View<UInt8>, name index: Int) throws(Diagnostic) {
    if stored.type == input.element {
      target.copy(from: stored.bytes)
      return
    }
    if input.element == .float32 {
      Codec.convertToFloat(
        stored.bytes, type: SourceType(stored.type), into: target.reinterpreted(as: Float.self))
      return
    }
    let value = TensorValue(type: input.element, sizes: stored.sizes, bytes: target)
    let range = input.element.integerRange ?? 0...0
    for position in 0..<stored.elementCount {
      guard let integer = stored.wholeNumber(at: position), range.contains(integer) else {
        throw Diagnostic(
          .badData,
          "'\(source.name(at: index))' holds \(stored.text(at: position)) at element \(position); input "
            + "'\(input.name)' takes \(input.element)",
          hint: "save the data as \(input.element)")
      }
      value.setInteger(integer, at: position)
    }
  }
}

extension TensorValue {
  /// Element `index` when it is a whole number that fits.
  func wholeNumber(at index: Int) -> Int? {
    switch type {
    case .float32: Int(exactly: floats[index])
    case .uint64: Int(exactly: elements(as: UInt64.self)[index])
    default: integer(at: index)
    }
  }

  /// Element `index` for a message.
  func text(at index: Int) -> String {
    switch type {
    case .float32: "\(floats[index])"
    case .uint64: "\(elements(as: UInt64.self)[index])"
    default: "\(integer(at: index))"
    }
  }

  /// The elements as floats, whatever they are.
  public func asFloats() -> TensorValue {
    if type == .float32 { return self }
    let result = TensorValue(type: .float32, sizes: sizes)
    Codec.convertToFloat(bytes, type: SourceType(type), into: result.floats)
    return result
  }
}
