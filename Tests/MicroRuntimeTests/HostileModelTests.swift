import Graph
import Micro
import Storage
import TFLiteFormat
import Testing

@testable import MicroRuntime

private func grid(_ scale: Float, _ zeroPoint: Int = 0) -> Quantization {
  Quantization(scales: [scale], zeroPoints: [zeroPoint])
}

/// A model that runs, of one operator between inputs and constants and one result.
private func model(
  _ code: BuiltinOperator, _ inputs: [MicroTensor], _ result: MicroTensor, _ options: MicroOptions = .none
) -> MicroModel {
  var model = MicroModel()
  let operands = inputs.map { model.main.add($0) }
  model.main.inputs = operands.filter { !inputs[$0].isConstant && !inputs[$0].isVariable }
  model.main.outputs = [model.main.add(result)]
  model.main.operators = [
    MicroOperator(code, inputs: operands, outputs: model.main.outputs, options: options)
  ]
  return model
}

private func integers(_ values: [Int64]) -> MicroTensor {
  MicroTensor("i", .int64, [values.count], data: View(values).reinterpreted(as: UInt8.self))
}

private func unary(_ code: BuiltinOperator, _ type: MicroType, _ x: Quantization, _ y: Quantization)
  -> MicroModel
{
  model(
    code, [MicroTensor("x", type, [1, 8], quantization: x)], MicroTensor("y", type, [1, 8], quantization: y),
    code == .l2Normalization ? .arithmetic(activation: .none) : .none)
}

/// Files that no converter writes: each is one change away from a model that runs, and is refused, not run.
@Suite struct HostileModelTests {
  /// Runs on the type's ends.
  private func run(_ model: MicroModel) throws {
    let program = try MicroProgram(model)
    for isLow in [true, false] {
      let inputs = program.inputs.map { port in
        let range = port.type.integerRange ?? 0...1
        let count = port.sizes.reduce(1, *)
        return TensorValue(
          integers: [Int](repeating: isLow ? range.lowerBound : range.upperBound, count: count),
          type: port.type, sizes: port.sizes)
      }
      _ = try program.makeSession().run(inputs)
    }
  }

  private func expectRefusal(
    of model: MicroModel, _ mention: String, _ kind: Diagnostic.Kind = .badData,
    _ location: SourceLocation = #_sourceLocation
  ) {
    let error = #expect(throws: Diagnostic.self, sourceLocation: location) { try MicroProgram(model) }
    #expect(error?.kind == kind, sourceLocation: location)
    #expect(error?.message.contains(mention) == true, "\(error?.message ?? "")", sourceLocation: location)
  }

  @Test(arguments: [BuiltinOperator.l2Normalization, .abs, .hardSwish])
  func zeroPointsOutsideOfTheType(_ code: BuiltinOperator) throws {
    let y = code == .l2Normalization ? grid(1 / 128) : grid(0.5)
    try run(unary(code, .int8, grid(0.1, -128), y))
    try run(unary(code, .int8, grid(0.1, 127), y))
    for zeroPoint in [-129, 128, 1_000_000, 1 << 31, -1 << 31, 1 << 32, .min, .max] {
      expectRefusal(of: unary(code, .int8, grid(0.1, zeroPoint), y), "zero point \(zeroPoint)")
      expectRefusal(of: unary(code, .int8, grid(0.1), grid(y.scales[0], zeroPoint)), "zero point")
    }
  }

  @Test func zeroPointsOfADivision() throws {
    func division(_ zeroPoint: Int) -> MicroModel {
      model(
        .div,
        [
          MicroTensor("a", .int8, [1, 8], quantization: grid(0.1, zeroPoint)),
          MicroTensor("b", .int8, [1, 8], quantization: grid(0.1, 3)),
        ], MicroTensor("y", .int8, [1, 8], quantization: grid(0.1)), .arithmetic(activation: .none))
    }
    try run(division(-128))
    for zeroPoint in [1 << 31, -1 << 31] { expectRefusal(of: division(zeroPoint), "zero point") }
  }

  @Test(arguments: [Float(0), -1, .infinity, .nan])
  func scalesThatAreNoPositiveNumber(_ scale: Float) throws {
    try run(unary(.relu, .int8, grid(0.1), grid(0.1)))
    expectRefusal(of: unary(.relu, .int8, grid(scale), grid(0.1)), "scale")
    expectRefusal(of: unary(.relu, .int8, grid(0.1), grid(scale)), "scale")
  }

  /// 3 · 4096 times the scale is a factor of 32 bits.
  @Test(arguments: [BuiltinOperator.logistic, .tanh])
  func scalesTooLargeForATable(_ code: BuiltinOperator) throws {
    for scale in [0x1p-149, 0x1p-12, 0x1p-11, 1, 0x1p17, 174_762] as [Float] {
      try run(unary(code, .int16, grid(scale), grid(0x1p-15)))
    }
    for scale in [174_763, 0x1p18, 0x1p19, 1e10, 1e38] as [Float] {
      expectRefusal(of: unary(code, .int16, grid(scale), grid(0x1p-15)), "too large")
    }
  }

  @Test func cellScalesTooLargeForATable() throws {
    var good = try TFLiteReader(path: "\(Vector.folder)/lstm_int8.tflite").model()
    let cell = try #require(good.main.operators[0].inputs[19])
    good.main.tensors[cell].quantization = grid(174_762)
    try run(good)
    for scale in [0x1p18, 1e38] as [Float] {
      good.main.tensors[cell].quantization = grid(scale)
      expectRefusal(of: good, "cell state")
    }
  }

  @Test func scalesWithoutAnInverse() throws {
    try run(unary(.elu, .int8, grid(0.1), grid(1e-38)))
    try run(unary(.elu, .int8, grid(.greatestFiniteMagnitude), grid(1e-38)))
    expectRefusal(of: unary(.elu, .int8, grid(1e-45), grid(1e-45)), "too small")
  }

  // MARK: Integers of 64 bits

  private static let x = MicroTensor("x", .int8, [4], quantization: grid(0.1))
  private static let beyond: [Int64] = [.min, .max, 1 << 40, -1 << 40]

  @Test func positionsOfASlice() throws {
    func slice(_ begin: Int64, _ size: Int64) -> MicroModel {
      model(
        .slice, [Self.x, integers([begin]), integers([size])],
        MicroTensor("y", .int8, [3], quantization: grid(0.1)))
    }
    try run(slice(1, 3))
    for value in Self.beyond {
      expectRefusal(of: slice(1, value), "32 bits")
      expectRefusal(of: slice(value, -1), "32 bits")
    }
    expectRefusal(of: slice(1 << 31, 1 << 31), "do not make")
  }

  @Test func amountsOfPadding() throws {
    func pad(_ before: Int64, _ after: Int64) -> MicroModel {
      var amounts = integers([before, after])
      amounts.shape = [1, 2]
      return model(.pad, [Self.x, amounts], MicroTensor("y", .int8, [7], quantization: grid(0.1)))
    }
    try run(pad(1, 2))
    for value in Self.beyond { expectRefusal(of: pad(value, value), "32 bits") }
    expectRefusal(of: pad(1 << 31, 1 << 31), "do not make")
  }

  @Test func sizesOfBlocks() throws {
    func blocks(_ sizes: [Int64]) -> MicroModel {
      var edges = integers([0, 0, 0, 0])
      edges.shape = [2, 2]
      return model(
        .spaceToBatchND,
        [MicroTensor("x", .int8, [1 << 10, 2, 2, 1], quantization: grid(0.1)), integers(sizes), edges],
        MicroTensor("y", .int8, [1 << 12, 1, 1, 1], quantization: grid(0.1)))
    }
    try run(blocks([2, 2]))
    for value in Self.beyond { expectRefusal(of: blocks([value, value]), "32 bits") }
    expectRefusal(of: blocks([1 << 31, 1 << 31]), "do not make")
  }

  @Test func sizesToFill() throws {
    func fill(_ sizes: [Int64]) -> MicroModel {
      model(
        .fill, [integers(sizes), MicroTensor("v", .int32, [], data: View<UInt8>([1, 0, 0, 0]))],
        MicroTensor("y", .int32, [2, 3]))
    }
    try run(fill([2, 3]))
    expectRefusal(of: fill([1 << 31, 1 << 31, 1 << 31]), "does not give")
  }

  /// Steps of 1/1024 are rounded, so that many of them lead behind the end.
  @Test func interpolationBehindTheEnd() throws {
    func resizing(to height: Int) -> MicroModel {
      model(
        .resizeBilinear,
        [
          MicroTensor("x", .int8, [1, 1, 1, 1], quantization: grid(0.1)),
          MicroTensor("i", .int32, [2], data: View([Int32(height), 1]).reinterpreted(as: UInt8.self)),
        ], MicroTensor("y", .int8, [1, height, 1, 1], quantization: grid(0.1)),
        .resize(alignCorners: false, halfPixelCenters: false))
    }
    try run(resizing(to: 1000))
    expectRefusal(of: resizing(to: 2000), "reads behind", .unsupported)
  }
}
