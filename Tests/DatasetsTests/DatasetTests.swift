import Graph
import Storage
import Testing

@testable import Datasets

@Suite struct DatasetTests {
  private let image = DataInput(name: "image", element: .float32, shape: [.batch(1), 1, 2, 2])

  private func open(
    _ path: String, labels: String? = nil, _ input: DataInput? = nil,
    _ change: (inout DataRequest) -> Void = { _ in }
  ) throws -> Dataset {
    var request = DataRequest(paths: [DataPath(path)], labels: labels)
    change(&request)
    return try Dataset(request, for: [input ?? image])
  }

  @Test func arraysAreCastScaledAndStacked() throws {
    let scratch = Scratch()
    let x = try scratch.write("x.npy", TensorValue(integers: Array(0..<12), type: .uint8, sizes: [3, 2, 2]))
    let y = try scratch.write("y.npy", TensorValue(integers: [7, 8, 9], type: .uint8, sizes: [3]))
    let data = try open(x, labels: y) { $0.settings.scale = DataScale("1/255") }
    #expect(data.count == 3 && data.hasClassLabels && data.isStackable)
    let batch = try data.batch(1..<3)
    #expect(batch.inputs[0].sizes == [2, 1, 2, 2])
    #expect(batch.inputs[0].floats.array == (4..<12).map { Float($0) / 255 })
    guard case .classIndex(9) = batch.labels[1] else { throw Diagnostic(.failed, "wrong label") }
    let sample = try data.sample(at: 0)
    #expect(sample.name == "\(x)[0]" && sample.inputs[0].sizes == [1, 1, 2, 2])
  }

  @Test func channelsMoveAndAreNormalizedOneByOne() throws {
    let scratch = Scratch()
    // Two pixels of three channels; the model wants channels first.
    let x = try scratch.write(
      "x.npy", TensorValue(integers: [1, 2, 3, 4, 5, 6], type: .int16, sizes: [1, 1, 2, 3]))
    let input = DataInput(name: "in", element: .float32, shape: [1, 3, 1, 2])
    let data = try open(x, input) {
      $0.settings.mean = [1, 2, 3]
      $0.settings.standardDeviation = [1, 2, 4]
    }
    #expect(try data.sample(at: 0).inputs[0].floats.array == [0, 3, 0, 1.5, 0, 0.75])
  }

  @Test func quotientsDivide() throws {
    let scratch = Scratch()
    let x = try scratch.write("x.npy", TensorValue(integers: Array(0..<256), type: .uint8, sizes: [1, 256]))
    let input = DataInput(name: "in", element: .float32, shape: [1, 256])
    let divided = try open(x, input) { $0.settings.scale = DataScale("1/255") }
    let multiplied = try open(x, input) { $0.settings.scale = DataScale("0.003921568859368563") }
    let quotients = try divided.sample(at: 0).inputs[0].floats.array
    #expect(quotients == (0..<256).map { Float($0) / 255 })
    #expect(quotients != (try multiplied.sample(at: 0).inputs[0].floats.array))
  }

  @Test func aBatchAxisInTheMiddleIsStacked() throws {
    let scratch = Scratch()
    let x = try scratch.write("x.npy", TensorValue(floats: (0..<8).map(Float.init), sizes: [2, 2, 2]))
    let input = DataInput(name: "in", element: .float32, shape: [2, .batch(1), 2])
    let data = try open(x, input)
    #expect(try data.batch(0..<2).inputs[0].floats.array == [0, 1, 4, 5, 2, 3, 6, 7])
  }

  @Test func selectionsAreSeededAndInFileOrder() throws {
    let scratch = Scratch()
    let x = try scratch.write("x.npy", TensorValue(integers: Array(0..<100), type: .int32, sizes: [100, 1]))
    let input = DataInput(name: "in", element: .float32, shape: [1, 1])
    func values(_ change: (inout DataRequest) -> Void) throws -> [Int] {
      let data = try open(x, input, change)
      return try (0..<data.count).map { Int(try data.sample(at: $0).inputs[0].floats[0]) }
    }
    let five = try values {
      $0.settings.samples = 5
      $0.settings.skip = 10
    }
    // These numbers are the same on every machine and in every version.
    #expect(five == [12, 42, 43, 52, 63])
    #expect(five == five.sorted() && five.allSatisfy { $0 >= 10 })
    #expect(try values { $0.firstSamples = 3 } == [0, 1, 2])
    #expect(try values { $0.settings.samples = 1000 }.count == 100)
    #expect(diagnostic { _ = try values { $0.settings.skip = 100 } }?.message.contains("--skip 100") == true)
  }

  @Test func integersStayIntegersWhereTheModelTakesThem() throws {
    let scratch = Scratch()
    let ids = DataInput(name: "ids", element: .int64, shape: [1, 3])
    let x = try scratch.write("x.npy", TensorValue(integers: [5, 6, 7], type: .int32, sizes: [1, 3]))
    #expect(try open(x, ids).sample(at: 0).inputs[0].integers == [5, 6, 7])
    let floats = try scratch.write("f.npy", TensorValue(floats: [1, 2.5, 3], sizes: [1, 3]))
    let found = diagnostic { _ = try open(floats, ids).sample(at: 0) }
    #expect(found?.message.contains("holds 2.5 at element 1; input 'ids' takes int64") == true)
    let scaled = diagnostic { _ = try open(x, ids) { $0.settings.scale = DataScale("2") } }
    #expect(scaled?.kind == .usage)
  }

  @Test func severalInputsAreFedByName() throws {
    let scratch = Scratch()
    let a = DataInput(name: "a", element: .float32, shape: [1, 2])
    let b = DataInput(name: "b=c", element: .float32, shape: [1, 1])
    let first = try scratch.write("a.npy", TensorValue(floats: [1, 2, 3, 4], sizes: [2, 2]))
    let second = try scratch.write("b.npy", TensorValue(floats: [5, 6], sizes: [2, 1]))
    let short = try scratch.write("c.npy", TensorValue(floats: [5], sizes: [1, 1]))
    func open(_ arguments: [String]) throws -> Dataset {
      try Dataset(
        DataRequest(paths: arguments.map { DataPath(argument: $0, inputs: ["a", "b=c"]) }), for: [a, b])
    }
    let data = try open(["a=\(first)", "b=c=\(second)"])
    #expect(try data.sample(at: 1).inputs.map { $0.floats.array } == [[3, 4], [6]])
    #expect(diagnostic { _ = try open(["a=\(first)"]) }?.hint == "add --data b=c=PATH")
    #expect(
      diagnostic { _ = try open(["a=\(first)", "b=c=\(short)"]) }?.message.contains("'a' has 2, 'b=c' has 1")
        == true)
    #expect(diagnostic { _ = try open([first]) }?.message.contains("several inputs") == true)
  }

  @Test func whatDoesNotFitIsExplained() throws {
    let scratch = Scratch()
    let x = try scratch.write("x.npy", TensorValue(floats: [1, 2, 3], sizes: [1, 3]))
    let y = try scratch.write("y.npy", TensorValue(integers: [1, 2], type: .int8, sizes: [2]))
    let good = try scratch.write("good.npy", TensorValue(floats: [1, 2, 3, 4], sizes: [1, 4]))
    let none = try scratch.write("none.npy", TensorValue(floats: [], sizes: [0, 4]))
    #expect(
      diagnostic { _ = try open(x) }?.message.contains("(3 elements), input 'image' takes [N, 1, 2, 2]")
        == true)
    #expect(diagnostic { _ = try open(good, labels: y) }?.message == "there are 1 samples and 2 labels")
    #expect(diagnostic { _ = try open(none) }?.message.contains("no samples") == true)
    #expect(diagnostic { _ = try open(scratch.path + "/missing") }?.kind == .missing)
    #expect(
      diagnostic { _ = try open(try scratch.write("a.txt", "hello")) }?.message.contains("not known") == true)
    #expect(diagnostic { _ = try open(good) { $0.settings.mean = [1, 2, 3] } }?.kind == .badData)
    #expect(diagnostic { _ = try open(good) { $0.settings.standardDeviation = [0] } }?.kind == .usage)
  }

  @Test func manyThreadsReadAtOnce() async throws {
    let scratch = Scratch()
    let x = try scratch.write("x.npy", TensorValue(floats: (0..<4000).map(Float.init), sizes: [1000, 4]))
    let data = try open(x)
    try await withThrowingTaskGroup(of: Bool.self) { group in
      for worker in 0..<4 {
        group.addTask {
          for index in stride(from: worker, to: 1000, by: 3)
          where try data.sample(at: index).inputs[0].floats[0] != Float(4 * index) {
            return false
          }
          return true
        }
      }
      for try await isRight in group { #expect(isRight) }
    }
  }
}
