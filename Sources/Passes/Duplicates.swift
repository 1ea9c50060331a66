import Graph
import Storage

extension Graph {
  /// Merges equal constants and operators that compute the same from the same operands.
  mutating func mergeDuplicates() -> PassSummary {
    var summary = PassSummary()
    var replacement: [TensorID: TensorID] = [:]
    summary.count("duplicate constants merged", mergeConstants(into: &replacement))
    summary.count("common expressions merged", mergeExpressions(into: &replacement))
    guard !replacement.isEmpty else { return summary }
    for index in outputs.indices {
      if let other = replacement[outputs[index].tensor] { outputs[index].tensor = other }
    }
    removeUnused()
    compact()
    return summary
  }

  private mutating func mergeConstants(into replacement: inout [TensorID: TensorID]) -> Int {
    var known: [ConstantKey: TensorID] = [:]
    for node in operators {
      for case let input? in node.inputs where replacement[input] == nil {
        guard let constant = self[input].constant else { continue }
        let key = ConstantKey(constant)
        if let other = known[key], other != input { replacement[input] = other } else { known[key] = input }
      }
    }
    return replacement.count
  }

  private mutating func mergeExpressions(into replacement: inout [TensorID: TensorID]) -> Int {
    var known: [Expression: Int] = [:]
    var merged = 0
    var kept: [Operator] = []
    kept.reserveCapacity(operators.count)
    for var node in operators {
      node.inputs = node.inputs.map { $0.map { replacement[$0] ?? $0 } }
      let expression = Expression(operation: node.operation, inputs: node.inputs)
      if let other = known[expression], merge(node, into: &kept[other], &replacement) {
        merged += 1
        continue
      }
      known[expression] = kept.count
      kept.append(node)
    }
    operators = kept
    return merged
  }

  private mutating func merge(
    _ node: Operator, into other: inout Operator, _ replacement: inout [TensorID: TensorID]
  ) -> Bool {
    guard node.outputs.count == other.outputs.count,
      zip(node.outputs, other.outputs).allSatisfy({ ($0 == nil) == ($1 == nil) })
    else { return false }
    for case (let duplicate?, let original?) in zip(node.outputs, other.outputs) {
      replacement[duplicate] = original
      let origin = self[duplicate].origin
      if !origin.name.isEmpty { self[original].origin.aliases.append(origin) }
    }
    other.sources += node.sources
    return true
  }
}

private struct Expression: Hashable {
  let operation: Operation
  let inputs: [TensorID?]
}

/// Equal for constants with equal elements; large ones are only compared by where they come from.
private struct ConstantKey: Hashable {
  private static let largestCompared = 4096

  private let type: ElementType
  private let sizes: [Int]
  private let bytes: [UInt8]
  private let address: UInt
  private let sourceType: SourceType
  private let steps: [Constant.Step]

  init(_ constant: Constant) {
    type = constant.type
    sizes = constant.sizes
    if constant.elementCount * constant.type.byteCount <= Self.largestCompared {
      bytes = constant.realized().bytes.array
      address = 0
      sourceType = SourceType(constant.type)
      steps = []
    } else {
      bytes = []
      address = constant.source.bytes.address
      sourceType = constant.source.type
      steps = constant.steps
    }
  }
}
