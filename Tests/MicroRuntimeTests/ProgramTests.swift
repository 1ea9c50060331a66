import Graph
import Micro
@testable import MicroRuntime
import Storage
import TensorMath
import Testing

private func grid(_ scale: Float, _ zeroPoint: Int) -> Quantization {
  Quantization(scales: [scale], zeroPoints: [zeroPoint])
}

/// x → RELU → y, both int8.
private func reluModel() -> MicroModel {
  var model = MicroModel()
  let x = model.main.add(MicroTensor("x", .int8, [1, 4], quantization: grid(0.5, -3)))
  let y = model.main.add(MicroTensor("y", .int8, [1, 4], quantization: grid(0.5, -3)))
  model.main.operators = [MicroOperator(.relu, inputs: [x], outputs: [y])]
  model.main.inputs = [x]
  model.main.outputs = [y]
  return model
}

@Suite struct PortTests {
  private let port = MicroPort(
    name: "x", tensor: 0, type: .int8, sizes: [6],
    quantization: Quantization(scales: [0.25], zeroPoints: [-3]))

  @Test func realNumbersGoToTheNearestStepHalvesAwayFromZero() throws {
    let reals = TensorValue(floats: [0, 0.125, -0.125, 0.374, 100, -100], sizes: [6])
    #expect(try port.quantized(reals).integers == [-3, -2, -4, -2, 127, -128])
  }

  @Test func infinitiesGoToTheEndsAndNaNToTheLowerOne() throws {
    let reals = TensorValue(floats: [.infinity, -.infinity, .nan, 1e38, -1e38, 0], sizes: [6])
    #expect(try port.quantized(reals).integers == [127, -128, -128, 127, -128, -3])
  }

  @Test func numbersOfThePortsTypeAreHandedOn() throws {
    let numbers = TensorValue(integers: [1, 2, 3, 4, 5, 6], type: .int8, sizes: [6])
    #expect(try port.quantized(numbers).integers == numbers.integers)
    #expect(port.dequantized(numbers).floats.array == [1, 1.25, 1.5, 1.75, 2, 2.25])
  }

  @Test func otherTypesAreRefused() {
    let numbers = TensorValue(integers: [1, 2, 3, 4, 5, 6], type: .int16, sizes: [6])
    #expect(throws: Diagnostic.self) { try port.quantized(numbers) }
  }
}

@Suite struct ProgramTests {
  @Test func floatDataGoThroughThePorts() throws {
    let program = try MicroProgram(reluModel())
    let x = try program.inputs[0].quantized(TensorValue(floats: [-1, -0.5, 0.5, 2], sizes: [1, 4]))
    let outputs = try program.makeSession().run([x])
    #expect(program.outputs[0].dequantized(outputs[0]).floats.array == [0, 0, 0.5, 2])
  }

  @Test func everyTensorIsShownAsItIsMade() throws {
    let session = try MicroProgram(reluModel()).makeSession()
    var seen: [(Int, [Int])] = []
    session.onTensor = { index, value in seen.append((index, value.integers)) }
    _ = try session.run([TensorValue(integers: [-8, -3, 0, 9], type: .int8, sizes: [1, 4])])
    #expect(seen.map(\.0) == [0, 1])
    #expect(seen[0].1 == [-8, -3, 0, 9])
    #expect(seen[1].1 == [-3, -3, 0, 9])
  }

  @Test func wrongInputsAreNamed() throws {
    let session = try MicroProgram(reluModel()).makeSession()
    let short = TensorValue(integers: [1, 2, 3], type: .int8, sizes: [1, 3])
    let error = #expect(throws: Diagnostic.self) { try session.run([short]) }
    #expect(error?.kind == .badData)
    #expect(error?.message.contains("[1, 4]") == true)
    #expect(throws: Diagnostic.self) { try session.run([]) }
    #expect(throws: Diagnostic.self) { try session.run([TensorValue(type: .int16, sizes: [1, 4])]) }
  }

  @Test func everyOperatorWithoutAKernelIsNamedAtOnce() {
    var model = reluModel()
    let z = model.main.add(MicroTensor("z", .int8, [1, 4], quantization: grid(0.5, -3)))
    let w = model.main.add(MicroTensor("w", .int8, [1, 4], quantization: grid(0.5, -3)))
    model.main.operators.append(MicroOperator(.gelu, inputs: [1], outputs: [z]))
    model.main.operators.append(MicroOperator(.neg, inputs: [z], outputs: [w]))
    let error = #expect(throws: Diagnostic.self) { try MicroProgram(model) }
    #expect(error?.kind == .unsupported)
    #expect(error?.message.contains("GELU") == true)
    #expect(error?.message.contains("NEG") == true)
  }

  @Test func shapesThatDoNotFitAreRefused() {
    var model = reluModel()
    model.main.tensors[1].shape = [1, 5]
    #expect(throws: Diagnostic.self) { try MicroProgram(model) }
    model.main.tensors[1].shape = [1, .max / 2]
    #expect(throws: Diagnostic.self) { try MicroProgram(model) }
    model.main.tensors[1].shape = [1, -1]
    #expect(throws: Diagnostic.self) { try MicroProgram(model) }
    model.main.tensors[1].shape = [1, 4]
    model.main.operators[0].inputs = [9]
    #expect(throws: Diagnostic.self) { try MicroProgram(model) }
  }

  @Test func constantsShorterThanTheirShapesAreRefused() {
    var model = reluModel()
    model.main.inputs = []
    model.main.tensors[0].data = View<UInt8>([1, 2])
    let error = #expect(throws: Diagnostic.self) { try MicroProgram(model) }
    #expect(error?.kind == .badData)
  }

  @Test func batchesGiveWhatSessionsGive() throws {
    let program = try MicroProgram(reluModel())
    let samples = (0..<23).map { sample in
      [TensorValue(integers: [sample - 12, -sample, 3, 5 * sample - 60], type: .int8, sizes: [1, 4])]
    }
    let session = program.makeSession()
    let single = try samples.map { try session.run($0)[0].integers }
    for threads in [1, 2, 7] {
      let all = try program.runBatch(samples, on: Workers(threads: threads))
      #expect(all.map { $0[0].integers } == single)
    }
  }

  @Test func theFirstFailureOfABatchIsThrown() throws {
    let program = try MicroProgram(reluModel())
    let good = [TensorValue(integers: [1, 2, 3, 4], type: .int8, sizes: [1, 4])]
    let short = [TensorValue(integers: [1, 2], type: .int8, sizes: [1, 2])]
    let error = #expect(throws: Diagnostic.self) {
      try program.runBatch([good, short, [], good], on: Workers(threads: 2))
    }
    #expect(error?.message.contains("[1, 2]") == true)
  }

  @Test func stateStaysUntilTheReset() throws {
    let vector = Vector(name: "lstm_int8")
    let session = try vector.program().makeSession()
    let (inputs, wanted) = (try vector.values("in"), try vector.values("out"))
    #expect(try session.run(inputs)[0].bytes.array == wanted[0].bytes.array)
    #expect(try session.run(inputs)[0].bytes.array != wanted[0].bytes.array)
    session.reset()
    #expect(try session.run(inputs)[0].bytes.array == wanted[0].bytes.array)
  }

  @Test func tensorsThatLiveApartShareMemory() throws {
    var model = reluModel()
    for step in 1...20 {
      let y = model.main.add(MicroTensor("y\(step)", .int8, [1, 4], quantization: grid(0.5, -3)))
      model.main.operators.append(MicroOperator(.relu, inputs: [y - 1], outputs: [y]))
      model.main.outputs = [y]
    }
    // Two cache lines: a step's operand and its result.
    #expect(try MicroProgram(model).activationByteCount == 128)
  }
}
