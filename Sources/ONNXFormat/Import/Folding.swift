import Graph

// Operators whose operands are all known become constants at once.
extension Importing {
  /// The results as constants; nil when they are not known or not worth their memory.
  mutating func fold(
    _ operation: Operation, _ inputs: [TensorID?], wanted: [Bool]
  ) throws(Diagnostic) -> [TensorID?]? {
    for case let input? in inputs where graph[input].constant == nil { return nil }
    guard inputs.contains(where: { $0 != nil }) else { return nil }
    let types = try operation.resultTypes(
      of: inputs.map { $0.map { graph[$0].type } }, resultCount: wanted.count, at: sources.first ?? "")
    if let source = inputs[0], let known = graph[source].constant,
      let view = Self.view(known, operation, types[0])
    {
      return [addView(view, of: source)]
    }
    if let real = dequantized(operation, inputs), let source = inputs[0] {
      return [addView(real, of: source)]
    }
    guard isWorthFolding(operation, inputs, types) else { return nil }
    let values = inputs.map { $0.flatMap { graph[$0].constant?.realized() } }
    do {
      let results = try evaluator.evaluate(operation, inputs: values, resultTypes: types)
      guard results.count >= wanted.count else { return nil }
      return zip(wanted, results).map { isWanted, value in isWanted ? constant(value) : nil }
    } catch {
      // What the evaluator does not know stays in the graph.
      if error.kind == .unsupported { return nil }
      var problem = error
      let place = sources.first ?? ""
      if !problem.message.contains(place) {
        problem.message = "'\(place)' (\(operation.name)): \(problem.message)"
      }
      throw problem
    }
  }

  /// Movement that needs no copy of the elements.
  private static func view(_ constant: Constant, _ operation: Operation, _ type: TensorType) -> Constant? {
    switch operation {
    case .transpose(let permutation): constant.permuted(permutation)
    case .reshape: type.shape.fixedSizes.map { constant.reshaped($0) }
    default: nil
    }
  }

  /// Integers that stand for real numbers stay integers, with their scales beside them.
  private func dequantized(_ operation: Operation, _ inputs: [TensorID?]) -> Constant? {
    guard case .dequantizeLinear(let axis, 0) = operation, inputs.count > 1,
      let known = inputs[0].flatMap({ graph[$0].constant }), !known.type.isFloat,
      let scales = inputs[1].flatMap({ graph[$0].constant })?.realized(), scales.type.isFloat,
      scales.elementCount == (axis.map { known.sizes[$0] } ?? 1)
    else { return nil }
    let zeros = inputs.count > 2 ? inputs[2].flatMap { graph[$0].constant }?.realized().integers : nil
    return known.dequantized(
      axis: axis, scales: scales.floats.array,
      zeroPoints: zeros ?? [Int](repeating: 0, count: scales.elementCount))
  }

  /// Results must not be much larger than what they are made of, and a file of a few bytes must not cost minutes.
  private mutating func isWorthFolding(
    _ operation: Operation, _ inputs: [TensorID?], _ types: [TensorType]
  ) -> Bool {
    var resultBytes = 0
    for type in types {
      guard type.shape.fixedSizes != nil else { return false }
      resultBytes += type.shape.elementCountPerSample * type.element.byteCount
    }
    var inputBytes = 0
    for case let input? in inputs {
      inputBytes += graph[input].shape.elementCountPerSample * graph[input].element.byteCount
    }
    guard resultBytes <= max(ImportLimits.foldedBytes, inputBytes), resultBytes + inputBytes <= byteBudget
    else {
      return false
    }
    let products = Self.products(operation, inputs.map { $0.map { graph[$0].shape } }, types[0].shape)
    guard products <= productBudget else { return false }
    byteBudget -= resultBytes + inputBytes
    productBudget -= products
    return true
  }

  /// Multiplications, roughly; 0 for operators that take a few steps per element.
  private static func products(_ operation: Operation, _ inputs: [Shape?], _ result: Shape) -> Int {
    let perResult: Int
    switch operation {
    case .matmul: perResult = inputs[0].map { $0.extents.map(\.perSample).max() ?? 1 } ?? 1
    case .dense: perResult = inputs[1].map { $0[1].perSample } ?? 1
    case .convolution: perResult = Shape.elementCount(inputs[1]?.perSample.dropFirst().map { $0 } ?? [])
    case .transposedConvolution: perResult = inputs[1]?.elementCountPerSample ?? 1
    case .pool(let pool): perResult = Shape.elementCount(pool.window.size)
    case .resize: perResult = 64
    case .recurrent(let recurrent): perResult = 4 * recurrent.hiddenSize + (inputs[0]?[2].perSample ?? 1)
    case .composite(.localResponseNormalization(let size, _, _, _, _)): perResult = size
    default: return 0
    }
    let (product, overflow) = perResult.multipliedReportingOverflow(by: max(1, result.elementCountPerSample))
    return overflow ? Int.max : product
  }

  /// Operands that shape inference does not look at must have the data's element type.
  func checkElements(_ operation: Operation, _ inputs: [TensorID?]) throws(Diagnostic) {
    let others: Range<Int>
    switch operation {
    case .dense, .convolution, .transposedConvolution, .composite, .recurrent, .pad: others = 1..<inputs.count
    default: return
    }
    guard let data = inputs[0] else { return }
    for index in others {
      guard let input = inputs[index] else { continue }
      var expected = element(data)
      if case .recurrent = operation, index == 4 { expected = .int32 }
      guard element(input) == expected else {
        throw Diagnostic(
          .badData,
          "'\(sources.first ?? "")' (\(operation.name)) has \(element(input)) as operand \(index + 1); expected \(expected)",
          hint: "insert a Cast in the model")
      }
    }
  }
}
