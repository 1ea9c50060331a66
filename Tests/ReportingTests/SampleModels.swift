import Reporting

/// The two models of ``SampleReport``: a small keyword spotter.
enum SampleModels {
  static var before: Report.Model {
    var model = Report.Model(
      path: "models/keywords.onnx", format: "onnx", sha256: SampleReport.digest("c1"), precision: "float32",
      fileBytes: 74_112, compressedBytes: 66_890, parameters: 17_674, macs: 2_072_640, operators: 23,
      weightBytes: 70_696, graphBytes: 3_416)
    model.inputs = [Report.Port(name: "mfcc", type: "float32", shape: [1, 1, 49, 10])]
    model.outputs = [Report.Port(name: "probabilities", type: "float32", shape: [1, 10])]
    model.provenance = [Report.Setting(name: "producer", value: "pytorch 2.11.0")]
    return model
  }

  static var after: Report.Model {
    var model = Report.Model(
      path: "out/keywords.tflite", format: "tflite", sha256: SampleReport.digest("b7"), precision: "int8",
      fileBytes: 27_328, compressedBytes: 19_204, parameters: 17_674, macs: 2_072_640, operators: 12,
      weightBytes: 19_048, graphBytes: 8_280)
    model.inputs = [
      Report.Port(name: "mfcc", type: "int8", shape: [1, 49, 10, 1], scale: 0.584_210_5, zeroPoint: 83)
    ]
    model.inputs[0].permutation = [0, 2, 3, 1]
    model.inputs[0].sourceShape = [1, 1, 49, 10]
    model.outputs = [
      Report.Port(name: "probabilities", type: "int8", shape: [1, 10], scale: 0.003_906_25, zeroPoint: -128)
    ]
    model.arena = arena
    model.provenance = [
      Report.Setting(name: "version", value: "0.1.0"),
      Report.Setting(name: "recipe", value: "quantize --int8"),
    ]
    return model
  }

  /// Three buffers of 8,000 bytes at the residual block, which decide.
  private static var arena: Report.Arena {
    var arena = Report.Arena(
      head: 24_112, tail: 5_872, minimum: 29_984, lowerBound: 24_000, bestHead: 24_000,
      peak: "ADD 'block2/add'")
    arena.advice = ["'block1/pointwise' waits from CONV_2D 'block1/pointwise' to ADD 'block2/add'"]
    let buffers: [(name: String, bytes: Int, offset: Int, first: Int, last: Int)] = [
      ("mfcc", 490, 8_000, -1, 0), ("conv1", 8_000, 0, 0, 1), ("block1/depthwise", 8_000, 8_000, 1, 2),
      ("block1/pointwise", 8_000, 0, 2, 5), ("block2/depthwise", 8_000, 8_000, 3, 4),
      ("block2/<conv>&\"relu\"", 8_000, 16_112, 4, 5), ("block2/add", 8_000, 8_000, 5, 6),
      ("block3/depthwise", 8_000, 0, 6, 7), ("block3/pointwise", 8_000, 8_000, 7, 8), ("pool", 64, 0, 8, 9),
      ("flatten", 64, 64, 9, 10), ("logits", 10, 0, 10, 11), ("probabilities", 10, 16, 11, 11),
    ]
    arena.buffers = buffers.map {
      Report.Arena.Buffer(
        name: $0.name, bytes: $0.bytes, offset: $0.offset, first: $0.first + 1, last: $0.last + 1)
    }
    // Before the operators there is the moment in which the inputs are written.
    arena.timeline = [Report.Arena.Moment(name: "the inputs", bytes: 490)]
    arena.timeline += SampleLayers.all.enumerated().map { tick, layer in
      let alive = buffers.filter { $0.first <= tick && tick <= $0.last }
      return Report.Arena.Moment(
        name: "\(layer.operator) '\(layer.name)'", bytes: alive.reduce(0) { $0 + $1.bytes })
    }
    return arena
  }
}
