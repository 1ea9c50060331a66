import Graph
import Testing

@testable import Lowering

@Suite("Legalization: windows")
struct LegalizationWindowTests {
  /// Everything between the first and the last window stays 2-D: two reshapes in all.
  @Test func oneDimensionalRun() throws {
    for seed in 1...4 {
      var sketch = LegalizationSketch(seed: seed)
      let width = sketch.integer(12...20)
      let x = sketch.input([.batch(1), .fixed(width), 3])
      func convolution(_ kernel: Int, pad: Int) -> Operation {
        .convolution(
          Convolution(
            window: WindowGeometry(size: [kernel], padBefore: [pad], padAfter: [pad]), layout: .channelsLast,
            clamp: .relu))
      }
      var y = try sketch.apply(convolution(5, pad: 2), [x, sketch.noise([4, 5, 3]), sketch.noise([4])])
      let pool = Pool(
        kind: .maximum, window: WindowGeometry(size: [2], strides: [2]), layout: .channelsLast)
      y = try sketch.apply(.pool(pool), [y])
      let z = try sketch.apply(convolution(3, pad: 1), [y, sketch.noise([4, 3, 4]), sketch.noise([4])])
      y = try sketch.apply(.binary(.add, clamp: nil), [y, z])
      y = try sketch.apply(.unary(.tanh), [y])
      y = try sketch.apply(.concat(axis: 2), [y, z])
      y = try sketch.apply(convolution(3, pad: 0), [y, sketch.noise([5, 3, 8]), sketch.noise([5])])
      sketch.output(try sketch.apply(.reduce(.mean, axes: [1], keepsAxes: false), [y]))
      let legal = try expectSame(sketch)
      #expect(legal.graph.operatorNames.filter { $0 == "reshape" }.count == 1)
      #expect(legal.graph.operatorNames.last == "reduce mean")
    }
  }

  @Test func maximumPoolsWithAnyPadding() throws {
    for seed in 1...24 {
      var sketch = LegalizationSketch(seed: seed)
      let x = sketch.input([.batch(1), .fixed(sketch.integer(5...9)), .fixed(sketch.integer(5...9)), 2])
      let size = [sketch.integer(2...4), sketch.integer(2...4)]
      let window = WindowGeometry(
        size: size, strides: [sketch.integer(1...3), sketch.integer(1...3)],
        dilations: seed % 3 == 0 ? [2, 1] : [1, 1],
        padBefore: size.map { sketch.integer(0...($0 - 1)) },
        padAfter: size.map { sketch.integer(0...($0 - 1)) })
      let pool = Pool(
        kind: .maximum, window: window, roundsUp: seed % 2 == 0, layout: .channelsLast)
      sketch.output(try sketch.apply(.pool(pool), [x]))
      try expectSame(sketch, budget: 0)
    }
  }

  @Test func averagePoolsWithAnyPadding() throws {
    for seed in 1...24 {
      var sketch = LegalizationSketch(seed: seed)
      let x = sketch.input([.batch(1), .fixed(sketch.integer(5...9)), .fixed(sketch.integer(5...9)), 2])
      let size = [sketch.integer(2...4), sketch.integer(2...4)]
      let roundsUp = seed % 2 == 0
      let window = WindowGeometry(
        size: size, strides: [sketch.integer(1...3), sketch.integer(1...3)],
        padBefore: size.map { sketch.integer(0...($0 - 1)) },
        padAfter: size.map { sketch.integer(0...($0 - 1)) })
      let pool = Pool(
        kind: .average(countsPadding: seed % 3 == 0), window: window, roundsUp: roundsUp,
        layout: .channelsLast)
      sketch.output(try sketch.apply(.pool(pool), [x]))
      try expectSame(sketch)
    }
  }

  @Test func normPools() throws {
    for power in 1...2 {
      var sketch = LegalizationSketch(seed: power)
      let x = sketch.input([.batch(1), 6, 6, 3])
      let window = WindowGeometry(size: [3, 3], strides: [2, 2], padBefore: [1, 1], padAfter: [1, 1])
      sketch.output(
        try sketch.apply(.pool(Pool(kind: .lp(power), window: window, layout: .channelsLast)), [x]))
      try expectSame(sketch)
    }
  }

  @Test func transposedConvolutionsOfAllKinds() throws {
    for (groups, dilations) in [(1, [2, 3]), (2, [1, 1]), (4, [2, 1]), (1, [1, 1])] {
      var sketch = LegalizationSketch(seed: groups)
      let x = sketch.input([.batch(1), 5, 4, 4])
      let window = WindowGeometry(
        size: [3, 2], strides: [2, 2], dilations: dilations, padBefore: [1, 0], padAfter: [0, 1])
      let convolution = TransposedConvolution(
        window: window, outputPadding: [1, 0], groups: groups, layout: .channelsLast)
      sketch.output(
        try sketch.apply(
          .transposedConvolution(convolution), [x, sketch.noise([8, 3, 2, 4 / groups]), sketch.noise([8])]))
      let legal = try expectSame(sketch)
      for node in legal.graph.operators {
        guard case .transposedConvolution(let written) = node.operation else { continue }
        #expect(written.groups == 1 && written.window.dilations == [1, 1])
      }
    }
  }

  @Test func croppingConvolutions() throws {
    var sketch = LegalizationSketch()
    let x = sketch.input([.batch(1), 7, 8, 3])
    let window = WindowGeometry(size: [3, 3], padBefore: [-1, 1], padAfter: [1, -2])
    sketch.output(
      try sketch.apply(
        .convolution(Convolution(window: window, layout: .channelsLast)), [x, sketch.noise([2, 3, 3, 3])]))
    try expectSame(sketch)
  }

  @Test func resizesOfAllKinds() throws {
    let modes: [Resize.Mode] = [.linear, .cubic(coefficient: -0.75), .nearest(.preferFloor), .nearest(.ceil)]
    let coordinates: [Resize.Coordinates] = [.halfPixel, .alignCorners, .asymmetric, .pytorchHalfPixel]
    for (seed, output) in [[7, 9], [3, 5], [8, 3]].enumerated() {
      for mode in modes {
        for coordinate in coordinates {
          var sketch = LegalizationSketch(seed: seed)
          let x = sketch.input([.batch(1), 4, 6, 3])
          let resize = Resize(
            mode: mode, coordinates: coordinate,
            output: [.batch(1), .fixed(output[0]), .fixed(output[1]), 3],
            scales: [1, Float(output[0]) / 4, Float(output[1]) / 6, 1],
            antialias: mode == .linear && seed == 1)
          sketch.output(try sketch.apply(.resize(resize), [x]))
          try expectSame(sketch)
        }
      }
    }
  }
}
