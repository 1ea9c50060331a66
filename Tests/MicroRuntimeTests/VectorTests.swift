import Graph
import MicroRuntime
import Storage
import TFLiteFormat
import TensorMath
import Testing

@testable import Datasets

/// Small models with what TFLM's own interpreter computed for them.
struct Vector: CustomTestStringConvertible {
  let name: String

  static let folder = "Tests/MicroRuntimeTests/Vectors"

  static let all: [Vector] = {
    let names = (try? Folder.names(in: folder)) ?? []
    return names.filter { $0.hasSuffix(".tflite") }.map { Vector(name: String($0.dropLast(7))) }
  }()

  var testDescription: String { name }

  func program(
    _ profile: ArithmeticProfile = .wheel, kernels: Int8Kernels? = .current
  ) throws -> MicroProgram {
    try MicroProgram(
      TFLiteReader(path: "\(Self.folder)/\(name).tflite").model(), profile: profile, kernels: kernels)
  }

  /// The arrays `in0`, `in1`, … or `out0`, `out1`, …
  func values(_ prefix: String) throws -> [TensorValue] {
    let archive = try NPZArchive(MappedFile("\(Self.folder)/\(name).npz"))
    var values: [TensorValue] = []
    while let array = try archive.array("\(prefix)\(values.count)") { values.append(array.value()) }
    return values
  }
}

@Suite struct VectorTests {
  @Test func allVectorsAreThere() { #expect(Vector.all.count == 135) }

  @Test(arguments: Vector.all) func outputsAreTheInterpretersBytes(_ vector: Vector) throws {
    let session = try vector.program().makeSession()
    let wanted = try vector.values("out")
    // A second run from the start gives the same again: nothing stays behind.
    for _ in 0..<2 {
      let outputs = try session.run(vector.values("in"))
      #expect(outputs.count == wanted.count)
      for (output, wanted) in zip(outputs, wanted) {
        #expect(output.type == wanted.type && output.sizes == wanted.sizes)
        #expect(output.bytes.array == wanted.bytes.array)
      }
      session.reset()
    }
  }

  /// The micro-kernels of every instruction set, and the plain loops, which `kernels` nil stands for.
  @Test(arguments: Vector.all) func everyInstructionSetGivesTheSameBytes(_ vector: Vector) throws {
    let (inputs, wanted) = (try vector.values("in"), try vector.values("out"))
    for kernels in Int8Kernels.available + [nil] {
      let outputs = try vector.program(kernels: kernels).makeSession().run(inputs)
      for (output, wanted) in zip(outputs, wanted) {
        #expect(output.bytes.array == wanted.bytes.array, "\(kernels?.name ?? "plain loops")")
      }
    }
  }

  /// Sources of TFLM that form these multipliers in float give other bytes; all others give the same.
  @Test(arguments: Vector.all) func theOlderSourceDiffersWhereItIsKnownTo(_ vector: Vector) throws {
    let known: Set = [
      "precision_fc_pertensor", "precision_bmm_int8", "precision_sub_int16", "precision_leaky_relu_int16",
      "precision_relu_int16",
    ]
    let outputs = try vector.program(.mirror).makeSession().run(vector.values("in"))
    let isSame = try zip(outputs, vector.values("out")).allSatisfy { $0.bytes.array == $1.bytes.array }
    #expect(isSame == !known.contains(vector.name))
  }
}
