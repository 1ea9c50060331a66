/// A flatbuffer put together by hand, to say what no writer would.
///
///     let bytes = Flat.file(.table([0: .int(3), 2: .list([subgraph])]))
indirect enum Flat {
  case byte(Int)
  case int(Int)
  case long(Int)
  case text(String)
  case bytes([UInt8])
  case ints([Int])
  case longs([Int])
  case floats([Float])
  case list([Flat])
  case table([Int: Flat])

  static func file(_ root: Flat, mark: String = "TFL3") -> [UInt8] {
    var bytes: [UInt8] = [0, 0, 0, 0] + Array(mark.utf8)
    let place = root.append(to: &bytes)
    bytes.put(place, at: 0, width: 4)
    return bytes + [UInt8](repeating: 0, count: 16)
  }

  private var width: Int {
    switch self {
    case .byte: 1
    case .long: 8
    default: 4
    }
  }

  /// Appends what is referred to by offset; says where it is.
  private func append(to bytes: inout [UInt8]) -> Int {
    while bytes.count % 8 != 4 { bytes.append(0) }
    switch self {
    case .byte, .int, .long: return 0
    case .text(let text):
      return Self.vector(of: text.utf8.count, elements: Array(text.utf8) + [0], to: &bytes)
    case .bytes(let elements): return Self.vector(of: elements.count, elements: elements, to: &bytes)
    case .ints(let numbers):
      return Self.vector(of: numbers.count, elements: numbers.flatMap { Self.little($0, 4) }, to: &bytes)
    case .longs(let numbers):
      return Self.vector(of: numbers.count, elements: numbers.flatMap { Self.little($0, 8) }, to: &bytes)
    case .floats(let numbers):
      let elements = numbers.flatMap { Self.little(Int($0.bitPattern), 4) }
      return Self.vector(of: numbers.count, elements: elements, to: &bytes)
    case .list(let items):
      let start = bytes.count
      bytes += Self.little(items.count, 4) + [UInt8](repeating: 0, count: 4 * items.count)
      for (index, item) in items.enumerated() {
        let place = item.append(to: &bytes)
        bytes.put(place - (start + 4 + 4 * index), at: start + 4 + 4 * index, width: 4)
      }
      return start
    case .table(let fields): return Self.table(fields, to: &bytes)
    }
  }

  private static func vector(of count: Int, elements: [UInt8], to bytes: inout [UInt8]) -> Int {
    let start = bytes.count
    bytes += little(count, 4) + elements
    return start
  }

  private static func table(_ fields: [Int: Flat], to bytes: inout [UInt8]) -> Int {
    let count = (fields.keys.max() ?? -1) + 1
    // Every field takes 8 bytes behind the distance to the list of fields.
    let description = bytes.count
    let start = description + (4 + 2 * count + 11) / 8 * 8
    bytes += little(4 + 2 * count, 2) + little(8 + 8 * count, 2)
    for field in 0..<count { bytes += little(fields[field] == nil ? 0 : 8 + 8 * field, 2) }
    bytes += [UInt8](repeating: 0, count: start - bytes.count) + little(start - description, 4)
    bytes += [UInt8](repeating: 0, count: 4 + 8 * count)
    for (field, value) in fields.sorted(by: { $0.key < $1.key }) {
      let place = start + 8 + 8 * field
      switch value {
      case .byte(let number), .int(let number), .long(let number):
        bytes.put(number, at: place, width: value.width)
      default:
        let target = value.append(to: &bytes)
        bytes.put(target - place, at: place, width: 4)
      }
    }
    return start
  }

  private static func little(_ number: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
  }
}

extension [UInt8] {
  fileprivate mutating func put(_ number: Int, at place: Int, width: Int) {
    for index in 0..<width { self[place + index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
  }
}

/// The parts of a right file, each of which a test can replace.
struct HandMadeFile {
  var model: [Int: Flat] = [0: .int(3)]
  var opcode: [Int: Flat] = [0: .byte(19), 3: .int(19)]
  var input: [Int: Flat] = [0: .ints([1, 4]), 1: .byte(9), 3: .text("x")]
  var output: [Int: Flat] = [0: .ints([1, 4]), 1: .byte(9), 3: .text("y")]
  var op: [Int: Flat] = [1: .ints([0]), 2: .ints([1])]
  var subgraph: [Int: Flat] = [1: .ints([0]), 2: .ints([1])]
  var buffers: [Flat] = [.table([:]), .table([0: .bytes([1, 2, 3, 4])])]

  /// RELU on four int8 numbers.
  init() {}

  var bytes: [UInt8] {
    var graph = subgraph
    if graph[0] == nil { graph[0] = .list([.table(input), .table(output)]) }
    if graph[3] == nil { graph[3] = .list([.table(op)]) }
    var root = model
    root[1] = root[1] ?? .list([.table(opcode)])
    root[2] = root[2] ?? .list([.table(graph)])
    root[4] = root[4] ?? .list(buffers)
    return Flat.file(.table(root))
  }
}
