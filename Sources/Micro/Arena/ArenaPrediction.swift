import Graph

/// How much memory the interpreter needs for a model, to the byte, without running it.
///
///     let arena = try ArenaPrediction(model, platform: .cortexM)
///     print(arena.head, arena.tail, arena.minimum)
public struct ArenaPrediction: Sendable {
  public let model: MicroModel
  public let platform: ArenaPlatform
  /// Activations and scratch memory, shared over time.
  public let head: Int
  /// What stays: the interpreter's structures, the kernels' state, variables.
  public let tail: Int
  /// The smallest arena that works, a multiple of 16.
  public let minimum: Int
  public let minimumCause: MinimumCause
  /// What the tail consists of, in the order of its allocation; alignment counts to what follows it.
  public let tailParts: [TailPart]
  /// Everything at the head: tensors in the order of the file, then scratch memory in the order of the operators.
  public let buffers: [ArenaBuffer]
  /// The clock by which the buffers' lifetimes count.
  public let ticks: [ArenaTick]
  /// Names of operators whose own needs are not known: the numbers are too small by them.
  public let unknownOperators: [String]

  /// What the interpreter reports as used.
  public var total: Int { head + tail }
}

/// What decides how large an arena must be at least.
public enum MinimumCause: Sendable, Hashable {
  /// What stays in use.
  case use
  /// The interpreter's notes while it plans the head.
  case planning
  /// The descriptions of tensors that an operator's kernel fetches while it prepares.
  case preparation(subgraph: Int, index: Int)
}

/// A part of the tail.
public struct TailPart: Sendable, Hashable {
  public enum Content: String, Sendable, Hashable, CaseIterable {
    case interpreter = "interpreter"
    case compression = "compression tables"
    case tensors = "tensors"
    case nodes = "operators"
    case options = "operator options"
    case state = "kernel state"
    case prepared = "kernel buffers"
    case scratchHandles = "scratch handles"
    case variables = "variables"
    case ports = "inputs and outputs"
  }
  public var content: Content
  public var byteCount: Int
}

/// A buffer at the head of the arena.
public struct ArenaBuffer: Sendable, Hashable {
  public enum Use: Sendable, Hashable {
    case tensor(subgraph: Int, index: Int)
    case scratch(subgraph: Int, operator: Int)
  }
  public var use: Use
  /// As needed; the arena gives the next multiple of 16.
  public var byteCount: Int
  public var lifetime: Lifetime
  /// From the arena's start.
  public var offset: Int

  public var alignedByteCount: Int { byteCount.aligned(to: arenaAlignment) }
}

extension ArenaPrediction {
  public init(_ model: MicroModel, platform: ArenaPlatform) throws(Diagnostic) {
    let declared = model
    let model = try declared.resolvingShapes()
    let lifetimes = try TensorLifetimes(model)
    let plan = try OfflinePlan(model)
    var layout = ArenaTail(model, declared: declared, plan: plan, platform: platform)
    let buffers = ArenaBuffer.all(of: model, plan: plan, scratch: layout.scratch, lifetimes)
    layout.plan(bufferCount: buffers.count)
    layout.addPorts()

    let offsets = GreedyPlacement.offsets(of: buffers.map(\.placed))
    head = GreedyPlacement.height(of: buffers.map(\.placed), at: offsets)
    self.buffers = zip(buffers, offsets).map { entry, offset in
      var buffer = entry.buffer
      buffer.offset = offset
      return buffer
    }
    self.model = model
    self.platform = platform
    tail = layout.used
    tailParts = layout.parts
    ticks = lifetimes.ticks
    unknownOperators = layout.unknown
    let (moment, cause) = layout.highest
    minimum = max(head + tail, moment).aligned(to: arenaAlignment)
    minimumCause = head + tail >= moment ? .use : cause
  }
}

extension ArenaBuffer {
  fileprivate static func all(
    of model: MicroModel, plan: OfflinePlan?, scratch: [ArenaTail.Scratch], _ lifetimes: TensorLifetimes
  ) -> [(buffer: ArenaBuffer, placed: PlacedBuffer)] {
    var result: [(buffer: ArenaBuffer, placed: PlacedBuffer)] = []
    func add(_ use: Use, _ byteCount: Int, _ lifetime: Lifetime, _ fixed: Int?) {
      let buffer = ArenaBuffer(use: use, byteCount: byteCount, lifetime: lifetime, offset: 0)
      result.append(
        (buffer, PlacedBuffer(byteCount: buffer.alignedByteCount, lifetime: lifetime, fixedOffset: fixed)))
    }
    var position = 0
    for (place, subgraph) in model.subgraphs.enumerated() {
      for (index, tensor) in subgraph.tensors.enumerated() {
        let fixed = plan.flatMap { $0.offsets[position] }
        position += 1
        let byteCount = tensor.byteCount ?? 0
        guard !tensor.isConstant, byteCount > 0, !tensor.isVariable || fixed != nil else { continue }
        add(.tensor(subgraph: place, index: index), byteCount, lifetimes.tensors[place][index], fixed)
      }
    }
    for request in scratch {
      let lifetime = lifetimes.operators[request.subgraph][request.index]
      add(.scratch(subgraph: request.subgraph, operator: request.index), request.byteCount, lifetime, nil)
    }
    return result
  }
}

extension MicroModel {
  /// More than any microcontroller has; sums and products of what is smaller cannot overflow.
  private static let largestTensor = 1 << 30

  /// With the sizes that kernels give to results of a RESHAPE whose file says −1; refuses what has no size.
  fileprivate func resolvingShapes() throws(Diagnostic) -> MicroModel {
    var model = self
    for (place, subgraph) in subgraphs.enumerated() {
      for tensor in subgraph.tensors { try Self.checkSize(of: tensor) }
      for node in subgraph.operators where node.code == .reshape {
        guard let source = node.inputs.first ?? nil, let result = node.outputs.first else { continue }
        let known = MicroTensor.elementCount(of: subgraph.tensors[result].shape.filter { $0 >= 0 })
        guard known > 0, let open = subgraph.tensors[result].shape.firstIndex(of: -1) else { continue }
        model.subgraphs[place].tensors[result].shape[open] =
          model.subgraphs[place].tensors[source].elementCount / known
      }
      for tensor in model.subgraphs[place].tensors where tensor.shape.contains(where: { $0 < 0 }) {
        throw Diagnostic(
          .unsupported, "tensor '\(tensor.name)' has the open shape \(tensor.shape)",
          hint: "microcontrollers need every extent; convert the model again with fixed input shapes")
      }
    }
    return model
  }

  private static func checkSize(of tensor: MicroTensor) throws(Diagnostic) {
    guard let width = tensor.type.byteCount ?? (tensor.isConstant ? 1 : nil) else {
      throw Diagnostic(
        .unsupported, "tensor '\(tensor.name)' is \(tensor.type), a type without a size in TFLM")
    }
    var byteCount = width
    for extent in tensor.shape where extent != -1 {
      let (product, overflows) = byteCount.multipliedReportingOverflow(by: extent)
      guard !overflows, product <= largestTensor, (0...largestTensor).contains(extent) else {
        throw Diagnostic(
          .unsupported,
          "tensor '\(tensor.name)' has the shape \(tensor.shape): more than a microcontroller holds")
      }
      byteCount = product
    }
  }
}
