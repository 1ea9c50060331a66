import Graph
import Testing

@testable import Datasets

@Suite struct LayoutTests {
  private func match(
    _ stored: [Int], _ taken: [Int], data: SampleLayout? = nil, model: SampleLayout? = nil
  ) throws(LayoutMatch.Failure) -> Arrangement {
    try LayoutMatch(stored: stored, taken: taken, dataLayout: data, modelLayout: model).arrangement()
  }

  @Test(arguments: [
    ([28, 28], [1, 28, 28]), ([28, 28, 1], [1, 28, 28]), ([28, 28], [784]), ([784], [1, 28, 28]),
    ([1, 3, 4, 5], [3, 4, 5]), ([49, 10], [49, 10, 1]), ([32, 32, 3], [3072]), ([32, 32, 3], [32, 96]),
    ([5], [5]),
    ([], [1]), ([1], []), ([28, 28], [28, 28]),
  ])
  func elementsKeepTheirOrder(_ stored: [Int], _ taken: [Int]) throws {
    let found = try match(stored, taken)
    #expect(found.permutation == nil || !LayoutMatch.movesElements(found))
  }

  @Test(arguments: [
    ([32, 31, 3], [3, 32, 31], [2, 0, 1]), ([3, 32, 31], [32, 31, 3], [1, 2, 0]),
    ([128, 9], [9, 128], [1, 0]),
    ([1, 32, 31, 3], [3, 32, 31], [2, 0, 1]), ([32, 32, 3], [3, 32, 32], [2, 0, 1]),
  ])
  func channelsMove(_ stored: [Int], _ taken: [Int], _ permutation: [Int]) throws {
    #expect(try match(stored, taken).permutation == permutation)
  }

  @Test func cubesAreAmbiguousUntilTold() throws {
    #expect(throws: LayoutMatch.Failure.ambiguous) { try match([8, 8, 8], [8, 8, 8]) }
    #expect(try match([8, 8, 8], [8, 8, 8], data: .nchw).permutation == nil)
    #expect(try match([8, 8, 8], [8, 8, 8], data: .nhwc).permutation == [2, 0, 1])
    #expect(try match([8, 8, 8], [8, 8, 8], data: .nhwc, model: .nhwc).permutation == nil)
    #expect(try match([8, 8, 8], [8, 8, 8], data: .nchw, model: .nhwc).permutation == [1, 2, 0])
    #expect(throws: LayoutMatch.Failure.ambiguous) { try match([9, 9], [9, 9], model: .ncw) }
    #expect(try match([9, 9], [9, 9], data: .nwc, model: .ncw).permutation == [1, 0])
    #expect(try match([9, 9], [9, 9], data: .ncw, model: .ncw).permutation == nil)
  }

  @Test func aToldLayoutMayBeThatOfTheModel() throws {
    #expect(try match([32, 32, 3], [32, 32, 3], data: .nhwc).permutation == nil)
    #expect(try match([3, 32, 32], [3, 32, 32], data: .nchw).channelAxis == 0)
    #expect(try match([3072], [3, 32, 32], data: .nhwc).permutation == [2, 0, 1])
    #expect(try match([3072], [3, 32, 32], data: .nchw).permutation == nil)
  }

  @Test func otherShapesAreRefused() {
    #expect(throws: LayoutMatch.Failure.differentCount) { try match([28, 28], [3, 28, 28]) }
    #expect(throws: LayoutMatch.Failure.differentShape) { try match([32, 24], [64, 12]) }
    #expect(throws: LayoutMatch.Failure.differentShape) { try match([24, 32, 3], [3, 32, 24]) }
  }
}
