import CTFLite
import Graph
import Micro
import Storage

extension ModelReading {
  mutating func subgraph(_ index: Int, _ opcodes: [OperatorCode?]) throws(Diagnostic) -> MicroSubgraph {
    let table = file.subgraph(index)
    try charge(table.name, table.inputs, table.outputs)
    var subgraph = MicroSubgraph(name: file.text(table.name))
    let title = "subgraph \(index)"
    for (isThere, what) in [
      (table.has_tensors, "tensors"), (table.inputs.start != nil, "inputs"),
      (table.outputs.start != nil, "outputs"),
    ] where !isThere {
      faults.add(.badData, "\(title) has no list of \(what)")
    }
    for position in 0..<table.tensor_count {
      subgraph.tensors.append(try tensor(file.tensor(position, of: index), "\(title), tensor \(position)"))
    }
    subgraph.inputs = tensorIndices(table.inputs, of: subgraph, "\(title): its inputs")
    subgraph.outputs = tensorIndices(table.outputs, of: subgraph, "\(title): its outputs")
    for position in 0..<table.operator_count {
      let table = file.operator(position, of: index)
      if let found = try op(table, opcodes, in: subgraph, "\(title), operator \(position)") {
        subgraph.operators.append(found)
      }
    }
    return subgraph
  }

  // MARK: Tensors

  private mutating func tensor(_ table: ctflite_tensor, _ place: String) throws(Diagnostic) -> MicroTensor {
    try charge(table.name, table.shape, table.scales, table.zero_points)
    let name = file.text(table.name)
    let place = name.isEmpty ? place : "\(place) ('\(name)')"
    var tensor = MicroTensor(
      name, .float32, shape(file.integers(table.shape), place), isVariable: table.is_variable)
    if let type = MicroType(rawValue: table.type) {
      tensor.type = type
    } else {
      faults.add(.badData, "\(place) has the unknown element type \(table.type)")
    }
    if table.external_buffer != 0 {
      faults.add(
        .unsupported, "\(place) is kept outside of the file (external buffer \(table.external_buffer))")
    }
    if table.is_sparse {
      faults.add(.unsupported, "\(place) is stored sparsely, which TFLM does not read")
    }
    tensor.quantization = quantization(table)
    if let data = bufferBytes(table.buffer, of: place), data.count > 0 { tensor.data = data }
    return tensor
  }

  /// Extents of which the product, and the bytes of any type, can be computed.
  private mutating func shape(_ extents: [Int], _ place: String) -> [Int] {
    if let extent = extents.first(where: { $0 < -1 }) {
      faults.add(.badData, "\(place) has the extent \(extent)")
      return []
    }
    var product = 1
    for extent in extents where extent > 1 {
      product *= extent
      guard product < 1 << 31 else {
        faults.add(.badData, "\(place) has the shape \(extents.prefix(8)), which is 2^31 elements or more")
        return []
      }
    }
    return extents
  }

  /// As TFLM takes it: only with scales and zero points, and with one zero point for all when their numbers differ.
  private func quantization(_ table: ctflite_tensor) -> Quantization? {
    let scales = file.floats(table.scales)
    let zeroPoints = file.longs(table.zero_points)
    guard !scales.isEmpty, let first = zeroPoints.first else { return nil }
    let axis = Int(table.quantized_dimension)
    return Quantization(
      scales: scales,
      zeroPoints: zeroPoints.count == scales.count
        ? zeroPoints : [Int](repeating: first, count: scales.count),
      axis: scales.count > 1 || axis != 0 ? axis : nil)
  }

  // MARK: Operators

  private mutating func op(
    _ table: ctflite_operator, _ opcodes: [OperatorCode?], in subgraph: MicroSubgraph, _ place: String
  ) throws(Diagnostic) -> MicroOperator? {
    try charge(table.inputs, table.outputs, table.intermediates, table.options.list)
    try charge(table.options.texts.0, table.options.texts.1)
    guard Int(table.opcode_index) < opcodes.count else {
      faults.add(
        .badData, "\(place) uses operator code \(table.opcode_index), but there are \(opcodes.count)")
      return nil
    }
    // A code that is not known was reported already.
    guard let opcode = opcodes[Int(table.opcode_index)] else { return nil }
    let title = "\(place) (\(opcode.code == .custom ? opcode.customName : opcode.code.name))"
    if table.has_large_custom_options {
      faults.add(.unsupported, "\(title) keeps its options behind the tables (large_custom_options)")
    }
    var options = OptionsReading(OptionsRecord(table.options, in: file))
    var found = MicroOperator(
      opcode.code, inputs: optionalIndices(table.inputs, of: subgraph, "\(title): its inputs"),
      outputs: tensorIndices(table.outputs, of: subgraph, "\(title): its outputs"),
      options: options.options(of: opcode.code), version: opcode.version, customName: opcode.customName,
      intermediates: tensorIndices(table.intermediates, of: subgraph, "\(title): its intermediates"))
    for problem in options.problems { faults.add(.badData, "\(title) has the unknown \(problem)") }
    if table.custom_options.start != nil { found.customOptions = file.bytes(table.custom_options) }
    for called in found.calledSubgraphs where !(0..<file.model.subgraph_count).contains(called) {
      faults.add(.badData, "\(title) calls subgraph \(called), but there are \(file.model.subgraph_count)")
    }
    return found
  }

  private mutating func optionalIndices(
    _ span: ctflite_span, of subgraph: MicroSubgraph, _ place: String
  ) -> [Int?] {
    file.integers(span).map { index in
      if index == -1 { return nil }
      check(index, of: subgraph, place)
      return index
    }
  }

  private mutating func tensorIndices(
    _ span: ctflite_span, of subgraph: MicroSubgraph, _ place: String
  ) -> [Int] {
    let indices = file.integers(span)
    for index in indices { check(index, of: subgraph, place) }
    return indices
  }

  private mutating func check(_ index: Int, of subgraph: MicroSubgraph, _ place: String) {
    guard !subgraph.tensors.indices.contains(index) else { return }
    faults.add(.badData, "\(place) name tensor \(index), but there are \(subgraph.tensors.count)")
  }

  // MARK: Constants

  /// Compares the lengths of constants with their shapes; what is longer loses its end, as TFLM never reads it.
  mutating func settleConstants(of subgraph: inout MicroSubgraph, at index: Int) {
    for position in subgraph.tensors.indices {
      let tensor = subgraph.tensors[position]
      guard let data = tensor.data else {
        subgraph.tensors[position].compression = nil
        continue
      }
      let place = "subgraph \(index), tensor \(position) ('\(tensor.name)')"
      if tensor.isVariable { faults.add(.badData, "\(place) is a variable and must not have data") }
      if tensor.shape.contains(-1) {
        faults.add(.badData, "\(place) is a constant of the open shape \(tensor.shape.prefix(8))")
        continue
      }
      guard let expected = Self.storedByteCount(tensor) else { continue }
      guard data.count >= expected else {
        faults.add(
          .badData,
          "\(place) holds \(data.count) bytes, its shape \(tensor.shape.prefix(8)) and type need \(expected)")
        continue
      }
      subgraph.tensors[position].data = expected > 0 ? data[0..<expected] : nil
      checkValues(tensor, place)
    }
  }

  /// nil for types without a size, which TFLM does not load.
  private static func storedByteCount(_ tensor: MicroTensor) -> Int? {
    if let compression = tensor.compression { return (tensor.elementCount * compression.bitWidth + 7) / 8 }
    return tensor.type.fileByteCount(of: tensor.elementCount)
  }

  /// Every table of values must be whole; an index may be anything that its bits can say.
  private mutating func checkValues(_ tensor: MicroTensor, _ place: String) {
    guard let compression = tensor.compression else { return }
    let tables = max(tensor.quantization?.scales.count ?? 1, 1)
    let size = tensor.type.byteCount ?? 1
    let count = compression.values.count / size
    if compression.values.count % size != 0 || count % tables != 0 || count == 0 {
      faults.add(
        .badData, "\(place) has a value table of \(compression.values.count) bytes for \(tables) scales")
    }
  }
}

extension MicroOperator {
  /// The subgraphs that control flow reaches from here.
  var calledSubgraphs: [Int] {
    switch options {
    case .conditional(let thenSubgraph, let elseSubgraph): [thenSubgraph, elseSubgraph]
    case .loop(let conditionSubgraph, let bodySubgraph): [conditionSubgraph, bodySubgraph]
    case .callOnce(let subgraph): [subgraph]
    default: []
    }
  }
}
