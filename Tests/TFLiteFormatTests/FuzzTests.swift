import Foundation
import Graph
import Micro
import MicroRuntime
import Storage
import Testing

@testable import TFLiteFormat

/// Damaged and hostile files: the reader may refuse them, but must not crash, hang or take much memory, and what it
/// takes must be sound.
///
/// EDGEOPT_FUZZ_FILES says how many files (2,000 without it); the seed is fixed, so that a failure can be repeated.
@Suite(.serialized) struct FuzzTests {
  private static let fileCount =
    ProcessInfo.processInfo.environment["EDGEOPT_FUZZ_FILES"].flatMap { Int($0) } ?? 2000

  /// What one file may take; code that is not optimized gets more.
  private static var allowance: Duration {
    #if DEBUG
      .seconds(60)
    #else
      .seconds(5)
    #endif
  }

  private static let seeds = SampleFiles.vectors.compactMap {
    try? Data(contentsOf: URL(fileURLWithPath: $0))
  }
  .map(Array.init)

  @Test func damagedFilesAreRefusedOrRead() throws {
    var damage = Damage(seed: 3)
    var outcomes = [0, 0]
    for index in 0..<Self.fileCount {
      let seed = Self.seeds[damage.below(Self.seeds.count)]
      let content: [UInt8]
      switch index % 16 {
      case 0: content = damage.noise(damage.below(2000))
      case 1...8: content = damage.wounded(seed)
      default:
        // Files whose tables are whole, and whose numbers are strange.
        let model = try TFLiteReader(Storage(bytes: seed), name: "seed").model()
        content = try TFLiteWriter(damage.twisted(model)).bytes().array
      }
      let started = ContinuousClock.now
      outcomes[isSound(content, index) ? 1 : 0] += 1
      let elapsed = ContinuousClock.now - started
      #expect(elapsed < Self.allowance, "file \(index) took \(elapsed)")
    }
    #expect(outcomes[0] > 0 && outcomes[1] > 0)
    print("fuzz: \(outcomes[0]) .tflite files refused, \(outcomes[1]) read")
  }

  /// Whether the file is read; then it must stand everything that is done with a model.
  private func isSound(_ content: [UInt8], _ index: Int) -> Bool {
    guard let model = try? TFLiteReader(Storage(bytes: content), name: "file \(index)").model() else {
      return false
    }
    expectSound(model, index)
    _ = model.tflmProblems()
    for platform in ArenaPlatform.allCases { _ = try? ArenaPrediction(model, platform: platform) }
    run(model)
    if let written = try? TFLiteWriter(model).bytes() {
      let again = try? TFLiteReader(written, name: "again").model()
      #expect(again?.content == model.content, "file \(index) changes when it is written again")
    }
    return true
  }

  /// The executor refuses what it cannot run, before or while it runs.
  private func run(_ model: MicroModel) {
    let elements = model.main.tensors.reduce(0) { $0 + $1.elementCount }
    guard elements < 1 << 18, model.main.operators.count < 100, let program = try? MicroProgram(model) else {
      return
    }
    let inputs = program.inputs.map { TensorValue(type: $0.type, sizes: $0.sizes) }
    _ = try? program.makeSession().run(inputs)
  }

  private func expectSound(_ model: MicroModel, _ index: Int) {
    for subgraph in model.subgraphs {
      let indices = subgraph.tensors.indices
      let used = subgraph.operators.flatMap { $0.inputs.compactMap(\.self) + $0.outputs + $0.intermediates }
      #expect((used + subgraph.inputs + subgraph.outputs).allSatisfy(indices.contains), "file \(index)")
      for tensor in subgraph.tensors {
        guard let data = tensor.data, tensor.compression == nil else { continue }
        let needed = tensor.type.fileByteCount(of: tensor.elementCount) ?? 0
        #expect(data.count >= needed, "file \(index): '\(tensor.name)'")
        // Every byte can be reached.
        _ = data.count > 0 ? data[data.count - 1] : 0
      }
    }
  }

  @Test func truncatedFilesAreRefused() throws {
    let seed = Self.seeds[0]
    for length in 0..<min(seed.count - 1, 400) {
      #expect(throws: Diagnostic.self) {
        try TFLiteReader(Storage(bytes: seed[..<length]), name: "short").model()
      }
    }
  }

  @Test func sharedTablesDoNotMultiply() throws {
    // One table of tensors listed many times, each with the same long shape: little to store, much to read.
    let bomb = HostileFile.sharedTensors(count: 100_000, rank: 50_000)
    #expect(bomb.count < 2 << 20)
    let started = ContinuousClock.now
    let reader = TFLiteReader(Storage(bytes: bomb), name: "bomb")
    let refusal = #expect(throws: Diagnostic.self) { try reader.model() }
    #expect(refusal?.message.contains("share") == true, "\(refusal?.message ?? "")")
    #expect(ContinuousClock.now - started < Self.allowance)
  }
}
