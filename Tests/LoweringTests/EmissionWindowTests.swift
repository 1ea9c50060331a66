import Graph
import Micro
import Testing

@testable import Lowering

// Budgets: floats differ by the order of their sums alone; int8 results by half a step of rounding, plus what rounded
// operands and weights add (half a step of their own each, over up to 36 taps; a clamp makes the
// steps of the result up to three times finer).
@Suite("Emission: windows")
struct EmissionWindowTests {
  @Test func convolutionsWithAnyPaddingAndClamp() throws {
    let clamps: [FusedClamp?] = [
      nil, .relu, .relu6, FusedClamp(minimum: -1, maximum: 1), FusedClamp(minimum: -0.5, maximum: 2),
    ]
    for seed in 1...30 {
      var sketch = LegalizationSketch(seed: seed)
      let channels = [1, 3, 4][seed % 3]
      let x = sketch.input([
        .batch(1), .fixed(sketch.integer(5...9)), .fixed(sketch.integer(5...9)), .fixed(channels),
      ])
      let size = [sketch.integer(1...3), sketch.integer(1...3)]
      let groups = seed % 4 == 0 ? channels : channels == 4 && seed % 4 == 1 ? 2 : 1
      let window = WindowGeometry(
        size: size, strides: [sketch.integer(1...2), sketch.integer(1...2)],
        dilations: seed % 5 == 0 ? [2, 1] : [1, 1], padBefore: size.map { sketch.integer(0...($0 - 1)) },
        padAfter: size.map { sketch.integer(0...($0 - 1)) })
      let outputs = channels * sketch.integer(1...2)
      let filter = sketch.noise([outputs] + size + [channels / groups])
      let bias = seed % 2 == 0 ? sketch.noise([outputs]) : nil
      let convolution = Convolution(
        window: window, groups: groups, layout: .channelsLast, clamp: clamps[seed % clamps.count])
      sketch.output(try sketch.apply(.convolution(convolution), [x, filter, bias]))
      let float = try sketch.loweredToFloat()
      #expect(float.errors[0] < 1e-5, "seed \(seed)")
      let int8 = try sketch.loweredToInt8()
      #expect(int8.errors[0] < 5, "seed \(seed)")
      // A depthwise kernel without a bias stops a device.
      for added in int8.model.main.operators where added.code == .depthwiseConv2D {
        #expect(added.inputs.count == 3)
      }
    }
  }

  /// Weights that are all but zero keep their bias.
  @Test func aChannelWithoutWeightsKeepsItsBias() throws {
    var sketch = LegalizationSketch(seed: 3)
    let x = sketch.input([.batch(1), 4, 4, 2])
    let filter = sketch.constant([0.5, -1, 1e-30, 0, 0, 0], [3, 1, 1, 2])
    let bias = sketch.constant([0.25, 0.75, -1.5], [3])
    let convolution = Convolution(window: WindowGeometry(size: [1, 1]), layout: .channelsLast)
    sketch.output(try sketch.apply(.convolution(convolution), [x, filter, bias]))
    #expect(try sketch.loweredToInt8().errors[0] < 1.5)
  }

  @Test func poolsOnThePaddingOfTheDevice() throws {
    for seed in 1...12 {
      var sketch = LegalizationSketch(seed: seed)
      let x = sketch.input([.batch(1), 8, 6, 3])
      let isPadded = seed % 3 == 0
      let window = WindowGeometry(
        size: [3, 3], strides: [sketch.integer(1...2), 1], padBefore: isPadded ? [1, 1] : nil,
        padAfter: isPadded ? [1, 1] : nil)
      var kind = Pool.Kind.maximum
      if seed % 2 == 0 { kind = .average(countsPadding: seed % 4 == 0) }
      sketch.output(try sketch.apply(.pool(Pool(kind: kind, window: window, layout: .channelsLast)), [x]))
      #expect(try sketch.loweredToFloat().errors[0] < 1e-5, "seed \(seed)")
      #expect(try sketch.loweredToInt8().errors[0] < 1.1, "seed \(seed)")
    }
  }

  @Test func transposedConvolutions() throws {
    for seed in 1...24 {
      var sketch = LegalizationSketch(seed: seed)
      let x = sketch.input([.batch(1), .fixed(sketch.integer(2...5)), .fixed(sketch.integer(2...5)), 3])
      let size = [sketch.integer(1...4), sketch.integer(1...4)]
      let strides = [sketch.integer(1...3), sketch.integer(1...3)]
      let convolution = TransposedConvolution(
        window: WindowGeometry(
          size: size, strides: strides, padBefore: size.map { sketch.integer(0...($0 - 1) / 2) },
          padAfter: size.map { sketch.integer(0...($0 - 1) / 2) }),
        outputPadding: strides.map { sketch.integer(0...($0 - 1)) }, layout: .channelsLast,
        clamp: seed % 3 == 0 ? .relu : nil)
      sketch.output(
        try sketch.apply(
          .transposedConvolution(convolution), [x, sketch.noise([2] + size + [3]), sketch.noise([2])]))
      #expect(try sketch.loweredToFloat().errors[0] < 1e-5, "seed \(seed)")
      #expect(try sketch.loweredToInt8().errors[0] < 2.5, "seed \(seed)")
    }
  }

  @Test func resizesOnlyWhereTheDeviceTakesTheSameElements() throws {
    let coordinates: [Resize.Coordinates] = [.halfPixel, .pytorchHalfPixel, .alignCorners, .asymmetric]
    let modes: [Resize.Mode] = [
      .linear, .nearest(.floor), .nearest(.ceil), .nearest(.preferFloor), .nearest(.preferCeil),
    ]
    var emitted = 0
    for (index, place) in coordinates.enumerated() {
      for mode in modes {
        for factor in [2, 3] {
          var sketch = LegalizationSketch(seed: index + 1)
          let x = sketch.input([.batch(1), 4, 5, 2])
          let shape: Shape = [.batch(1), .fixed(4 * factor), .fixed(5 * factor), 2]
          let scales = [1, Float(factor), Float(factor), 1]
          let resize = Resize(mode: mode, coordinates: place, output: shape, scales: scales)
          sketch.output(try sketch.apply(.resize(resize), [x]))
          do {
            #expect(try sketch.loweredToFloat().errors[0] < 1e-5, "\(place) \(mode) \(factor)")
            // Positions have ten bits: a third is off by up to a part in 200 at the far end of 14 positions.
            #expect(
              try sketch.loweredToInt8().errors[0] < (factor == 3 ? 2.5 : 1.1), "\(place) \(mode) \(factor)")
            emitted += 1
          } catch let error as Diagnostic {
            #expect(error.kind == .unsupported)
          }
        }
      }
    }
    // The others round to other elements than the device.
    #expect(emitted == 23)
  }
}
