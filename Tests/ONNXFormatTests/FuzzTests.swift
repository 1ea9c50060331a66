import Foundation
import Graph
import Passes
import Runtime
import Testing

@testable import ONNXFormat

/// Damaged and hostile files: the import may refuse them, but must not crash, hang or take much memory.
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

  @Test func damagedFilesAreRefusedOrRead() throws {
    let folder = try TemporaryFolder()
    let seeds = try FuzzSeeds.all()
    var random = SplitMix(state: 20)
    var outcomes = [0, 0]
    for index in 0..<Self.fileCount {
      let content =
        switch index % 20 {
        case 0: random.bytes(random.below(3000))
        case 1...10: random.twisted(FuzzSeeds.models[random.below(FuzzSeeds.models.count)]).bytes
        default: random.damaged(seeds[random.below(seeds.count)], seeds)
        }
      let path = try folder.write(content)
      let started = ContinuousClock.now
      let isRead = FuzzedImport.isRead(path)
      let elapsed = ContinuousClock.now - started
      outcomes[isRead ? 1 : 0] += 1
      #expect(elapsed < Self.allowance, "file \(index) took \(elapsed)")
    }
    #expect(outcomes[0] > 0)
    print("fuzz: \(outcomes[0]) files refused, \(outcomes[1]) read")
    #expect(FuzzedImport.peakMegabytes < 1000)
  }

  @Test func seedsThemselvesAreRead() throws {
    let folder = try TemporaryFolder()
    for seed in try FuzzSeeds.all() {
      let path = try folder.write(seed)
      let options = ImportOptions()
      let graph = try ONNXImporter(options: options, evaluator: FloatEvaluator()).importModel(path: path)
      try graph.verify()
    }
  }

  @Test(arguments: StructuredCase.allCases)
  func structuredCasesAreRefused(_ structured: StructuredCase) throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(structured.bytes)
    let started = ContinuousClock.now
    #expect(!FuzzedImport.isRead(path))
    #expect(ContinuousClock.now - started < Self.allowance)
    #expect(FuzzedImport.peakMegabytes < 1500)
  }
}

/// Imports a file, and runs it when it is small.
private enum FuzzedImport {
  static func isRead(_ path: String) -> Bool {
    do {
      _ = try ONNXModelSummary(path: path)
      var graph = try ONNXImporter(options: ImportOptions(), evaluator: FloatEvaluator()).importModel(
        path: path)
      try graph.verify()
      try run(&graph)
      return true
    } catch {
      return false
    }
  }

  private static func run(_ graph: inout Graph) throws {
    let elements = graph.tensors.reduce(0) { $0 &+ min($1.shape.elementCountPerSample, 1 << 40) }
    guard graph.operators.count < 200, elements < 1 << 20 else { return }
    _ = try Pipeline.forExecution(keepsPortLayout: true).run(on: &graph)
    let session = try Program(graph).makeSession()
    _ = try session.run(
      graph.inputs.map { TensorValue(type: graph[$0.tensor].element, sizes: $0.declaredShape.perSample) })
  }

  /// 0 where the system does not say.
  static var peakMegabytes: Int {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM") })
    else { return 0 }
    return (Int(line.filter(\.isNumber)) ?? 0) / 1024
  }
}
