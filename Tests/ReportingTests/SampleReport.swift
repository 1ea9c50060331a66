import Reporting

/// Reports made by hand for the tests of everything that reads them.
///
/// ``full`` has every field that there is, and names that no page may take for markup; its numbers fit together as those of a
/// real run do. ``minimal`` is the least that a verb writes.
enum SampleReport {
  static let hostileName = "go & <script>alert(\"x\")</script>"

  static var minimal: Report {
    var report = Report(verb: "evaluate", name: "tiny", tool: Report.Tool(version: "0.1.0"))
    report.before = Report.Model(
      path: "tiny.onnx", format: "onnx", sha256: digest("0f"), precision: "float32", fileBytes: 412,
      compressedBytes: 290, parameters: 21, macs: 18, operators: 1, weightBytes: 84, graphBytes: 328)
    return report
  }

  static var full: Report {
    var report = Report(
      verb: "optimize", name: "keywords",
      tool: Report.Tool(version: "0.1.0", arithmetic: "TensorFlow Lite Micro, reference kernels"))
    report.before = SampleModels.before
    report.after = SampleModels.after
    report.quality = SampleQuality.quality
    report.layers = SampleLayers.all
    report.calibration = calibration
    report.changes = changes
    report.notes = ["the batch dimension 'N' of input 'mfcc' became 1"]
    report.warnings = [
      Report.Warning(
        "operator 'block2/<conv>&\"relu\"' clips 3.1 % of its values",
        hint: "try '--calib-method minmax' for it"),
      Report.Warning("class '\(hostileName)' has only 41 samples"),
    ]
    report.target = target
    report.gates = gates
    report.limits = limits
    report.stages = [
      Report.Stage(
        name: "quantize",
        options: [
          Report.Setting(name: "calib", value: "data/calibration.npy"),
          Report.Setting(name: "bias-correction", value: "true"),
        ], fileBytes: 27_328, sha256: digest("b7"))
    ]
    report.qdq = Report.QDQ(
      path: "out/keywords.qdq.onnx", sqnr: 38.2,
      differing: [Report.QDQ.Difference(node: "block1/depthwise/Conv", reason: "the device rounds twice")])
    report.outputs = [
      Report.OutputFile(path: "out/keywords.tflite", what: "the int8 model", bytes: 27_328),
      Report.OutputFile(path: "out/firmware", what: "C++ sources for the firmware"),
    ]
    report.run = run
    return report
  }

  /// Sixty-four digits that begin with `start`.
  static func digest(_ start: String) -> String {
    start + String(repeating: "5ac81e94", count: 8).dropFirst(start.count)
  }

  private static var calibration: Report.Calibration {
    var calibration = Report.Calibration(paths: ["data/calibration.npy"], samples: 500, method: "auto")
    calibration.totalSamples = 2_400
    calibration.sha256 = digest("3d")
    calibration.choices = [
      Report.Calibration.Choice(method: "minmax", ranges: 9),
      Report.Calibration.Choice(method: "percentile 99.99", ranges: 3),
      Report.Calibration.Choice(method: "mse", ranges: 1),
    ]
    calibration.correctedBiases = ["conv1", "block1/depthwise", "logits"]
    calibration.hasConverged = true
    return calibration
  }

  private static var changes: [Report.Change] {
    [
      Report.Change(
        .rewrite, "HardSwish 'block1/act' as MUL, ADD and RELU6", why: "the device has no HardSwish for int8",
        nodes: ["block1/act"], error: 0.0031),
      Report.Change(
        .transpose, "a transpose stays before 'flatten'",
        why: "the layer behind it wants channels first", nodes: ["flatten"]),
      Report.Change(.bias, "3 biases corrected", why: "rounding shifted the mean of their results"),
      Report.Change(.memory, "buffers placed anew: 1,248 bytes fewer than the interpreter's own plan"),
      Report.Change(.output, "the softmax keeps the range 0 to 1", error: 0),
    ]
  }

  private static var target: Report.TargetFit {
    var target = Report.TargetFit(
      name: "stm32l4", title: "STM32L476 (Cortex-M4, 80 MHz)", core: "Cortex-M4", kernels: "CMSIS-NN",
      flash: Report.TargetFit.Budget(available: 1_048_576, reserved: 160_000, used: 27_328),
      memory: Report.TargetFit.Budget(available: 32_768, reserved: 8_192, used: 29_984))
    target.latency = Report.TargetFit.Latency(
      milliseconds: 21.4,
      basis: "1.2 cycles per multiply-accumulate of int8 convolutions, by CMSIS-NN's figures")
    target.notes = ["CMSIS-NN rounds as the reference kernels do, except in SOFTMAX"]
    return target
  }

  private static var gates: [Report.GateResult] {
    [
      Report.GateResult(
        gate: "max-size", limit: "32 kB", found: "27.3 kB", outcome: .holds, margin: "4,672 B to spare"),
      Report.GateResult(
        gate: "max-drop", limit: "0.1 points", found: "0.34 points", outcome: .withinNoise,
        margin: "0.24 points too much",
        remark: "within the noise of 597 samples (95 % interval −1.17 to +0.50 points)"),
      Report.GateResult(
        gate: "max-arena", limit: "24 kB", found: "29,984 B", outcome: .fails, margin: "5,984 B too much"),
      Report.GateResult(
        gate: "max-latency", limit: "20 ms", found: "not known", outcome: .unknown, margin: "",
        remark: "the target has no cost model"),
    ]
  }

  /// Every limit that there is; those that ``gates`` do not show are not met with here.
  private static var limits: GateLimits {
    var limits = GateLimits()
    let texts = [
      ("max-drop", "0.1"), ("min-metric", "90%"), ("max-class-drop", "10"), ("min-agreement", "95%"),
      ("min-sqnr", "20"), ("max-size", "32k"), ("max-flash", "64k"), ("max-arena", "24k"), ("max-macs", "3M"),
      ("max-latency", "20ms"), ("fits-target", "false"), ("no-warnings", "false"), ("confidence", "95%"),
      ("significant", "true"),
    ]
    for (name, text) in texts { try? limits.set(name, to: text) }
    return limits
  }

  private static var run: Report.Run {
    var run = Report.Run()
    run.seconds = 12.84
    run.peakMemoryBytes = 94_371_840
    run.threads = 8
    run.instructionSet = "avx2"
    run.samplesPerSecond = 412.5
    run.steps = [
      Report.Run.Step(name: "read the model", seconds: 0.021),
      Report.Run.Step(name: "calibrate", seconds: 5.2, isCached: true),
      Report.Run.Step(name: "quantize", seconds: 1.14),
      Report.Run.Step(name: "measure", seconds: 6.479),
    ]
    return run
  }
}
