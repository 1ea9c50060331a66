/// Where a tensor came from, so that layer dumps, per-layer errors and exports can speak the source's names.
///
///     let named = tensor.origin.restored(value)  // the elements as the source orders them
public struct Origin: Hashable, Sendable {
  /// Elements of one axis in another order: the axis seen as `sizes`, with these permuted by `order`. Flattened
  /// channels-last data are in this order.
  public struct AxisReordering: Hashable, Sendable {
    /// The axis of the source's tensor.
    public var axis: Int
    public var sizes: [Int]
    public var order: [Int]

    public init(axis: Int, sizes: [Int], order: [Int]) {
      self.axis = axis
      self.sizes = sizes
      self.order = order
    }
  }

  /// The name the source file gives the tensor; empty for tensors that edgeopt made.
  public var name: String
  /// Axis `i` of the tensor is axis `permutation[i]` of the source's tensor; nil when the axes agree.
  public var permutation: [Int]?
  /// What was done inside of axes, oldest first.
  public var reorderings: [AxisReordering] = []
  /// Other tensors of the source that this one stands for as well: the results of transposes and no-ops.
  public var aliases: [Origin] = []
  /// The integers that the source gives for it, where the source is quantized.
  public var quantization: Quantization?
  /// What passes did, oldest first: "batch normalization 'bn1' folded".
  public var changes: [String]

  public init(name: String = "", permutation: [Int]? = nil, changes: [String] = []) {
    self.name = name
    self.permutation = permutation
    self.changes = changes
  }

  /// The integers that the source gives for the tensor, or for another that it stands for.
  public var givenQuantization: Quantization? {
    quantization ?? aliases.lazy.compactMap(\.givenQuantization).first
  }

  /// A value of the tensor in the axes and the order of the source's tensor.
  public func restored(_ value: TensorValue) -> TensorValue {
    var result = value
    if let permutation { result = result.permuted(Origin.inverse(permutation)) }
    for step in reorderings.reversed() { result = result.undoing(step) }
    return result
  }

  fileprivate static func inverse(_ permutation: [Int]) -> [Int] {
    var inverse = permutation
    for (index, axis) in permutation.enumerated() { inverse[axis] = index }
    return inverse
  }
}

extension TensorValue {
  fileprivate func undoing(_ step: Origin.AxisReordering) -> TensorValue {
    let (before, behind) = (Array(sizes[..<step.axis]), Array(sizes[(step.axis + 1)...]))
    let stored = step.order.map { step.sizes[$0] }
    let inside = Origin.inverse(step.order).map { $0 + step.axis }
    let rest = behind.indices.map { $0 + step.axis + stored.count }
    return reshaped(before + stored + behind)
      .permuted(Array(0..<step.axis) + inside + rest)
      .reshaped(sizes)
  }
}
