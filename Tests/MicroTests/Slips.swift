import Graph
import Micro
import Storage

extension Slip {
  static let all = general + layers + windows + arithmetic + fixed + movement + joining + recurrent

  private static let general: [Slip] = [
    Slip("no kernel", .rejected, "no kernel for GELU", in: .unary(.relu)) {
      $0.graph.operators[0].code = .gelu
    },
    Slip("unknown custom operator", .rejected, "'Mine'", in: .unary(.relu)) {
      $0.graph.operators[0].code = .custom
      $0.graph.operators[0].customName = "Mine"
    },
    Slip("missing operand", .rejected, "1 operands", in: .binary(.add)) {
      $0.graph.operators[0].inputs = [0]
    },
    Slip("absent operand", .rejected, "operand 0 is absent", in: .binary(.add)) {
      $0.graph.operators[0].inputs[0] = nil
    },
    Slip("tensor out of range", .aborts, "not there", in: .binary(.add)) {
      $0.graph.operators[0].inputs[0] = 99
    },
    Slip("types", .wrong, "int16", in: .binary(.add)) { $0.graph.tensors[1].type = .int16 },
    Slip("type without a kernel", .rejected, "has float32", in: .unary(.exp, .float32)) {
      $0.graph.tensors[0].type = .int8
    },
    Slip("custom options", .rejected, "custom options", in: .unary(.relu)) {
      $0.graph.operators[0].customOptions = View(count: 4)
    },
    Slip("intermediates", .rejected, "intermediate", in: .unary(.relu)) {
      $0.graph.operators[0].intermediates = [0]
    },
    Slip("open result", .rejected, "not fixed", in: .unary(.relu)) {
      $0.graph.tensors[1].shape = [1, -1, 4, 2]
    },
    Slip("open input", .rejected, "input 'x0'", in: .unary(.relu)) { $0.graph.tensors[0].shape[0] = -1 },
    Slip("type without a size", .rejected, "no size", in: .unary(.relu)) {
      $0.graph.tensors[0].type = .string
    },
    Slip("int4 activation", .rejected, "int4", in: .unary(.relu)) { $0.graph.tensors[0].type = .int4 },
    Slip("scale of nothing", .wrong, "scale is 0", in: .unary(.relu)) { $0.set(0, 0) },
    Slip("scale of infinity", .wrong, "inf", in: .unary(.relu)) { $0.set(0, .infinity) },
    Slip("zero point out of range", .wrong, "zero point 200", in: .unary(.relu)) { $0.set(0, 0.5, 200) },
    Slip(
      "compressed where nobody looks", .wrong, "compressed",
      in: .movement(.transpose, [2, 3], [[1, 0]], to: [3, 2])
    ) {
      $0.graph.tensors[0].compression = MicroCompression(bitWidth: 2, values: View(count: 4))
    },
  ]

  private static let layers: [Slip] = [
    Slip("weights without numbers", .rejected, "have no scale", in: .convolution()) {
      $0.graph.tensors[1].quantization = nil
    },
    Slip("scales for other channels", .rejected, "2 scales", in: .convolution()) {
      $0.graph.tensors[1].quantization = Sketch.channels(2, 0.25, axis: 0)
    },
    Slip("axis of the scales", .rejected, "along axis 3", in: .convolution()) {
      $0.graph.tensors[1].quantization?.axis = 3
    },
    Slip("depthwise axis", .rejected, "along axis 0", in: .depthwise()) {
      $0.graph.tensors[1].quantization?.axis = 0
    },
    Slip("zero point of weights", .wrong, "zero point 4", in: .convolution()) {
      $0.graph.tensors[1].quantization?.zeroPoints[1] = 4
    },
    Slip("bias in other units", .wrong, "0.25 at 0", in: .convolution()) {
      $0.graph.tensors[2].quantization = Sketch.channels(6, 0.25, axis: 0)
    },
    Slip("short bias", .wrong, "5 numbers", in: .convolution()) { $0.graph.tensors[2].shape = [5] },
    Slip("hybrid", .rejected, "float32, int8", in: .convolution()) { $0.graph.tensors[0].type = .float32 },
    Slip("int16 zero point", .wrong, "zero point 1", in: .convolution(.int16, bias: .int64)) {
      $0.set(0, 0.5, 1)
    },
    Slip("depthwise int16 with int32 bias", .wrong, "int32", in: .depthwise(.int16, bias: .int64)) {
      $0.graph.tensors[2].type = .int32
    },
    Slip("depthwise without bias", .aborts, "no bias", in: .depthwise()) {
      $0.graph.operators[0].inputs[2] = nil
    },
    Slip("depth multiplier", .wrong, "multiplier 3", in: .depthwise()) {
      $0.setOptions(
        .depthwise(ConvolutionOptions(padding: .same, strideWidth: 2, strideHeight: 2), depthMultiplier: 3))
    },
    Slip("groups", .wrong, "groups", in: .convolution()) { $0.graph.tensors[1].shape = [6, 3, 3, 3] },
    Slip("rank of data", .aborts, "axes", in: .convolution()) { $0.graph.tensors[0].shape = [6, 6, 4] },
    Slip("no strides", .wrong, "stride is 0", in: .convolution()) {
      $0.setOptions(.convolution(ConvolutionOptions(padding: .same, strideWidth: 0, strideHeight: 0)))
    },
    Slip("fused tanh", .wrong, "tanh", in: .convolution()) {
      $0.setOptions(.convolution(ConvolutionOptions(padding: .valid, activation: .tanh)))
    },
    Slip("dense bias scale", .rejected, "expected 0.125", in: .dense()) { $0.set(2, 0.15) },
    Slip("dense bias without numbers", .rejected, "scale 0.0", in: .dense()) {
      $0.graph.tensors[2].quantization = nil
    },
    Slip("dense int4 by channel", .rejected, "int4", in: .dense(weights: .int4)) {
      $0.graph.tensors[1].quantization = Sketch.channels(3, 0.25, axis: 0)
    },
    Slip("dense axis", .rejected, "along axis 1", in: .dense()) {
      $0.graph.tensors[1].quantization = Sketch.channels(3, 0.25, axis: 1)
    },
    Slip("dense rows", .wrong, "rows of 7", in: .dense()) { $0.graph.tensors[1].shape = [3, 7] },
    Slip("matrix product", .rejected, "do not multiply", in: matrixProduct) {
      $0.graph.tensors[1].shape = [5, 3]
    },
    Slip("matrix product of many axes", .rejected, "6 axes", in: matrixProduct) {
      $0.graph.tensors[0].shape = [1, 1, 1, 1, 2, 4]
    },
    Slip("matrix product by channel", .wrong, "each channel", in: matrixProduct) {
      $0.graph.tensors[1].quantization = Sketch.channels(3, 0.5, axis: 1)
    },
  ]

  private static var matrixProduct: Sketch {
    var sketch = Sketch()
    let a = sketch.input(.int8, [2, 4], 0.5)
    let b = sketch.input(.int8, [4, 3], 0.5)
    sketch.apply(
      .batchMatmul, [a, b], .int8, [2, 3], 0.5,
      options: .batchMatMul(adjointX: false, adjointY: false, asymmetricInputs: false))
    return sketch
  }

  private static let windows: [Slip] = [
    Slip("declared shape", .wrong, "[1, 4, 4, 6]", in: .convolution()) {
      $0.graph.tensors[3].shape = [1, 6, 6, 6]
    },
    Slip("pool numbers", .rejected, "takes over", in: .pool()) { $0.set(1, 0.50001) },
    Slip("pool zero point", .rejected, "takes over", in: .pool(.maxPool2D)) { $0.set(1, 0.5, 1) },
    Slip("pool window", .wrong, "window is 0", in: .pool()) {
      $0.setOptions(
        .pool(PoolOptions(padding: .valid, strideWidth: 2, strideHeight: 2, filterWidth: 0, filterHeight: 2)))
    },
    Slip("resize modes", .rejected, "corners", in: resize) {
      $0.setOptions(.resize(alignCorners: true, halfPixelCenters: true))
    },
    Slip("resize size", .wrong, "[1, 8, 8, 2]", in: resize) { $0.graph.tensors[2].shape = [1, 8, 4, 2] },
    Slip("computed size", .rejected, "expected a constant", in: resize) { $0.graph.tensors[1].data = nil },
  ]

  private static var resize: Sketch {
    .movement(
      .resizeBilinear, [1, 4, 4, 2], [[8, 8]], to: [1, 8, 8, 2],
      options: .resize(alignCorners: false, halfPixelCenters: true))
  }

  private static let arithmetic: [Slip] = [
    Slip("tiny sum", .aborts, "2^20", in: .binary(.add)) { $0.set(2, 1e-7) },
    Slip("tiny int16 difference", .aborts, "2^15", in: .binary(.sub, .int16)) { $0.set(2, 3e-5) },
    Slip("sum without numbers", .rejected, "no scale", in: .binary(.add)) {
      $0.graph.tensors[2].quantization = nil
    },
    Slip("difference without numbers", .aborts, "no scale", in: .binary(.sub)) {
      $0.graph.tensors[2].quantization = nil
    },
    Slip("int32 with a scale", .rejected, "int32", in: plainSum) { $0.set(0, 0.5) },
    Slip("int16 product", .rejected, "zero point 5", in: .binary(.mul, .int16)) { $0.set(0, 0.5, 5) },
    Slip("not broadcast", .wrong, "do not go together", in: .binary(.mul)) {
      $0.graph.tensors[1].shape = [3, 2]
    },
    Slip("fused sign bit", .wrong, "signBit", in: .binary(.add)) {
      $0.setOptions(.arithmetic(activation: .signBit))
    },
    Slip(
      "greater of different numbers", .wrong, "takes over", in: .binary(.maximum, options: .empty(union: 39))
    ) {
      $0.set(1, 0.25)
    },
    Slip("int16 comparison", .wrong, "int16", in: comparison(.greater)) {
      $0.graph.tensors[0].type = .int16
      $0.graph.tensors[1].type = .int16
    },
    Slip("comparison of wide ranges", .aborts, "1 or more", in: comparison(.equal)) { $0.set(0, 1.5) },
    Slip("sum of unlike operands", .rejected, "differ", in: total) { $0.set(1, 0.25) },
    Slip("alpha of int16", .rejected, "int16, int16", in: prelu) { $0.graph.tensors[1].type = .int16 },
    Slip(
      "long int16 sum", .wrong, "32 bits",
      in: .movement(
        .mean, [1, 200, 300, 2], [[1, 2]], to: [1, 2], .int16, options: .reduction(keepsDimensions: false))
    ) { $0.graph.tensors[0].shape = [1, 300, 300, 2] },
  ]

  private static var plainSum: Sketch {
    var sketch = Sketch()
    let a = sketch.input(.int32, [4])
    let b = sketch.input(.int32, [4])
    sketch.apply(.add, [a, b], .int32, [4], options: .arithmetic(activation: .none))
    return sketch
  }

  private static var total: Sketch {
    var sketch = Sketch()
    let parts = (0..<3).map { _ in sketch.input(.int8, [4], 0.5) }
    sketch.apply(.addN, parts, .int8, [4], 1)
    return sketch
  }

  private static var prelu: Sketch {
    var sketch = Sketch()
    let x = sketch.input(.int16, [1, 4], 0.5)
    let alpha = sketch.weights(.int8, [4], Quantization(scales: [0.1], zeroPoints: [0]))
    sketch.apply(.prelu, [x, alpha], .int16, [1, 4], 0.5)
    return sketch
  }

  private static func comparison(_ code: BuiltinOperator) -> Sketch {
    var sketch = Sketch()
    let a = sketch.input(.int8, [4], 0.5)
    let b = sketch.input(.int8, [4], 0.25)
    sketch.apply(code, [a, b], .bool, [4])
    return sketch
  }

  private static let fixed: [Slip] = [
    Slip("softmax scale", .rejected, "0.00390625", in: softmax) { $0.set(1, 1 / 255, -128) },
    Slip("softmax zero point", .rejected, "zero point 0", in: softmax) { $0.set(1, 1 / 256, 0) },
    Slip("softmax of nothing", .aborts, "2^-26", in: softmax) { $0.set(0, 1e-9) },
    Slip("logistic zero point", .rejected, "zero point -128", in: .unary(.logistic, result: (1 / 256, -128)))
    {
      $0.set(1, 1 / 256, 0)
    },
    Slip("logistic scale", .wrong, "0.00390625", in: .unary(.logistic, result: (1 / 256, -128))) {
      $0.set(1, 0.1, -128)
    },
    Slip(
      "int16 logistic scale", .rejected, "3.0517578e-05",
      in: .unary(.logistic, .int16, result: (1 / 32768, 0))
    ) {
      $0.set(1, 1 / 30000)
    },
    Slip("tanh numbers", .wrong, "0.0078125", in: .unary(.tanh, result: (1 / 128, 0))) { $0.set(1, 0.5, 9) },
    Slip("log softmax numbers", .rejected, "0.0625", in: .unary(.logSoftmax, result: (0.0625, 127))) {
      $0.set(1, 0.05, 127)
    },
    Slip("norm's numbers", .wrong, "0.0078125", in: norm) { $0.set(1, 0.1, 0) },
    Slip("norm's activation", .rejected, "relu", in: norm) { $0.setOptions(.arithmetic(activation: .relu)) },
    Slip("hard swish scale", .rejected, "1/128", in: .unary(.hardSwish)) { $0.set(1, 0.001) },
    Slip("relu6 numbers", .wrong, "takes over", in: .unary(.relu6)) { $0.set(1, 0.02) },
    Slip("int16 relu", .rejected, "zero point 2", in: .unary(.relu, .int16)) { $0.set(0, 0.5, 2) },
    Slip("dequantize by channel", .wrong, "each channel", in: dequantize) {
      $0.graph.tensors[0].quantization = Sketch.channels(2, 0.5, axis: 3)
    },
    Slip("cast to int64", .rejected, "int64", in: cast) { $0.graph.tensors[1].type = .int64 },
  ]

  private static var softmax: Sketch { .unary(.softmax, result: (1 / 256, -128), options: .softmax(beta: 1)) }
  private static var norm: Sketch {
    .unary(.l2Normalization, result: (1 / 128, 0), options: .arithmetic(activation: .none))
  }
  private static var dequantize: Sketch {
    var sketch = Sketch()
    let x = sketch.input(.int8, [1, 4, 4, 2], 0.5)
    sketch.apply(.dequantize, [x], .float32, [1, 4, 4, 2])
    return sketch
  }
  private static var cast: Sketch {
    var sketch = Sketch()
    let x = sketch.input(.int8, [4])
    sketch.apply(.cast, [x], .int32, [4], options: .cast(from: .int8, to: .int32))
    return sketch
  }

  private static let movement: [Slip] = [
    Slip("reshape numbers", .wrong, "takes over", in: reshape) { $0.set(2, 0.25) },
    Slip("reshape count", .rejected, "32 elements", in: reshape) { $0.graph.tensors[2].shape = [1, 30] },
    Slip("transpose axes", .rejected, "does not order", in: transpose) { $0.setIntegers(1, [0, -1]) },
    Slip("transpose rank", .rejected, "6 axes", in: transpose) {
      $0.graph.tensors[0].shape = [1, 1, 1, 1, 2, 3]
    },
    Slip("computed order", .rejected, "expected a constant", in: transpose) {
      $0.graph.tensors[1].data = nil
    },
    Slip("pad numbers", .wrong, "takes over", in: .pad()) { $0.set(2, 0.25) },
    Slip("pad result", .rejected, "[1, 6, 4, 2]", in: .pad()) { $0.graph.tensors[2].shape = [1, 5, 4, 2] },
    Slip("pad amounts of int64", .wrong, "int64", in: .pad()) { $0.graph.tensors[1].type = .int64 },
    Slip("pad rank", .rejected, "6 axes", in: .pad([1, 4, 1, 1, 2])) { $0.graph.tensors[0].shape.append(1) },
    Slip("slice rank", .aborts, "6 axes", in: slice) { $0.graph.tensors[0].shape = [1, 1, 1, 1, 4, 4] },
    Slip("slice out of range", .wrong, "leave axis", in: slice) { $0.setIntegers(1, [0, 3]) },
    Slip("strided rank", .rejected, "5 axes", in: stridedSlice) {
      $0.graph.tensors[0].shape = [1, 1, 1, 4, 4]
    },
    Slip("new axis", .rejected, "new-axis", in: stridedSlice) {
      $0.setOptions(.stridedSlice(StridedSliceOptions(newAxisMask: 1)))
      $0.graph.tensors[4].shape = [1, 2, 4]
    },
    Slip("ellipsis", .rejected, "ellipsis", in: stridedSlice) {
      $0.setOptions(.stridedSlice(StridedSliceOptions(ellipsisMask: 1)))
      $0.graph.tensors[4].shape = [4, 4, 2]
    },
    Slip("stride of nothing", .rejected, "stride of 0", in: stridedSlice) { $0.setIntegers(3, [1, 0]) },
    Slip("strided result", .rejected, "8 elements", in: stridedSlice) { $0.graph.tensors[4].shape = [4, 4] },
    Slip("index out of range", .rejected, "index 4", in: gather) { $0.setIntegers(1, [1, 4]) },
    Slip("indices of int64", .rejected, "int64", in: gather) { $0.graph.tensors[1].type = .int64 },
    Slip("gather axis", .rejected, "axis 3", in: gather) {
      $0.setOptions(.gather(axis: 3, batchDimensions: 0))
    },
    Slip("deep indices", .rejected, "3 indices", in: gatherND) { $0.graph.tensors[1].shape = [2, 3] },
    Slip("blocks", .rejected, "no such blocks", in: blocks) { $0.graph.tensors[0].shape = [1, 3, 4, 2] },
    Slip("blocks of nothing", .rejected, "block size", in: blocks) { $0.setOptions(.blocks(size: 0)) },
    Slip(
      "axis of int64", .rejected, "int64",
      in: .movement(.argMax, [1, 4], [[1]], to: [1], options: .result(type: .int32)).asIndex
    ) {
      $0.graph.tensors[2].type = .int64
    },
  ]

  private static var reshape: Sketch {
    .movement(.reshape, [1, 4, 4, 2], [[1, 32]], to: [1, 32], options: .reshape(newShape: [1, 32]))
  }
  private static var transpose: Sketch { .movement(.transpose, [2, 3], [[1, 0]], to: [3, 2]) }
  private static var slice: Sketch { .movement(.slice, [4, 4], [[0, 1], [4, 2]], to: [4, 2]) }
  private static var stridedSlice: Sketch {
    .movement(
      .stridedSlice, [4, 4], [[0, 0], [4, 4], [1, 2]], to: [4, 2],
      options: .stridedSlice(StridedSliceOptions()))
  }
  private static var gather: Sketch {
    .movement(.gather, [4, 3], [[1, 3]], to: [2, 3], options: .gather(axis: 0, batchDimensions: 0))
  }
  private static var gatherND: Sketch {
    var sketch = Sketch()
    let x = sketch.input(.int8, [4, 3], 0.5)
    let i = sketch.integers([1, 2], [2, 1])
    sketch.apply(.gatherND, [x, i], .int8, [2, 3], 0.5)
    return sketch
  }
  private static var blocks: Sketch {
    .movement(.spaceToDepth, [1, 4, 4, 2], [], to: [1, 2, 2, 8], options: .blocks(size: 2))
  }

  private static let joining: [Slip] = [
    Slip("eleven operands", .rejected, "at most 10", in: .concatenation(10)) {
      $0.graph.operators[0].inputs.append(0)
      $0.graph.tensors[10].shape = [1, 22]
    },
    Slip("joined numbers", .rejected, "takes over", in: .concatenation()) { $0.set(1, 0.25) },
    Slip("joined int16 scales", .wrong, "takes over", in: .concatenation(3, .int16)) { $0.set(1, 0.25) },
    Slip("joined int16 zero point", .rejected, "zero point 1", in: .concatenation(3, .int16)) {
      $0.set(1, 0.5, 1)
    },
    Slip("joined and fused", .rejected, "relu", in: .concatenation()) {
      $0.setOptions(.concatenation(axis: 1, activation: .relu))
    },
    Slip("joined shapes", .wrong, "[1, 6]", in: .concatenation()) { $0.graph.tensors[3].shape = [1, 7] },
    Slip("joined axis", .aborts, "no axis 2", in: .concatenation()) {
      $0.setOptions(.concatenation(axis: 2, activation: .none))
    },
    Slip("split numbers", .wrong, "takes over", in: split) { $0.set($0.result, 0.25) },
    Slip("split evenly", .wrong, "does not divide", in: split) { $0.graph.tensors[1].shape = [1, 7] },
  ]

  private static var split: Sketch {
    var sketch = Sketch()
    let axis = sketch.integers([1], [])
    let x = sketch.input(.int8, [1, 6], 0.5)
    sketch.apply(.split, [axis, x], .int8, [1, 3], 0.5, options: .split(count: 2))
    sketch.apply(.split, [axis, x], .int8, [1, 3], 0.5, options: .split(count: 2))
    return sketch
  }

  private static let recurrent: [Slip] = [
    Slip("peephole", .rejected, "peephole", in: .lstm()) { $0.graph.operators[0].inputs[9] = 1 },
    Slip("absent weights", .rejected, "operand 4", in: .lstm()) { $0.graph.operators[0].inputs[4] = nil },
    Slip("state that is none", .rejected, "variable", in: .lstm()) {
      $0.graph.tensors[13].isVariable = false
    },
    Slip("hidden numbers", .wrong, "hidden state", in: .lstm()) { $0.set(13, 0.25, 3) },
    Slip("cell scale", .wrong, "power of two", in: .lstm()) { $0.set(14, 0.0005) },
    Slip("gate activation", .aborts, "tanh", in: .lstm()) {
      $0.setOptions(.lstm(LSTMOptions(activation: .relu)))
    },
    Slip("recurrent weights", .wrong, "zero point 1", in: .lstm()) { $0.set(5, 0.1, 1) },
  ]
}

extension Sketch {
  fileprivate mutating func setIntegers(_ tensor: Int, _ values: [Int]) {
    graph.tensors[tensor].data = View(values.map { Int32($0) }).reinterpreted(as: UInt8.self)
  }

  /// The same with an int32 result without numbers.
  fileprivate var asIndex: Sketch {
    var copy = self
    copy.graph.tensors[result].type = .int32
    copy.graph.tensors[result].quantization = nil
    return copy
  }

  fileprivate static func binary(_ code: BuiltinOperator, options: MicroOptions) -> Sketch {
    binary(code, .int8, options)
  }
}
