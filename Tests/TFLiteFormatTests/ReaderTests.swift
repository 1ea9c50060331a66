import Graph
import Micro
import Storage
import Testing

@testable import TFLiteFormat

/// One change to a right file, and what the refusal says.
struct Flaw: Sendable, CustomTestStringConvertible {
  var name: String
  var kind: Diagnostic.Kind
  var mention: String
  var change: @Sendable (inout HandMadeFile) -> Void

  init(
    _ name: String, _ kind: Diagnostic.Kind, _ mention: String,
    _ change: @escaping @Sendable (inout HandMadeFile) -> Void
  ) {
    (self.name, self.kind, self.mention, self.change) = (name, kind, mention, change)
  }

  var testDescription: String { name }

  static let all: [Flaw] = [
    Flaw("version", .unsupported, "version 4") { $0.model[0] = .int(4) },
    Flaw("no subgraph", .badData, "no subgraph") { $0.model[2] = .list([]) },
    Flaw("no list of inputs", .badData, "no list of inputs") { $0.subgraph[1] = nil },
    Flaw("no tensors", .badData, "there are 0") { $0.subgraph[0] = .list([]) },
    Flaw("input out of range", .badData, "tensor 7") { $0.subgraph[1] = .ints([7]) },
    Flaw("output out of range", .badData, "tensor -1") { $0.subgraph[2] = .ints([-1]) },
    Flaw("operand out of range", .badData, "tensor 2") { $0.op[1] = .ints([2]) },
    Flaw("operand below -1", .badData, "tensor -2") { $0.op[1] = .ints([-2]) },
    Flaw("intermediate out of range", .badData, "intermediates") { $0.op[8] = .ints([5]) },
    Flaw("operator code out of range", .badData, "operator code 3") { $0.op[0] = .int(3) },
    Flaw("StableHLO", .unsupported, "StableHLO operator (170)") {
      $0.opcode = [0: .byte(127), 3: .int(170)]
    },
    Flaw("no such operator", .unsupported, "999") { $0.opcode[3] = .int(999) },
    Flaw("nameless custom operator", .badData, "without a name") { $0.opcode = [0: .byte(32), 3: .int(32)] },
    Flaw("element type", .badData, "element type 77") { $0.input[1] = .byte(77) },
    Flaw("negative extent", .badData, "extent -3") { $0.input[0] = .ints([1, -3]) },
    Flaw("product of extents", .badData, "2^31") {
      $0.input[0] = .ints([1 << 20, 1 << 20, 1 << 20, 1 << 20])
    },
    Flaw("buffer out of range", .badData, "buffer 9") { $0.input[2] = .int(9) },
    Flaw("short constant", .badData, "holds 4 bytes") {
      $0.input[2] = .int(1)
      $0.input[0] = .ints([1, 5])
    },
    Flaw("written constant", .badData, "writes to the constant") { $0.output[2] = .int(1) },
    Flaw("variable with data", .badData, "variable") {
      $0.input[2] = .int(1)
      $0.input[5] = .byte(1)
    },
    Flaw("operand that nobody makes", .badData, "before anything makes it") { $0.subgraph[1] = .ints([]) },
    Flaw("output that nobody makes", .badData, "nothing makes its output") { $0.subgraph[3] = .list([]) },
    Flaw("made twice", .badData, "makes too") {
      $0.subgraph[3] = .list([.table($0.op), .table($0.op)])
    },
    Flaw("sparse tensor", .unsupported, "sparsely") { $0.input[6] = .table([:]) },
    Flaw("external buffer of a tensor", .unsupported, "external buffer 2") { $0.input[10] = .int(2) },
    Flaw("external buffers", .unsupported, "1 of its constants outside") {
      $0.model[9] = .list([.table([:])])
    },
    Flaw("buffer behind the tables", .unsupported, "buffers 2") {
      $0.buffers.append(.table([1: .long(4096), 2: .long(64)]))
    },
    Flaw("large custom options", .unsupported, "large_custom_options") { $0.op[10] = .long(100) },
    Flaw("activation", .badData, "activation 9") {
      $0.opcode = [0: .byte(0), 3: .int(0)]
      $0.op[1] = .ints([0, 0])
      $0.op[3] = .byte(11)
      $0.op[4] = .table([0: .byte(9)])
    },
    Flaw("called subgraph", .badData, "calls subgraph 4") {
      $0.opcode = [0: .byte(127), 3: .int(129)]
      $0.op[3] = .byte(103)
      $0.op[4] = .table([0: .int(4)])
    },
    Flaw("recursion", .badData, "calls itself") {
      $0.opcode = [0: .byte(127), 3: .int(129)]
      $0.op[3] = .byte(103)
      $0.op[4] = .table([0: .int(0)])
    },
    Flaw("metadata out of range", .badData, "buffer 8") {
      $0.model[6] = .list([.table([0: .text("notes"), 1: .int(8)])])
    },
  ]
}

struct ReaderTests {
  private func model(_ file: HandMadeFile) throws -> MicroModel {
    try TFLiteReader(Storage(bytes: file.bytes), name: "made.tflite").model()
  }

  @Test(arguments: Flaw.all)
  func flawsAreNamed(_ flaw: Flaw) throws {
    var file = HandMadeFile()
    #expect(try model(file).main.operators.count == 1)
    flaw.change(&file)
    let refusal = #expect(throws: Diagnostic.self) { try model(file) }
    #expect(
      refusal?.kind == flaw.kind && refusal?.message.contains(flaw.mention) == true,
      "\(refusal?.message ?? "")")
  }

  @Test func allFaultsAreListed() throws {
    var file = HandMadeFile()
    file.input[1] = .byte(77)
    file.op[1] = .ints([3])
    file.subgraph[2] = .ints([4])
    let refusal = #expect(throws: Diagnostic.self) { try model(file) }
    for mention in ["faults:", "element type 77", "tensor 3", "tensor 4"] {
      #expect(refusal?.message.contains(mention) == true, "\(refusal?.message ?? "")")
    }
  }

  /// Old tools write the first of the two codes alone, new ones both; the greater one counts.
  @Test(arguments: [
    ([0: 19], BuiltinOperator.relu), ([3: 19], .relu), ([0: 127, 3: 150], .gelu), ([0: 25, 3: 19], .softmax),
  ])
  func operatorCodes(_ fields: [Int: Int], _ code: BuiltinOperator) throws {
    var file = HandMadeFile()
    file.opcode = fields.reduce(into: [:]) { $0[$1.key] = $1.key == 0 ? .byte($1.value) : .int($1.value) }
    let op = try model(file).main.operators[0]
    #expect(op.code == code && op.version == 1)
  }

  @Test func quantizationIsTakenAsTFLMTakesIt() throws {
    var file = HandMadeFile()
    func numbers(_ fields: [Int: Flat]) throws -> Quantization? {
      file.input[4] = .table(fields)
      return try model(file).main.tensors[0].quantization
    }
    #expect(
      try numbers([2: .floats([0.5]), 3: .longs([-3])]) == Quantization(scales: [0.5], zeroPoints: [-3]))
    // Scales without zero points do not count.
    #expect(try numbers([2: .floats([0.5])]) == nil)
    #expect(try numbers([0: .floats([0]), 1: .floats([1])]) == nil)
    // One zero point is that of all channels.
    #expect(
      try numbers([2: .floats([0.5, 0.25]), 3: .longs([7]), 6: .int(1)])
        == Quantization(scales: [0.5, 0.25], zeroPoints: [7, 7], axis: 1))
  }

  @Test func absentOptionsAreZeros() throws {
    var file = HandMadeFile()
    file.opcode = [0: .byte(25), 3: .int(25)]
    #expect(try model(file).main.operators[0].options == .softmax(beta: 0))
    // The table of another operator counts for nothing.
    file.op[3] = .byte(10)
    file.op[4] = .table([0: .int(3)])
    #expect(try model(file).main.operators[0].options == .softmax(beta: 0))
    file.op[3] = .byte(9)
    file.op[4] = .table([0: .int(Int(Float(2).bitPattern))])
    #expect(try model(file).main.operators[0].options == .softmax(beta: 2))
  }

  @Test func constantsLieInTheFile() throws {
    var file = HandMadeFile()
    file.input[2] = .int(1)
    file.input[0] = .ints([3])
    file.output[0] = .ints([3])
    // What is longer than its shape loses its end.
    #expect(try model(file).main.tensors[0].data?.array == [1, 2, 3])
  }

  @Test func theMarkIsNotNeeded() throws {
    var bytes = HandMadeFile().bytes
    bytes.replaceSubrange(4..<8, with: Array("ABCD".utf8))
    #expect(try TFLiteReader(Storage(bytes: bytes), name: "made").model().main.operators.count == 1)
    let text = Storage(bytes: Array("This is a sentence, and no model of any sort.".utf8))
    let refusal = #expect(throws: Diagnostic.self) { try TFLiteReader(text, name: "text").model() }
    #expect(refusal?.message.contains("TFL3") == true)
  }

  @Test func missingFilesAreSaidToBe() {
    let refusal = #expect(throws: Diagnostic.self) { try TFLiteReader(path: "/nowhere/model.tflite") }
    #expect(refusal?.kind == .missing)
  }
}
