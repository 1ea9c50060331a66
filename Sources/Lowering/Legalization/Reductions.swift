import Graph

// Reductions that the device lacks, from sums, maxima and functions of one element.
extension Legalizer {
  mutating func rewriteReduction(
    _ reduction: Reduction, axes: [Int], keepsAxes: Bool, _ node: Operator
  ) throws(Diagnostic) -> Bool {
    guard let x = node.inputs[0], let result = node.outputs[0], graph[x].element.isFloat else { return false }
    func total(_ kind: Reduction) -> Operation { .reduce(kind, axes: axes, keepsAxes: keepsAxes) }
    switch reduction {
    case .sum, .mean, .maximum, .minimum: return false
    case .l1:
      try add(total(.sum), [add(.unary(.absolute), [x], for: node)], for: node, into: result)
    case .sumOfSquares:
      try addWide(total(.sum), [addWide(.unary(.square), [x], for: node)], for: node, into: result)
    case .l2:
      let sum = try addWide(total(.sum), [addWide(.unary(.square), [x], for: node)], for: node)
      _ = try addSquareRoot(of: sum, for: node, into: result)
    case .logSum:
      try add(.unary(.log), [add(total(.sum), [x], for: node)], for: node, into: result)
    case .logSumExp:
      // The greatest element comes out first, so that nothing overflows.
      let greatest = try add(.reduce(.maximum, axes: axes, keepsAxes: true), [x], for: node)
      let moved = try add(.binary(.subtract, clamp: nil), [x, greatest], for: node)
      let sum = try add(total(.sum), [add(.unary(.exp), [moved], for: node)], for: node)
      let logarithm = try add(.unary(.log), [sum], for: node)
      let offset = try reshape(greatest, to: shape(result), for: node)
      try add(.binary(.add, clamp: nil), [logarithm, offset], for: node, into: result)
    case .product:
      guard try rewriteProduct(x, axes: axes, node) else { return false }
    }
    record("reduce \(reduction.rawValue) from simpler reductions", node)
    return true
  }

  /// Products along short axes: the elements one after another.
  private mutating func rewriteProduct(
    _ x: TensorID, axes: [Int], _ node: Operator
  ) throws(Diagnostic) -> Bool {
    guard let result = node.outputs[0] else { return false }
    let count = axes.reduce(1) { $0 * shape(x)[$1].perSample }
    guard count <= Self.mostFactors, axes.allSatisfy({ !shape(x)[$0].isBatch }) else { return false }
    var value = x
    for axis in axes {
      let parts = try addSplit(
        value, axis: axis, parts: [Extent](repeating: 1, count: shape(value)[axis].perSample), for: node)
      value = parts[0]
      for part in parts.dropFirst() {
        value = try add(.binary(.multiply, clamp: nil), [value, part], for: node)
      }
    }
    try reshape(value, to: shape(result), for: node, into: result)
    return true
  }

  private static let mostFactors = 64

  /// Running sums as a dense layer of ones: the device's int8 kernel rounds after each step. Running products along
  /// short axes.
  mutating func rewriteCumulative(_ cumulative: Cumulative, _ node: Operator) throws(Diagnostic) -> Bool {
    if cumulative.kind == .sum { return try rewriteRunningSum(cumulative, node) }
    guard let x = node.inputs[0], let result = node.outputs[0],
      graph[x].element.isFloat, let count = shape(x)[cumulative.axis].fixedValue, count <= Self.mostFactors
    else { return false }
    var parts = try addSplit(
      x, axis: cumulative.axis, parts: [Extent](repeating: 1, count: count), for: node)
    if cumulative.reverse { parts.reverse() }
    var products = [parts[0]]
    for part in parts.dropFirst() {
      products.append(
        try add(.binary(.multiply, clamp: nil), [products[products.count - 1], part], for: node))
    }
    if cumulative.exclusive {
      let ones = Shape(shape(parts[0]).perSample).perSample
      let one = addConstant([Float](repeating: 1, count: Shape.elementCount(ones)), ones, name: "one")
      let unit = try add(.broadcast(shape(parts[0])), [one], for: node)
      products = [unit] + products.dropLast()
    }
    if cumulative.reverse { products.reverse() }
    try add(.concat(axis: cumulative.axis), products, for: node, into: result)
    record("running product factor by factor", node)
    return true
  }

  private mutating func rewriteRunningSum(
    _ cumulative: Cumulative, _ node: Operator
  ) throws(Diagnostic) -> Bool {
    guard target == .int8, let x = node.inputs[0], let result = node.outputs[0], graph[x].element.isFloat,
      let count = shape(x)[cumulative.axis].fixedValue, count <= Self.mostSummands
    else { return false }
    let ones = (0..<count).flatMap { sum in
      (0..<count).map { part -> Float in
        let distance = cumulative.reverse ? part - sum : sum - part
        return distance > 0 || (distance == 0 && !cumulative.exclusive) ? 1 : 0
      }
    }
    let filter = addConstant(ones, [count, count], name: "running ones")
    var permutation = Array(0..<shape(x).rank)
    permutation.swapAt(cumulative.axis, permutation.count - 1)
    if cumulative.axis == permutation.count - 1 {
      try add(.dense(clamp: nil), [x, filter], for: node, into: result)
    } else {
      let turned = try add(.transpose(permutation), [x], for: node)
      let sums = try add(.dense(clamp: nil), [turned, filter], for: node)
      try add(.transpose(permutation), [sums], for: node, into: result)
    }
    record("running sum as a dense layer", node)
    return true
  }

  private static let mostSummands = 256

  /// The last of equal extremes is the first from behind.
  mutating func rewriteArgument(
    maximum: Bool, axis: Int, keepsAxis: Bool, _ node: Operator
  ) throws(Diagnostic) -> Bool {
    guard let x = node.inputs[0], let result = node.outputs[0], let count = shape(x)[axis].fixedValue else {
      return false
    }
    var slice = Slice(whole: shape(x))
    slice.starts[axis] = count - 1
    slice.steps[axis] = -1
    let reversed = try add(.slice(slice), [x], for: node)
    let first = try add(
      .argExtreme(maximum: maximum, axis: axis, keepsAxis: keepsAxis, selectsLast: false), [reversed],
      for: node)
    let last = addConstant(
      Constant(TensorValue(integers: [count - 1], type: graph[result].element, sizes: [])), name: "last index"
    )
    try add(.binary(.subtract, clamp: nil), [last, first], for: node, into: result)
    return true
  }
}
