import Graph
import Micro
import Storage

/// A model of one operator, put together by hand.
struct Sketch {
  var graph = MicroSubgraph()

  init() {}

  var model: MicroModel {
    var model = MicroModel()
    model.main = graph
    return model
  }

  mutating func input(
    _ type: MicroType, _ shape: [Int], _ scale: Float? = nil, _ zeroPoint: Int = 0
  ) -> Int {
    let tensor = graph.add(Self.tensor("x\(graph.inputs.count)", type, shape, scale, zeroPoint))
    graph.inputs.append(tensor)
    return tensor
  }

  /// A constant of zeros.
  mutating func weights(_ type: MicroType, _ shape: [Int], _ quantization: Quantization? = nil) -> Int {
    let count = type.fileByteCount(of: shape.reduce(1, *)) ?? 0
    return graph.add(MicroTensor("w", type, shape, quantization: quantization, data: View(count: count)))
  }

  mutating func integers(_ values: [Int], _ shape: [Int]? = nil) -> Int {
    graph.add(
      MicroTensor(
        "i", .int32, shape ?? [values.count],
        data: View(values.map { Int32($0) }).reinterpreted(as: UInt8.self)))
  }

  /// Adds the operator and its result, which is the model's.
  mutating func apply(
    _ code: BuiltinOperator, _ inputs: [Int?], _ type: MicroType, _ shape: [Int], _ scale: Float? = nil,
    _ zeroPoint: Int = 0, options: MicroOptions = .none
  ) {
    let result = graph.add(Self.tensor("y\(graph.outputs.count)", type, shape, scale, zeroPoint))
    graph.outputs.append(result)
    var op = MicroOperator(code, inputs: inputs, outputs: graph.outputs, options: options)
    op.sources = ["node"]
    graph.operators = [op]
  }

  private static func tensor(
    _ name: String, _ type: MicroType, _ shape: [Int], _ scale: Float?, _ zeroPoint: Int
  ) -> MicroTensor {
    MicroTensor(
      name, type, shape, quantization: scale.map { Quantization(scales: [$0], zeroPoints: [zeroPoint]) })
  }
}

/// Good models, one for each sort of operator.
extension Sketch {
  static func channels(_ count: Int, _ scale: Float, axis: Int) -> Quantization {
    Quantization(
      scales: [Float](repeating: scale, count: count), zeroPoints: [Int](repeating: 0, count: count),
      axis: axis)
  }

  static func convolution(_ type: MicroType = .int8, bias: MicroType = .int32) -> Sketch {
    var sketch = Sketch()
    let x = sketch.input(type, [1, 6, 6, 4], 0.5)
    let w = sketch.weights(.int8, [6, 3, 3, 4], channels(6, 0.25, axis: 0))
    let b = sketch.weights(bias, [6], channels(6, 0.125, axis: 0))
    sketch.apply(
      .conv2D, [x, w, b], type, [1, 4, 4, 6], 0.5,
      options: .convolution(ConvolutionOptions(padding: .valid)))
    return sketch
  }

  static func depthwise(_ type: MicroType = .int8, bias: MicroType = .int32) -> Sketch {
    var sketch = Sketch()
    let x = sketch.input(type, [1, 6, 6, 4], 0.5)
    let w = sketch.weights(.int8, [1, 3, 3, 8], channels(8, 0.25, axis: 3))
    let b = sketch.weights(bias, [8], channels(8, 0.125, axis: 0))
    sketch.apply(
      .depthwiseConv2D, [x, w, b], type, [1, 3, 3, 8], 0.5,
      options: .depthwise(
        ConvolutionOptions(padding: .same, strideWidth: 2, strideHeight: 2), depthMultiplier: 2))
    return sketch
  }

  static func dense(weights: MicroType = .int8) -> Sketch {
    var sketch = Sketch()
    let x = sketch.input(.int8, [2, 8], 0.5)
    let w = sketch.weights(weights, [3, 8], Quantization(scales: [0.25], zeroPoints: [0]))
    let b = sketch.weights(.int32, [3], Quantization(scales: [0.125], zeroPoints: [0]))
    sketch.apply(
      .fullyConnected, [x, w, b], .int8, [2, 3], 0.5, options: .fullyConnected(FullyConnectedOptions()))
    return sketch
  }

  static func binary(
    _ code: BuiltinOperator, _ type: MicroType = .int8,
    _ options: MicroOptions = .arithmetic(activation: .none)
  ) -> Sketch {
    var sketch = Sketch()
    let scale: Float? = type.element == .float32 ? nil : 0.5
    let a = sketch.input(type, [1, 4, 4, 2], scale)
    let b = sketch.input(type, [4, 2], scale)
    sketch.apply(code, [a, b], type, [1, 4, 4, 2], scale, options: options)
    return sketch
  }

  static func unary(
    _ code: BuiltinOperator, _ type: MicroType = .int8, result: (Float, Int) = (0.5, 0),
    options: MicroOptions = .none
  ) -> Sketch {
    var sketch = Sketch()
    let x = sketch.input(type, [1, 4, 4, 2], 0.5)
    sketch.apply(code, [x], type, [1, 4, 4, 2], result.0, result.1, options: options)
    return sketch
  }

  static func pool(_ code: BuiltinOperator = .averagePool2D) -> Sketch {
    var sketch = Sketch()
    let x = sketch.input(.int8, [1, 6, 6, 4], 0.5)
    sketch.apply(
      code, [x], .int8, [1, 3, 3, 4], 0.5,
      options: .pool(
        PoolOptions(padding: .valid, strideWidth: 2, strideHeight: 2, filterWidth: 2, filterHeight: 2)))
    return sketch
  }

  static func concatenation(_ count: Int = 3, _ type: MicroType = .int8) -> Sketch {
    var sketch = Sketch()
    let parts = (0..<count).map { _ in sketch.input(type, [1, 2], 0.5) }
    sketch.apply(
      .concatenation, parts, type, [1, 2 * count], 0.5, options: .concatenation(axis: -1, activation: .none))
    return sketch
  }

  static func movement(
    _ code: BuiltinOperator, _ shape: [Int], _ settings: [[Int]], to result: [Int], _ type: MicroType = .int8,
    options: MicroOptions = .none
  ) -> Sketch {
    var sketch = Sketch()
    let x = sketch.input(type, shape, 0.5)
    let rest = settings.map { sketch.integers($0) }
    sketch.apply(code, [x] + rest, type, result, 0.5, options: options)
    return sketch
  }

  static func pad(_ shape: [Int] = [1, 4, 4, 2]) -> Sketch {
    let amounts = shape.indices.flatMap { $0 == 1 ? [1, 1] : [0, 0] }
    var sketch = Sketch()
    let x = sketch.input(.int8, shape, 0.5)
    let p = sketch.integers(amounts, [shape.count, 2])
    var result = shape
    result[1] += 2
    sketch.apply(.pad, [x, p], .int8, result, 0.5)
    return sketch
  }

  static func lstm() -> Sketch {
    var sketch = Sketch()
    var inputs = [Int?](repeating: nil, count: 24)
    inputs[0] = sketch.input(.int8, [1, 5, 3], 0.5)
    for place in 1...4 { inputs[place] = sketch.weights(.int8, [4, 3], channels(1, 0.1, axis: 0)) }
    for place in 5...8 { inputs[place] = sketch.weights(.int8, [4, 4], channels(1, 0.1, axis: 0)) }
    for place in 12...15 { inputs[place] = sketch.weights(.int32, [4], channels(1, 0.05, axis: 0)) }
    let numbers = Quantization(scales: [0.5], zeroPoints: [3])
    inputs[18] = sketch.graph.add(MicroTensor("h", .int8, [1, 4], quantization: numbers, isVariable: true))
    let cell = Quantization(scales: [0x1p-11], zeroPoints: [0])
    inputs[19] = sketch.graph.add(MicroTensor("c", .int16, [1, 4], quantization: cell, isVariable: true))
    sketch.apply(
      .unidirectionalSequenceLstm, inputs, .int8, [1, 5, 4], 0.5, 3, options: .lstm(LSTMOptions()))
    return sketch
  }
}
