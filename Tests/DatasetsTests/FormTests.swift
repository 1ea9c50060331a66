import Graph
import Storage
import Testing

@testable import Datasets

/// `Calibration/forms` holds the same digits in every form.
@Suite struct FormTests {
  static let forms =
    String(#filePath.dropLast("Tests/DatasetsTests/FormTests.swift".count)) + "Calibration/forms"
  private let image = DataInput(name: "image", element: .float32, shape: [.batch(1), 1, 8, 8])

  private func open(_ path: String, _ change: (inout DataRequest) -> Void = { _ in }) throws -> Dataset {
    var request = DataRequest(paths: [DataPath("\(Self.forms)/\(path)")])
    change(&request)
    return try Dataset(request, for: [image])
  }

  private func values(_ data: Dataset) throws -> [[Float]] {
    try (0..<data.count).map { try data.sample(at: $0).inputs[0].floats.array }
  }

  private func labels(_ data: Dataset) throws -> [Int] {
    try (0..<data.count).map {
      guard case .classIndex(let index)? = try data.label(at: $0) else { return -1 }
      return index
    }
  }

  @Test func allFormsHoldTheSame() throws {
    let archive = try open("digits.npz") { $0.settings.scale = DataScale("1/16") }
    let arrays = try open("arrays")
    let table = try open("digits.csv") {
      $0.settings.scale = DataScale("1/16")
      $0.settings.labelColumn = "label"
    }
    let expected = try values(archive)
    #expect(expected.count == 12 && expected[0].contains(0.9375))
    #expect(try values(arrays) == expected)
    #expect(try values(table) == expected)
    let digits = try labels(archive)
    #expect(try labels(arrays) == digits)
    #expect(try labels(table) == digits)

    let pictures = try open("pictures")
    let order = (0..<12).map { Int(pictures.name(at: $0).dropFirst(2).prefix(3))! }
    #expect(try labels(pictures) == order.map { digits[$0] })
    for (position, values) in try values(pictures).enumerated() {
      for (given, wanted) in zip(values, expected[order[position]]) {
        #expect((given - wanted).magnitude < 1e-6)
      }
    }

    let tensors = try open("onnx")
    #expect(try values(tensors) == expected && !tensors.hasLabels)
    #expect(try values(try open("onnx/test_data_set_1")) == [expected[1]])
    #expect(try values(try open("onnx/test_data_set_1/input_0.pb")) == [expected[1]])
  }

  @Test func soundsAreFloats() throws {
    let input = DataInput(name: "sound", element: .float32, shape: [1, 64])
    let data = try Dataset(DataRequest(paths: [DataPath("\(Self.forms)/sounds")]), for: [input])
    let high = try data.sample(at: 0)
    #expect(
      high.name == "high/tone.wav"
        && high.inputs[0].floats.array.prefix(5) == [0.25, 0.25, -0.25, -0.25, 0.25])
    #expect(try labels(data) == [0, 1])
  }

  @Test func flagsWinOverTheFile() throws {
    let data = try open("arrays") { $0.settings.scale = DataScale("1") }
    #expect(try values(data)[0].max() ?? 0 > 1)
  }
}

@Suite struct FolderTests {
  private let pair = DataInput(name: "in", element: .float32, shape: [1, 2])
  private let sample = TensorValue(floats: [1, 2], sizes: [2])

  private func open(_ scratch: Scratch) throws -> Dataset {
    try Dataset(DataRequest(paths: [DataPath(scratch.path)]), for: [pair])
  }

  @Test func emptyAndMixedFoldersAreExplained() throws {
    let scratch = Scratch()
    #expect(diagnostic { _ = try open(scratch) }?.message.contains("it is empty") == true)
    try scratch.write("notes.txt", "x")
    #expect(diagnostic { _ = try open(scratch) }?.message.contains("it holds notes.txt") == true)
    try scratch.write("a.npy", sample)
    #expect(try open(scratch).count == 1)
    try scratch.write("b.npy", TensorValue(floats: [1, 2], sizes: [1, 2]))
    let found = diagnostic { _ = try open(scratch).sample(at: 1) }
    #expect(found?.message == "'b.npy' has the sizes [1, 2], 'a.npy' has [2]")
    try scratch.write("c.wav", "x")
    #expect(diagnostic { _ = try open(scratch) }?.message.contains("'a.npy' and 'c.wav'") == true)
  }

  @Test func samplesBesideClassFoldersAreExplained() throws {
    let scratch = Scratch()
    try scratch.write("a.npy", sample)
    try scratch.write("class/b.npy", sample)
    #expect(diagnostic { _ = try open(scratch) }?.message.contains("sub-folder 'class'") == true)
  }

  @Test func classFoldersAreNumberedByNameOrNumber() throws {
    let named = Scratch()
    for name in ["dog", "cat", "ant"] { try named.write("\(name)/x.npy", sample) }
    func classes(_ scratch: Scratch) throws -> [Int] {
      let data = try open(scratch)
      return try (0..<data.count).map {
        guard case .classIndex(let index)? = try data.label(at: $0) else { return -1 }
        return index
      }
    }
    #expect(try classes(named) == [0, 1, 2])
    try named.write("data.yaml", "classes: [dog, cat, ant]")
    #expect(try classes(named) == [2, 1, 0])
    let numbered = Scratch()
    for name in ["10", "2", "7"] { try numbered.write("\(name)/x.npy", sample) }
    #expect(try classes(numbered) == [10, 2, 7])
  }

  @Test func missingLabelsAreNamed() throws {
    let scratch = Scratch()
    for name in ["a", "b"] { try scratch.write("\(name).npy", sample) }
    try scratch.write("labels.csv", "a.npy,3\nz.npy,4\n")
    #expect(
      diagnostic { _ = try open(scratch) }?.message.contains(
        "no label for 1 of 2 files, the first is 'b.npy'") == true)
    try scratch.write("labels.csv", "file,label\nb.npy,dog\na.npy,cat\n")
    let data = try open(scratch)
    guard case .classIndex(1)? = try data.label(at: 1) else { throw Diagnostic(.failed, "wrong label") }
  }
}

@Suite struct TableTests {
  private func open(_ text: String, width: Int, _ column: String? = nil) throws -> Dataset {
    let scratch = Scratch()
    var request = DataRequest(paths: [DataPath(try scratch.write("t.csv", text))])
    request.settings.labelColumn = column
    let data = try Dataset(
      request, for: [DataInput(name: "in", element: .float32, shape: [1, .fixed(width)])])
    _ = try data.batch(0..<data.count)
    return data
  }

  @Test func tablesOfAllStyles() throws {
    #expect(try open("1,2\n3,4\n", width: 2).sample(at: 1).inputs[0].floats.array == [3, 4])
    #expect(try open("a;b\r\n1;2\r\n\r\n3;4", width: 2).sample(at: 1).inputs[0].floats.array == [3, 4])
    #expect(try open("# x\n1\t2e-1\n", width: 2).sample(at: 0).inputs[0].floats.array == [1, 0.2])
    #expect(
      try open("\u{FEFF}\"a\",\"b\"\n\"1\", 2\n", width: 2).sample(at: 0).inputs[0].floats.array == [1, 2])
    let many = (0..<100).map { "\($0),\($0 * 2)" }.joined(separator: "\n")
    #expect(try open(many, width: 2).sample(at: 57).inputs[0].floats.array == [57, 114])
  }

  @Test func labelColumns() throws {
    for column in ["b", "1", "-2"] {
      let data = try open("a,b,c\n1,7,2\n3,8,4\n", width: 2, column)
      #expect(try data.sample(at: 1).inputs[0].floats.array == [3, 4])
      guard case .classIndex(8)? = try data.label(at: 1) else { throw Diagnostic(.failed, "wrong label") }
    }
    let named = try open("1,cat\n2,ant\n", width: 1, "1")
    guard case .classIndex(1)? = try named.label(at: 0) else { throw Diagnostic(.failed, "wrong label") }
    let values = try open("1,0.5\n2,1.5\n", width: 1, "-1")
    guard case .array(let value)? = try values.label(at: 1), value.floats[0] == 1.5 else {
      throw Diagnostic(.failed, "wrong label")
    }
  }

  @Test func aForgottenLabelColumnIsGuessed() {
    let found = diagnostic { _ = try open("1,2,0\n3,4,1\n", width: 2) }
    #expect(found?.hint?.contains("--label-column") == true)
  }

  @Test func badTablesAreExplained() throws {
    let cases: [(String, String)] = [
      ("", "no rows"), ("a,b\n", "no rows"), ("1,2\n3\n", "row 2 has 1 fields"),
      ("1,2\n3,x\n", "row 2, column 2: 'x' is not a number"), ("1,2\n3,\n", "the field is empty"),
      ("a,b\n1,2\n3,nan\n", "row 3, column 2 ('b')"),
    ]
    for (text, expected) in cases {
      let found = diagnostic { _ = try open(text, width: 2) }
      #expect(found?.message.contains(expected) == true, "\(text): \(found?.message ?? "nothing")")
    }
    #expect(
      diagnostic { _ = try open("a,b\n1,2\n", width: 1, "c") }?.message.contains("no column 'c'") == true)
  }
}
