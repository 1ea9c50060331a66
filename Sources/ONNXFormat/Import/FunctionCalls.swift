import Graph

/// What identifies a function of the model.
struct FunctionKey: Hashable {
  var domain: String
  var name: String
  var overload: String

  init(domain: String, name: String, overload: String) {
    self.domain = Domains.normalized(domain)
    self.name = name
    self.overload = overload
  }
}

enum Domains {
  /// The empty name and `ai.onnx` are the same.
  static func normalized(_ domain: String) -> String { domain == "ai.onnx" ? "" : domain }
}

extension Importing {
  func function(for node: NodeRecord) -> FunctionKey? {
    let key = FunctionKey(domain: node.domain, name: node.operatorName, overload: node.overload)
    return functions[key] != nil ? key : nil
  }

  /// Translates a function's body in place of a call to it.
  mutating func inline(_ key: FunctionKey, _ call: NodeRecord, inputs: [ImportedValue?]) throws(Diagnostic)
    -> [ImportedValue?]
  {
    guard let function = functions[key] else { return [] }
    guard !calls.contains(key) else {
      let circle = (calls + [key]).map(\.name).joined(separator: " → ")
      throw Diagnostic(
        .badData, "functions of the model call each other in a circle: \(circle)",
        hint: "ONNX functions must not be recursive")
    }
    guard calls.count < ImportLimits.callDepth else {
      throw Diagnostic(
        .badData, "functions of the model call each other more than \(ImportLimits.callDepth) deep")
    }
    guard inputs.count <= function.header.inputs.count, call.outputs.count <= function.header.outputs.count
    else {
      throw Diagnostic(
        .badData,
        "'\(call.title)' calls function '\(key.name)' with \(inputs.count) inputs and \(call.outputs.count) outputs; it has \(function.header.inputs.count) and \(function.header.outputs.count)"
      )
    }
    let (outerPrefix, outerOpsets, outerAttributes) = (prefix, opsets, callAttributes)
    calls.append(key)
    prefix += call.title + "/"
    opsets = try Opsets.table(function.header.opsets)
    callAttributes = attributes(of: call, function)
    var scope = Scope(isClosed: true)
    for (index, name) in function.header.inputs.enumerated() {
      if index < inputs.count, let value = inputs[index] {
        scope.values[name] = value
      } else {
        scope.absent.insert(name)
      }
    }
    scopes.append(scope)
    try translate(function.nodes, outputs: function.header.outputs)
    var results: [ImportedValue?] = []
    for index in call.outputs.indices {
      let name = function.header.outputs[index]
      guard let value = try lookUp(name) else {
        throw Diagnostic(.badData, "function '\(key.name)' never makes its output '\(name)'")
      }
      results.append(value)
    }
    scopes.removeLast()
    calls.removeLast()
    (prefix, opsets, callAttributes) = (outerPrefix, outerOpsets, outerAttributes)
    return results
  }

  /// The attributes that the body may refer to: those of the call, else the function's defaults.
  private func attributes(of call: NodeRecord, _ function: FunctionRecord) -> [String: AttributeValue] {
    var result: [String: AttributeValue] = [:]
    for attribute in function.defaults { result[attribute.name] = attribute.value }
    for (name, value) in resolvedAttributes(of: call) { result[name] = value }
    return result
  }

  /// A node's attributes, references replaced by what the calling node gives.
  func resolvedAttributes(of node: NodeRecord) -> [String: AttributeValue] {
    var result: [String: AttributeValue] = [:]
    for attribute in node.attributes {
      if case .reference(let name) = attribute.value {
        // What the call leaves out, the operator's own default replaces.
        result[attribute.name] = callAttributes[name]
      } else {
        result[attribute.name] = attribute.value
      }
    }
    return result
  }
}

/// Operator set versions.
enum Opsets {
  static let supported = 1...28

  static func table(_ imports: [(domain: String, version: Int)]) throws(Diagnostic) -> [String: Int] {
    var table: [String: Int] = [:]
    for (domain, version) in imports {
      let domain = Domains.normalized(domain)
      if domain.isEmpty, !supported.contains(version) {
        throw Diagnostic(
          .unsupported, "the model uses opset \(version); edgeopt reads opsets 7 to \(supported.upperBound)",
          hint:
            "convert it: python -c \"import onnx; onnx.save(onnx.version_converter.convert_version(onnx.load('in.onnx'), 21), 'out.onnx')\""
        )
      }
      table[domain] = version
    }
    return table
  }
}
