import ONNXFormat

/// A generator whose numbers are the same on every machine.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(1, count))) }

  mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

  /// A copy with one to three wounds.
  mutating func damaged(_ source: [UInt8], _ others: [[UInt8]]) -> [UInt8] {
    var bytes = source
    for _ in 0..<(1 + below(3)) where !bytes.isEmpty {
      // Most wounds go where the structure is, not into the weights.
      let reach = below(3) == 0 ? bytes.count : min(bytes.count, 4000)
      let place = below(2) == 0 ? below(reach) : max(0, bytes.count - 1 - below(reach))
      switch below(14) {
      case 0: bytes[place] = UInt8(truncatingIfNeeded: next())
      case 1: bytes[place] ^= 1 << UInt8(below(8))
      case 2: bytes[place] = [0, 1, 0x7F, 0x80, 0xFF][below(5)]
      case 3: bytes.removeSubrange(place..<min(bytes.count, place + 1 + below(16)))
      case 4: bytes.insert(contentsOf: self.bytes(1 + below(16)), at: place)
      case 5: bytes.removeSubrange(place...)
      case 9...13: bytes[place] = UInt8(below(12))
      case 6:
        let piece = Array(bytes[place..<min(bytes.count, place + 1 + below(200))])
        bytes.insert(contentsOf: piece, at: below(bytes.count))
      case 7:
        let other = others[below(others.count)]
        let start = below(other.count)
        bytes.insert(contentsOf: other[start..<min(other.count, start + 1 + below(300))], at: place)
      default:
        // A number grown to the largest that fits.
        let end = min(bytes.count, place + 9)
        bytes.replaceSubrange(place..<end, with: [UInt8](repeating: 0xFF, count: 8) + [0x7F])
      }
    }
    return bytes
  }
}

extension SplitMix {
  /// A well-formed model with one to three strange numbers, names or types in it.
  mutating func twisted(_ source: TestModel) -> TestModel {
    var model = source
    for _ in 0..<(1 + below(3)) {
      switch below(8) {
      case 0: model.opset = 7 + below(22)
      case 1: twistNode(&model)
      case 2: twistConstant(&model)
      case 3:
        let axis = below(model.graph.inputs[0].dimensions?.count ?? 0)
        model.graph.inputs[0].dimensions?[axis] = [.size(strangeNumber()), .named("d"), .open][below(3)]
      default: twistAttribute(&model)
      }
    }
    return model
  }

  private mutating func strangeNumber() -> Int {
    [0, 1, 2, 3, 5, 7, -1, -2, 13, 64, 1000, 65536, 1 << 31, 1 << 40, Int.max, Int.min, -(1 << 31)][below(17)]
  }

  private mutating func twistNode(_ model: inout TestModel) {
    let names =
      model.graph.nodes.flatMap(\.outputs) + model.graph.initializers.map(\.name) + ["x", "", "nobody"]
    let node = below(model.graph.nodes.count)
    let operators = ONNXImporter.supportedOperators
    switch below(4) {
    case 0: model.graph.nodes[node].op = operators[below(operators.count)].name
    case 1: model.graph.nodes[node].inputs.append(names[below(names.count)])
    case 2 where !model.graph.nodes[node].inputs.isEmpty: model.graph.nodes[node].inputs.removeLast()
    default:
      guard !model.graph.nodes[node].inputs.isEmpty else { return }
      model.graph.nodes[node].inputs[below(model.graph.nodes[node].inputs.count)] = names[below(names.count)]
    }
  }

  private mutating func twistConstant(_ model: inout TestModel) {
    guard !model.graph.initializers.isEmpty else { return }
    let index = below(model.graph.initializers.count)
    var tensor = model.graph.initializers[index]
    switch below(4) {
    case 0: tensor.sizes = (0..<below(5)).map { _ in strangeNumber() }
    case 1: tensor.type = below(27)
    case 2: tensor.sizes.reverse()
    default:
      let number = tensor.type == 7 ? strangeNumber() : Int(truncatingIfNeeded: next())
      let bytes = withUnsafeBytes(of: Int64(number)) { Array($0) }
      for (offset, byte) in bytes.enumerated() where offset < tensor.raw.count { tensor.raw[offset] = byte }
    }
    model.graph.initializers[index] = tensor
  }

  /// Changes an attribute, or gives a node one that it has not.
  private mutating func twistAttribute(_ model: inout TestModel) {
    let names = [
      "axis", "axes", "group", "strides", "pads", "dilations", "kernel_shape", "perm", "to", "alpha",
      "keepdims",
      "hidden_size", "blocksize", "k", "size", "p", "num_heads", "ceil_mode", "output_shape", "batch_dims",
      "direction",
      "mode", "layout", "block_size", "allowzero", "num_outputs", "equation", "auto_pad", "epsilon",
      "exclusive",
    ]
    let node = below(model.graph.nodes.count)
    let count = model.graph.nodes[node].attributes.count
    let name =
      count > 0 && below(2) == 0
      ? model.graph.nodes[node].attributes[below(count)].0 : names[below(names.count)]
    let texts = [
      "", "reverse", "bidirectional", "SAME_LOWER", "reflect", "edge", "wrap", "cubic", "ij,jk", "...i->i...",
      "ii->i", "CRD",
    ]
    let value: TestAttribute =
      switch below(5) {
      case 0: .int(strangeNumber())
      case 1: .ints((0..<below(5)).map { _ in strangeNumber() })
      case 2: .ints((0..<below(5)).map { _ in below(4) })
      case 3: .float([0, -1, .nan, .infinity, 1e30, 0.5][below(6)])
      default: .string(texts[below(texts.count)])
      }
    model.graph.nodes[node].attributes.removeAll { $0.0 == name }
    model.graph.nodes[node].attributes.append((name, value))
  }
}
