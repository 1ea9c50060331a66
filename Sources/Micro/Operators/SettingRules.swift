extension OperatorUse {
  func settingFindings(_ rule: KernelRule) -> [Finding] {
    switch rule {
    case .constant(let places):
      places.compactMap(operand).filter { !$0.isConstant && $0.elementCount > 0 }
        .map {
          Finding(.rejected, "'\($0.name)' is computed, expected a constant", "fold what it is computed from")
        }
    case .variable(let place):
      operand(place).map { $0.isVariable } == false
        ? [
          Finding(
            .rejected, "its state '\(operand(place)?.name ?? "")' is no variable", "mark it as a variable")
        ]
        : []
    case .indices: indexFindings()
    case .innermostIndices: innermostFindings()
    case .sliceMasks: maskFindings()
    case .resizeModes: resizeFindings()
    case .needsBias: biasFindings()
    case .activation: activationFindings()
    case .noActivation:
      activation == .none
        ? []
        : [Finding(.rejected, "it has the activation \(activation) fused", "put it behind as an operator")]
    default: []
    }
  }

  private var activation: MicroActivation {
    switch op.options {
    case .convolution(let options), .depthwise(let options, _), .transposedConvolution(let options):
      options.activation
    case .pool(let options): options.activation
    case .fullyConnected(let options): options.activation
    case .concatenation(_, let activation), .arithmetic(let activation): activation
    default: .none
    }
  }

  private func activationFindings() -> [Finding] {
    if activation == .none { return [] }
    let isKnown = [.relu, .relu6, .reluN1To1].contains(activation) && result?.type != .int32
    if isKnown { return [] }
    return [
      Finding(
        .wrong, "its fused activation \(activation) is ignored for \(result.map { "\($0.type)" } ?? "it")",
        "put it behind as an operator")
    ]
  }

  /// Kernels on a device stop at the missing tensor; on a host they do not.
  private func biasFindings() -> [Finding] {
    guard operand(2) == nil, operand(0)?.type != .float32 else { return [] }
    return [
      Finding(.aborts, "it has no bias, which stops it on a device", "give it a bias of zeros")
    ]
  }

  private func indexFindings() -> [Finding] {
    guard case .gather(let axis, _) = op.options, let data = operand(0), let values = integers(1) else {
      return []
    }
    let place = axis < 0 ? axis + data.shape.count : axis
    guard data.shape.indices.contains(place) else {
      return [
        Finding(.rejected, "axis \(axis) is not one of \(data.shape.count)", "name an axis that is there")
      ]
    }
    guard let wrong = values.first(where: { !(0..<data.shape[place]).contains($0) }) else { return [] }
    return [
      Finding(
        .rejected, "index \(wrong) is not in 0 to \(data.shape[place] - 1)",
        "count from the front, within the axis")
    ]
  }

  private func innermostFindings() -> [Finding] {
    guard let indices = operand(1), let data = operand(0) else { return [] }
    let depth = indices.shape.last ?? 0
    guard depth > 5 || depth > data.shape.count || indices.shape.isEmpty else { return [] }
    return [
      Finding(
        .rejected, "it takes \(depth) indices to an element", "at most 5, and not more than the data has axes"
      )
    ]
  }

  private func maskFindings() -> [Finding] {
    guard case .stridedSlice(let options) = op.options else { return [] }
    var findings: [Finding] = []
    if options.ellipsisMask != 0 || options.newAxisMask != 0 {
      findings.append(
        Finding(.rejected, "its ellipsis or new-axis mask is set", "name every axis; add axes with RESHAPE"))
    }
    if options.offset {
      findings.append(Finding(.wrong, "its offset option is ignored", "give ends, not lengths"))
    }
    if integers(3)?.contains(0) ?? false {
      findings.append(Finding(.rejected, "it has a stride of 0", "give strides other than 0"))
    }
    return findings
  }

  private func resizeFindings() -> [Finding] {
    guard case .resize(alignCorners: true, halfPixelCenters: true) = op.options else { return [] }
    return [
      Finding(
        .rejected, "it aligns corners and has half-pixel centers", "choose one of the two")
    ]
  }
}
