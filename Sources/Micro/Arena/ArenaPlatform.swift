/// What the interpreter is compiled for; its own structures have other sizes on each.
public enum ArenaPlatform: String, Sendable, Hashable, CaseIterable {
  /// 32-bit Arm with the default of its GCC: an enumeration takes as few bytes as it can.
  case cortexM = "cortex-m"
  /// 32 bits with enumerations of four bytes: an upper bound for any 32-bit compiler.
  case cortexMWideEnums = "cortex-m-wide-enums"
  /// The plain interpreter in a 64-bit program.
  case host64 = "host64"
  /// The Python package `tflite-micro`: 64 bits, with the recording allocator and weight compression compiled in.
  case pythonInterpreter = "python"

  /// Whether pointers have 64 bits.
  var isWide: Bool { self == .host64 || self == .pythonInterpreter }

  /// Whether weights compressed by tables (metadata `COMPRESSION_METADATA`) are understood.
  var hasCompression: Bool { self == .pythonInterpreter }

  var sizes: InterpreterSizes {
    switch self {
    case .cortexM: .narrow
    case .cortexMWideEnums: .narrow.with { $0.tensor = 40 }
    case .host64: .wide
    case .pythonInterpreter:
      .wide.with {
        $0.arenaAllocator = 104
        $0.microAllocator = 272
        $0.subgraph = 24
      }
    }
  }
}

/// Bytes of the interpreter's own structures.
struct InterpreterSizes: Sendable {
  var arenaAllocator: Int
  var planner: Int
  var microAllocator: Int
  var builtinDataAllocator: Int
  var subgraph: Int
  var evalTensor: Int
  var node: Int
  /// The full description of a tensor: kept for ports, made for a moment while operators prepare.
  var tensor: Int
  var affineQuantization: Int
  var scratchHandle: Int
  var pointer: Int
  var scratchRequest: Int
  /// What the planning keeps for a moment about each tensor and scratch buffer.
  var allocationInfo: Int
  /// The decoder objects of the custom operator TFLM_DECODE: by table, by Huffman code, by mask.
  var decoders: [Int]
  /// Table-compressed weights: what each such tensor takes.
  var compressedTensor = 32

  /// The planner's own note of each buffer.
  static let plannedBuffer = 40
  /// How many scratch buffers an operator may ask for; room for as many requests is held while it prepares.
  static let scratchRequestsPerOperator = 12

  static let wide = InterpreterSizes(
    arenaAllocator: 72, planner: 72, microAllocator: 72, builtinDataAllocator: 16, subgraph: 16,
    evalTensor: 24,
    node: 64, tensor: 64, affineQuantization: 24, scratchHandle: 8, pointer: 8, scratchRequest: 16,
    allocationInfo: 32, decoders: [72, 56, 80])

  static let narrow = InterpreterSizes(
    arenaAllocator: 36, planner: 44, microAllocator: 36, builtinDataAllocator: 8, subgraph: 8, evalTensor: 12,
    node: 32, tensor: 32, affineQuantization: 12, scratchHandle: 4, pointer: 4, scratchRequest: 12,
    allocationInfo: 24, decoders: [36, 28, 40])

  func with(_ change: (inout InterpreterSizes) -> Void) -> InterpreterSizes {
    var copy = self
    change(&copy)
    return copy
  }
}

extension Int {
  /// The next multiple of `alignment`.
  func aligned(to alignment: Int) -> Int { (self + alignment - 1) / alignment * alignment }
}

/// The alignment of every buffer in an arena.
let arenaAlignment = 16
