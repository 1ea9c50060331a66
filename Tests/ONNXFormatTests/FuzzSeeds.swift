import Foundation

/// Models that damaged files are made from: the example of the repository, and small ones of many operators.
enum FuzzSeeds {
  static func all() throws -> [[UInt8]] {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let digits = root.appendingPathComponent("Calibration/digits/digits_cnn.onnx")
    return [[UInt8](try Data(contentsOf: digits))] + models.map(\.bytes)
  }

  static let models = [convolutions, recurrence, shapes, functions, branches, indices, attention]

  private static func ramp(_ name: String, _ sizes: [Int]) -> TestTensor {
    let count = sizes.reduce(1, *)
    return .floats(name, sizes, (0..<count).map { Float($0 % 7) * 0.25 - 0.5 })
  }

  private static var convolutions: TestModel {
    TestModel(
      graph: TestGraph(
        nodes: [
          TestNode(
            "Conv", ["x", "w", "b"], ["c"], [("pads", .ints([1, 1, 1, 1])), ("strides", .ints([2, 2]))]),
          TestNode("BatchNormalization", ["c", "b", "b", "b", "v"], ["n"]),
          TestNode("Relu", ["n"], ["r"]),
          TestNode("MaxPool", ["r"], ["p"], [("kernel_shape", .ints([2, 2])), ("ceil_mode", .int(1))]),
          TestNode("ConvTranspose", ["p", "t"], ["u"], [("strides", .ints([2, 2])), ("group", .int(2))]),
          TestNode(
            "AveragePool", ["u"], ["a"],
            [("kernel_shape", .ints([2, 2])), ("auto_pad", .string("SAME_UPPER"))]),
          TestNode("Resize", ["a", "", "s"], ["z"], [("mode", .string("linear"))]),
          TestNode("GlobalAveragePool", ["z"], ["g"]),
          TestNode("Flatten", ["g"], ["f"]),
          TestNode("Gemm", ["f", "m", "b"], ["o"], [("transB", .int(1)), ("alpha", .float(0.5))]),
          TestNode("Softmax", ["o"], ["y"]),
        ], inputs: [TestValue("x", [1, 2, 8, 8])], outputs: [TestValue("y", [1, 4])],
        initializers: [
          ramp("w", [4, 2, 3, 3]), ramp("b", [4]), .floats("v", [4], [1, 2, 3, 4]), ramp("t", [4, 2, 2, 2]),
          .floats("s", [4], [1, 1, 2, 2]), ramp("m", [4, 4]),
        ]))
  }

  private static var recurrence: TestModel {
    TestModel(
      graph: TestGraph(
        nodes: [
          TestNode("LSTM", ["x", "w", "r"], ["h", "", "c"], [("hidden_size", .int(3))]),
          TestNode(
            "GRU", ["x", "gw", "gr"], ["g"], [("hidden_size", .int(3)), ("linear_before_reset", .int(1))]),
          TestNode("Add", ["h", "g"], ["s"]),
          TestNode("ReduceMean", ["s"], ["y"], [("axes", .ints([0, 1])), ("keepdims", .int(0))]),
        ], inputs: [TestValue("x", [4, 2, 2])],
        outputs: [TestValue("y", [2, 3]), TestValue("c", [1, 2, 3])],
        initializers: [
          ramp("w", [1, 12, 2]), ramp("r", [1, 12, 3]), ramp("gw", [1, 9, 2]), ramp("gr", [1, 9, 3]),
        ]))
  }

  private static var shapes: TestModel {
    TestModel(
      graph: TestGraph(
        nodes: [
          TestNode("Shape", ["x"], ["s"]), TestNode("Gather", ["s", "zero"], ["n"]),
          TestNode("Unsqueeze", ["n", "axes"], ["u"]),
          TestNode("Concat", ["u", "rest"], ["t"], [("axis", .int(0))]),
          TestNode("Reshape", ["x", "t"], ["r"]),
          TestNode("Transpose", ["r"], ["p"], [("perm", .ints([0, 2, 1]))]),
          TestNode("Slice", ["p", "axes", "ends", "two"], ["l"]), TestNode("Pad", ["l", "pads"], ["d"]),
          TestNode("Split", ["d"], ["a", "b"], [("axis", .int(1))]), TestNode("Mul", ["a", "b"], ["m"]),
          TestNode("Expand", ["m", "big"], ["e"]), TestNode("Tile", ["e", "tiles"], ["y"]),
        ], inputs: [TestValue("x", ["batch", 24])], outputs: [TestValue("y", nil)],
        initializers: [
          .int64s("zero", [0], sizes: []), .int64s("axes", [0]), .int64s("rest", [6, 4]),
          .int64s("ends", [5]),
          .int64s("two", [2]), .int64s("pads", [0, 0, 0, 0, 0, 1]), .int64s("big", [1, 2, 6]),
          .int64s("tiles", [1, 1, 2]),
        ]))
  }

  private static var functions: TestModel {
    TestModel(
      graph: TestGraph(
        nodes: [
          TestNode("Scale", ["x"], ["a"], domain: "local", [("by", .float(2))]),
          TestNode("Twice", ["a"], ["y"], domain: "local"),
        ], inputs: [TestValue("x", [3])], outputs: [TestValue("y", [3])]),
      functions: [
        TestFunction(
          name: "Scale", inputs: ["v"], outputs: ["r"], attributes: ["by"],
          nodes: [
            TestNode("Constant", [], ["f"], [("value_float", .reference("by", 1))]),
            TestNode("Mul", ["v", "f"], ["r"]),
          ]),
        TestFunction(
          name: "Twice", inputs: ["v"], outputs: ["r"],
          nodes: [
            TestNode("Scale", ["v"], ["m"], domain: "local", [("by", .float(3))]),
            TestNode("Tanh", ["m"], ["r"]),
          ]),
      ])
  }

  private static var branches: TestModel {
    let graph = { (op: String) in
      TestGraph(nodes: [TestNode(op, ["x"], [op])], outputs: [TestValue(op, [2, 2])])
    }
    return TestModel(
      graph: TestGraph(
        nodes: [
          TestNode(
            "If", ["true"], ["i"],
            [("then_branch", .graph(graph("Exp"))), ("else_branch", .graph(graph("Neg")))]),
          TestNode("Einsum", ["i", "w"], ["y"], [("equation", .string("ij,jk->ki"))]),
        ], inputs: [TestValue("x", [2, 2])], outputs: [TestValue("y", [3, 2])],
        initializers: [TestTensor(name: "true", sizes: [], type: 9, raw: [1]), ramp("w", [2, 3])]))
  }

  private static var indices: TestModel {
    TestModel(
      graph: TestGraph(
        nodes: [
          TestNode("TopK", ["x", "k"], ["v", "i"]),
          TestNode("GatherElements", ["x", "i"], ["g"], [("axis", .int(1))]),
          TestNode("ScatterND", ["v", "at", "up"], ["s"]), TestNode("CumSum", ["s", "k0"], ["c"]),
          TestNode("ArgMax", ["c"], ["m"], [("axis", .int(1))]),
          TestNode("Cast", ["m"], ["f"], [("to", .int(1))]),
          TestNode("QuantizeLinear", ["g", "sc"], ["q"]), TestNode("DequantizeLinear", ["q", "sc"], ["d"]),
          TestNode("Add", ["d", "f"], ["y"]),
        ], inputs: [TestValue("x", [2, 6])], outputs: [TestValue("y", [2, 3])],
        initializers: [
          .int64s("k", [3]), .int64s("at", [0], sizes: [1, 1]), ramp("up", [1, 3]),
          .int64s("k0", [1], sizes: []),
          .floats("sc", [], [0.1]),
        ]))
  }

  private static var attention: TestModel {
    TestModel(
      opset: 23,
      graph: TestGraph(
        nodes: [
          TestNode("LayerNormalization", ["x", "s", "s"], ["n"]), TestNode("MatMul", ["n", "w"], ["q"]),
          TestNode(
            "Attention", ["q", "n", "n"], ["a"],
            [("q_num_heads", .int(2)), ("kv_num_heads", .int(2)), ("is_causal", .int(1))]),
          TestNode("Gelu", ["a"], ["g"]), TestNode("Add", ["g", "x"], ["y"]),
        ], inputs: [TestValue("x", [1, 3, 4])], outputs: [TestValue("y", [1, 3, 4])],
        initializers: [ramp("s", [4]), ramp("w", [4, 4])]))
  }
}
