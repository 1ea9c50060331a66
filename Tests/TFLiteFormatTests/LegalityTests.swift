import Micro
import Storage
import Testing

@testable import TFLiteFormat

/// Files that the interpreter runs have no problems, and their versions are those that other tools gave them.
struct LegalityTests {
  /// Files that do what a rule forbids, with the reason.
  private static let exceptions: [String: String] = [:]

  @Test(arguments: SampleFiles.vectors)
  func vectorsAreLegal(_ path: String) throws { try isLegal(path) }

  @Test(
    .enabled(if: !SampleFiles.networks.isEmpty, "EDGEOPT_SHARED is not set"), arguments: SampleFiles.networks)
  func networksAreLegal(_ path: String) throws { try isLegal(path) }

  private func isLegal(_ path: String) throws {
    let problems = try TFLiteReader(path: path).model().tflmProblems()
    #expect(problems.isEmpty, "\(path): \(problems.map(\.description))")
  }

  /// The converter of TensorFlow wrote these.
  @Test(
    .enabled(if: !SampleFiles.networks.isEmpty, "EDGEOPT_SHARED is not set"), arguments: SampleFiles.networks)
  func versionsAreThoseOfTheConverter(_ path: String) throws {
    for subgraph in try TFLiteReader(path: path).model().subgraphs {
      for op in subgraph.operators {
        #expect(op.liteRTVersion(in: subgraph) == op.version, "\(op.title) in \(path)")
      }
    }
  }
}
