import Graph
import Storage

/// A whole model, ready to be written.
struct ExportedModel {
  private let nodes: [MessageBytes]
  private let constants: [ExportedConstant]
  private let front: MessageBytes
  private let ports: MessageBytes
  private let graphName: MessageBytes

  /// A protobuf message cannot be larger.
  static let maximumByteCount = Int(Int32.max)

  init(
    _ exporting: Exporting, producer: String, producerVersion: String,
    metadata: [(name: String, value: String)] = []
  ) {
    nodes = exporting.nodes.map(\.message)
    constants = exporting.constants
    var front = MessageBytes()
    front.number(1, Self.irVersion(opset: exporting.opset))
    front.text(2, producer)
    if !producerVersion.isEmpty { front.text(3, producerVersion) }
    var opset = MessageBytes()
    opset.text(1, "")
    opset.number(2, exporting.opset)
    front.message(8, opset)
    for note in metadata {
      var entry = MessageBytes()
      entry.text(1, note.name)
      entry.text(2, note.value)
      front.message(14, entry)
    }
    self.front = front
    var ports = MessageBytes()
    for port in exporting.graph.inputs { ports.message(11, Self.message(of: port)) }
    for port in exporting.graph.outputs { ports.message(12, Self.message(of: port)) }
    self.ports = ports
    var name = MessageBytes()
    name.text(2, exporting.graph.name.isEmpty ? "graph" : exporting.graph.name)
    graphName = name
  }

  /// The IR version that came with an opset.
  private static func irVersion(opset: Int) -> Int {
    switch opset {
    case ...18: 8
    case 19...20: 9
    case 21...22: 10
    case 23: 11
    case 24: 12
    default: 13
    }
  }

  /// The fields of ONNX's ValueInfoProto.
  private static func message(of port: Port) -> MessageBytes {
    var shape = MessageBytes()
    for extent in port.declaredShape.extents {
      var dimension = MessageBytes()
      switch extent {
      case .fixed(let size): dimension.number(1, size)
      case .batch(1): dimension.text(2, "batch")
      case .batch(let factor): dimension.text(2, "batch_times_\(factor)")
      }
      shape.message(1, dimension)
    }
    var tensor = MessageBytes()
    tensor.number(1, DataTypes.number(of: port.declaredType))
    tensor.message(2, shape)
    var type = MessageBytes()
    type.message(1, tensor)
    var value = MessageBytes()
    value.text(1, port.name)
    value.message(2, type)
    return value
  }

  private func graphByteCount(_ fronts: [MessageBytes]) -> Int {
    var total = graphName.bytes.count + ports.bytes.count
    for node in nodes { total += Self.fieldSize(node.bytes.count) }
    for (front, constant) in zip(fronts, constants) {
      total += Self.fieldSize(front.bytes.count + constant.byteCount)
    }
    return total
  }

  /// A nested message with its tag and length.
  private static func fieldSize(_ byteCount: Int) -> Int {
    var field = MessageBytes()
    field.begin(1, byteCount: byteCount)
    return field.bytes.count + byteCount
  }

  /// What writing would make.
  var byteCount: Int { front.bytes.count + Self.fieldSize(graphByteCount(constants.map(\.front))) }

  func write(to path: String) throws(StorageError) {
    let fronts = constants.map(\.front)
    let file = try OutputFile(path)
    try file.write(front.bytes)
    var field = MessageBytes()
    field.begin(7, byteCount: graphByteCount(fronts))
    try file.write(field.bytes)
    for node in nodes {
      var field = MessageBytes()
      field.message(1, node)
      try file.write(field.bytes)
    }
    try file.write(graphName.bytes)
    for (front, constant) in zip(fronts, constants) {
      var field = MessageBytes()
      field.begin(5, byteCount: front.bytes.count + constant.byteCount)
      try file.write(field.bytes)
      try file.write(front.bytes)
      try constant.write(to: file)
    }
    try file.write(ports.bytes)
    try file.commit()
  }
}
