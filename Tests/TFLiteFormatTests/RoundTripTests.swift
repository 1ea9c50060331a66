import Graph
import Micro
import Storage
import Testing

@testable import TFLiteFormat

/// What was read is written, and read again as it was.
struct RoundTripTests {
  @Test(arguments: SampleFiles.vectors)
  func vectorsSurvive(_ path: String) throws { try survives(path) }

  @Test(
    .enabled(if: !SampleFiles.networks.isEmpty, "EDGEOPT_SHARED is not set"), arguments: SampleFiles.networks)
  func networksSurvive(_ path: String) throws { try survives(path) }

  private func survives(_ path: String) throws {
    let first = try TFLiteReader(path: path).model()
    let bytes = try TFLiteWriter(first).bytes()
    let second = try TFLiteReader(bytes, name: "written").model()
    #expect(first.content == second.content)
    // What was written once is written the same way again.
    #expect(try TFLiteWriter(second).bytes().array == bytes.array)
    #expect(bytes.count % 16 == 0)
    #expect(Array(bytes[4..<8].array) == Array("TFL3".utf8))
    for tensor in second.subgraphs.flatMap(\.tensors) {
      #expect((tensor.data?.byteOffset ?? 0) % 16 == 0, "the data of '\(tensor.name)' are not aligned")
    }
  }

  @Test func thereAreVectors() { #expect(SampleFiles.vectors.count > 100) }
}
