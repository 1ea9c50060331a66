import Graph

/// The attributes that all window operators share.
struct WindowAttributes {
  private let node: Node
  private let size: [Int]
  private let strides: [Int]
  private let dilations: [Int]
  private let pads: [Int]
  private let autoPad: String
  /// LpPool works out automatic padding for the window without its dilation.
  var ignoresDilationInPadding = false

  init(_ node: Node, size: [Int]) throws(Diagnostic) {
    self.node = node
    self.size = size
    let ones = [Int](repeating: 1, count: size.count)
    strides = try node.integers("strides") ?? ones
    dilations = try node.integers("dilations") ?? ones
    autoPad = try node.string("auto_pad", default: "NOTSET")
    let listed = try node.integers("pads")
    let none = [Int](repeating: 0, count: 2 * size.count)
    pads = autoPad == "NOTSET" || autoPad.isEmpty ? listed ?? none : none
    guard strides.count == size.count, dilations.count == size.count, pads.count == 2 * size.count else {
      throw node.problem(
        "has strides \(strides), dilations \(dilations) and pads \(pads) for a window of \(size)")
    }
    let limit = 1 << 30
    guard (size + strides + dilations).allSatisfy({ $0 > 0 && $0 < limit }),
      pads.allSatisfy({ abs($0) < limit })
    else {
      throw node.problem(
        "has window \(size), strides \(strides), dilations \(dilations), pads \(pads); all but pads must be positive"
      )
    }
  }

  private var bare: WindowGeometry { WindowGeometry(size: size, strides: strides, dilations: dilations) }

  /// The window over data of these spatial extents, automatic padding worked out.
  func geometry(over extents: [Int]) throws(Diagnostic) -> WindowGeometry {
    var window = bare
    guard extents.count == size.count else {
      throw node.problem("has a window of \(size) for spatial extents \(extents)")
    }
    switch autoPad {
    case "NOTSET", "":
      window.padBefore = Array(pads[..<size.count])
      window.padAfter = Array(pads[size.count...])
    case "VALID": break
    case "SAME_UPPER", "SAME_LOWER":
      for axis in size.indices {
        let count = (extents[axis] + strides[axis] - 1) / strides[axis]
        let span = ignoresDilationInPadding ? size[axis] : window.span(axis)
        let total = max(0, (count - 1) * strides[axis] + span - extents[axis])
        window.padBefore[axis] = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2
        window.padAfter[axis] = total - window.padBefore[axis]
      }
    default: throw unknownPadding
    }
    return window
  }

  /// The window of a transposed convolution, and how much its result is extended at the end.
  func transposed(over extents: [Int]) throws(Diagnostic) -> (WindowGeometry, [Int]) {
    var window = bare
    var extra = try node.integers("output_padding") ?? size.map { _ in 0 }
    guard extents.count == size.count, extra.count == size.count,
      extra.allSatisfy({ (0..<1 << 30).contains($0) })
    else {
      throw node.problem("has output_padding \(extra) for a window of \(size)")
    }
    var wanted = try node.integers("output_shape")
    // Some exporters give all axes, some only the spatial ones.
    if let all = wanted, all.count == size.count + 2 { wanted = Array(all.dropFirst(2)) }
    if let wanted, wanted.count != size.count || !wanted.allSatisfy({ (0..<1 << 31).contains($0) }) {
      throw node.problem("has output_shape \(wanted) for a window of \(size)")
    }
    let isSame = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER"
    guard isSame || ["NOTSET", "", "VALID"].contains(autoPad) else { throw unknownPadding }
    for axis in size.indices {
      let full = strides[axis] * (extents[axis] - 1) + extra[axis] + window.span(axis)
      let target = wanted?[axis] ?? (isSame ? extents[axis] * strides[axis] : nil)
      guard let target else {
        window.padBefore[axis] = pads[axis]
        window.padAfter[axis] = pads[size.count + axis]
        continue
      }
      // More than there is can only be had by extending the end.
      extra[axis] += max(0, target - full)
      let total = max(0, full - target)
      window.padBefore[axis] = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2
      window.padAfter[axis] = total - window.padBefore[axis]
    }
    return (window, extra)
  }

  private var unknownPadding: Diagnostic {
    node.problem("has auto_pad '\(autoPad)'; known are NOTSET, VALID, SAME_UPPER and SAME_LOWER")
  }
}
