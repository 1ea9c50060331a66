import Storage
import TensorMath
import Testing

@Suite struct ConvolutionTests {
  /// One convolution with everything that it is run on.
  struct Case {
    var geometry: ConvolutionGeometry
    var input: View<Float>
    var filter: View<Float>
    var bias: View<Float>?
    var addend: View<Float>?
    var clamp: ClosedRange<Float>?
    var batch: Int

    init(_ geometry: ConvolutionGeometry, batch: Int, plain: Bool = false, random: inout RandomNumbers) {
      self.geometry = geometry
      self.batch = batch
      input = random.floats(batch * geometry.inputPositions * geometry.inputChannels)
      filter = random.floats(geometry.filterCount)
      bias = random.pick([nil, random.floats(geometry.outputChannels)])
      guard !plain else { return }
      addend = random.pick([nil, random.floats(batch * geometry.outputPositions * geometry.outputChannels)])
      clamp = random.pick([nil, 0...Float.infinity, 0...6, -1...1])
    }

    func run(_ workers: Workers, samples: Range<Int>? = nil) -> View<Float> {
      let samples = samples ?? 0..<batch
      let convolution = PackedConvolution(geometry, filter: filter, bias: bias, clamp: clamp)
      let inputCount = geometry.inputPositions * geometry.inputChannels
      let outputCount = geometry.outputPositions * geometry.outputChannels
      let output = View<Float>(count: samples.count * outputCount)
      output.fill(.nan)
      let scratch = View<UInt8>(
        count: convolution.scratchByteCount(batch: samples.count, threads: workers.threads))
      scratch.fill(0xFF)
      convolution.run(
        input: input[samples.lowerBound * inputCount..<samples.upperBound * inputCount], output: output,
        batch: samples.count,
        addend: addend.map { $0[samples.lowerBound * outputCount..<samples.upperBound * outputCount] },
        scratch: scratch, workers: workers)
      return output
    }
  }

  static func randomGeometry(_ random: inout RandomNumbers) -> ConvolutionGeometry {
    let rank = random.pick([1, 2, 2, 2, 3])
    func each(_ values: [Int]) -> [Int] { (0..<rank).map { _ in random.pick(values) } }
    let groups = random.pick([1, 1, 1, 2, 3])
    let depthwise = random.pick([false, false, true])
    let inputs = groups * random.pick([1, 2, 3, 5, 8, 16, 17]),
      outputs = groups * random.pick([1, 2, 7, 16, 19, 33])
    let channels = random.pick([2, 3, 8, 16, 21, 40])
    return ConvolutionGeometry(
      input: each(rank == 3 ? [1, 2, 4, 5] : [1, 2, 3, 5, 7, 8, 11, 13]), kernel: each([1, 2, 3, 3, 4, 5]),
      strides: each([1, 1, 2, 3, 50]), dilations: each([1, 1, 1, 2, 3, 20]), padBefore: each([0, 1, 2, 6]),
      padAfter: each([0, 1, 2, 6]), groups: depthwise ? channels : groups,
      inputChannels: depthwise ? channels : inputs,
      outputChannels: depthwise ? channels * random.pick([1, 1, 2, 3]) : outputs)
  }

  static let winogradGeometries: [ConvolutionGeometry] = [
    (10, 10, 16, 16), (11, 13, 12, 12), (14, 9, 17, 35), (20, 31, 33, 16), (10, 50, 32, 64), (16, 16, 70, 20),
  ].map { height, width, inputs, outputs in
    ConvolutionGeometry(
      input: [height, width], kernel: [3, 3], padBefore: [1, 1], padAfter: [1, 1], inputChannels: inputs,
      outputChannels: outputs)
  }

  @Test func everySetAndThreadCountGivesTheSameBits() {
    var random = RandomNumbers(seed: 5)
    var cases = (0..<120).map { _ in
      Case(ConvolutionTests.randomGeometry(&random), batch: random.pick([1, 2, 3]), random: &random)
    }
    cases += ConvolutionTests.winogradGeometries.map { Case($0, batch: 2, random: &random) }
    for item in cases {
      let expected = bits(item.run(Workers(threads: 1, kernels: .reference)))
      for kernels in KernelSet.available {
        for threads in [1, 2, 7] {
          let found = bits(item.run(Workers(threads: threads, kernels: kernels)))
          #expect(found == expected, "\(item.geometry) \(kernels.name) \(threads) threads")
        }
      }
    }
  }

  @Test func aSampleDoesNotDependOnItsBatch() {
    var random = RandomNumbers(seed: 6)
    for geometry in ConvolutionTests.winogradGeometries
      + (0..<30).map({ _ in ConvolutionTests.randomGeometry(&random) })
    {
      let item = Case(geometry, batch: 5, random: &random)
      let whole = bits(item.run(Workers(threads: 2)))
      let single = (0..<5).flatMap { bits(item.run(Workers(threads: 1), samples: $0..<$0 + 1)) }
      #expect(whole == single, "\(geometry)")
    }
  }

  /// A chain of n terms errs by at most n * 2^-24 of the sum of magnitudes.
  @Test func productsAgreeWithDoublePrecision() {
    var random = RandomNumbers(seed: 7)
    for _ in 0..<150 {
      let geometry = ConvolutionTests.randomGeometry(&random)
      guard !PackedConvolution.usesWinograd(geometry) else { continue }
      let length = Double(geometry.taps * geometry.inputsPerGroup + 1)
      check(Case(geometry, batch: 2, plain: true, random: &random), budget: length * 0x1p-24)
    }
  }

  /// Winograd's sums mix the taps of a patch: a patch value is a sum of four inputs and a filter value one of nine
  /// weights, so the magnitudes that errors scale with are those of a whole patch; with n channels n + 8 roundings
  /// of it stay below 16 * (n + 8) * 2^-24 of an output's own sum of magnitudes, for numbers of like size.
  @Test func winogradAgreesWithDoublePrecision() {
    var random = RandomNumbers(seed: 8)
    for geometry in ConvolutionTests.winogradGeometries {
      #expect(PackedConvolution.usesWinograd(geometry))
      let budget = 16 * Double(geometry.inputChannels + 8) * 0x1p-24
      check(Case(geometry, batch: 1, plain: true, random: &random), budget: budget)
    }
  }

  private func check(_ item: Case, budget: Double) {
    let found = item.run(Workers(threads: 2)).array
    let naive = NaiveConvolution(
      item.geometry, input: item.input, filter: item.filter, bias: item.bias, batch: item.batch)
    #expect(found.count == naive.values.count)
    let worst = found.indices.map {
      abs(Double(found[$0]) - naive.values[$0]) - budget * naive.magnitudes[$0]
    }.max()
    #expect((worst ?? 0) <= 0, "\(item.geometry)")
  }

  /// An infinity stays one, and what it does not reach stays finite: as plain sums have it.
  @Test func infinitiesAndNotANumberPropagateAsInPlainSums() {
    var random = RandomNumbers(seed: 11)
    for geometry in ConvolutionTests.winogradGeometries {
      for value in [Float.infinity, -.infinity, .nan] {
        let item = Case(geometry, batch: 1, plain: true, random: &random)
        item.input[Int(random.next() % UInt64(item.input.count))] = value
        let found = item.run(Workers(threads: 2))
        #expect(bits(found) == bits(item.run(Workers(threads: 1, kernels: .reference))))
        let naive = NaiveConvolution(
          geometry, input: item.input, filter: item.filter, bias: item.bias, batch: 1)
        for index in 0..<found.count where !naive.values[index].isFinite || !found[index].isFinite {
          #expect(found[index].isNaN == naive.values[index].isNaN)
          #expect(found[index].isNaN || Double(found[index]) == naive.values[index])
        }
      }
    }
  }

  @Test func emptyInputsAndBatches() {
    let geometry = ConvolutionGeometry(input: [0, 4], kernel: [1, 1], inputChannels: 2, outputChannels: 2)
    #expect(geometry.output == [0, 4])
    var random = RandomNumbers(seed: 9)
    #expect(Case(geometry, batch: 2, random: &random).run(Workers(threads: 2)).count == 0)
    let padded = ConvolutionGeometry(
      input: [0, 4], kernel: [3, 3], padBefore: [2, 0], padAfter: [2, 0], inputChannels: 2, outputChannels: 2)
    let output = Case(padded, batch: 1, plain: true, random: &random)
    let bias = output.bias ?? View<Float>(count: 2)
    #expect(output.run(Workers(threads: 1)).array == (0..<padded.outputPositions).flatMap { _ in bias.array })
  }
}
