/// The allocations at the tail of the arena in the interpreter's order, and the highest moments on the way.
struct ArenaTail {
  /// Scratch memory that an operator asked for.
  struct Scratch {
    var subgraph: Int
    var index: Int
    var byteCount: Int
  }

  private let model: MicroModel
  /// As the file states it, with open extents.
  private let declared: MicroModel
  private let plan: OfflinePlan?
  private let platform: ArenaPlatform
  private var sizes: InterpreterSizes { platform.sizes }

  private(set) var used = 0
  private(set) var parts: [TailPart] = []
  private(set) var scratch: [Scratch] = []
  private(set) var unknown: [String] = []
  /// The most that is in use for a moment while the interpreter gets ready.
  private(set) var highest: (byteCount: Int, cause: MinimumCause) = (0, .use)

  /// Everything up to the moment when the head is planned.
  init(_ model: MicroModel, declared: MicroModel, plan: OfflinePlan?, platform: ArenaPlatform) {
    self.model = model
    self.declared = declared
    self.plan = plan
    self.platform = platform
    addStructures()
    addOptions()
    addState()
    prepare()
    if !scratch.isEmpty { add(.scratchHandles, sizes.scratchHandle * scratch.count, sizes.pointer) }
    addVariables()
  }

  /// The tail grows downward, so the end of a block is aligned, not its start.
  private mutating func add(_ content: TailPart.Content, _ byteCount: Int, _ alignment: Int = arenaAlignment)
  {
    let next = (used + byteCount).aligned(to: alignment)
    if parts.last?.content != content { parts.append(TailPart(content: content, byteCount: 0)) }
    parts[parts.count - 1].byteCount += next - used
    used = next
  }

  private mutating func addStructures() {
    let pointer = sizes.pointer
    add(.interpreter, sizes.arenaAllocator, pointer)
    add(.interpreter, sizes.planner, pointer)
    add(.interpreter, sizes.microAllocator, pointer)
    add(.interpreter, sizes.builtinDataAllocator, pointer)
    add(.interpreter, sizes.subgraph * model.subgraphs.count, pointer)
    for subgraph in model.subgraphs where platform.hasCompression {
      let compressed = subgraph.tensors.filter { $0.compression != nil }.count
      guard compressed > 0 else { continue }
      add(.compression, sizes.compressedTensor * compressed, pointer)
      add(.compression, pointer * subgraph.tensors.count, pointer)
    }
    for subgraph in model.subgraphs { add(.tensors, sizes.evalTensor * subgraph.tensors.count, pointer) }
    for subgraph in model.subgraphs { add(.nodes, sizes.node * subgraph.operators.count, pointer) }
  }

  private mutating func addOptions() {
    for node in model.subgraphs.flatMap(\.operators) {
      guard let options = node.code.footprint?.options(on: platform) else { continue }
      add(.options, options.byteCount, options.alignment)
    }
  }

  private mutating func addState() {
    for node in model.subgraphs.flatMap(\.operators) {
      if let state = node.code.footprint?.state(on: platform) { add(.state, state) }
    }
  }

  private mutating func prepare() {
    for (place, subgraph) in model.subgraphs.enumerated() {
      for (index, node) in subgraph.operators.enumerated() {
        let hasOpenResult =
          node.outputs.first.map { declared.subgraphs[place].tensors[$0].shape.contains(-1) } ?? false
        let here = OperatorInPlace(node: node, subgraph: subgraph, hasOpenResult: hasOpenResult)
        let requests = here.requests(on: platform)
        if !requests.isKnown || (node.code.footprint == nil && node.code != .custom) {
          note(unknown: node)
        }
        let before = sizes.scratchRequest * (scratch.count + InterpreterSizes.scratchRequestsPerOperator)
        for byteCount in requests.kept { add(.prepared, byteCount) }
        scratch += requests.scratch.map { Scratch(subgraph: place, index: index, byteCount: $0) }
        raise(to: fetch(here, above: before) + used, .preparation(subgraph: place, index: index))
      }
    }
  }

  private mutating func note(unknown node: MicroOperator) {
    let name = node.code == .custom ? node.customName : node.code.name
    if !unknown.contains(name) { unknown.append(name) }
  }

  /// Full descriptions of tensors are stacked above the list of scratch requests until the operator is prepared.
  private func fetch(_ here: OperatorInPlace, above bottom: Int) -> Int {
    let fetched = here.node.code.footprint?.fetched ?? here.everyOperand
    return fetched.reduce(bottom) { height, operand in
      let tensor: MicroTensor? =
        switch operand {
        case .input(let index): here.input(index)
        case .output: here.output
        case .outputOfInt8: here.input(0)?.type == .int8 ? here.output : nil
        }
      guard let tensor else { return height }
      var height = height.aligned(to: sizes.pointer) + sizes.tensor
      if let quantization = tensor.quantization {
        height = (height.aligned(to: sizes.pointer) + sizes.affineQuantization).aligned(to: 4)
        height += 4 + 4 * quantization.scales.count
      }
      return height
    }
  }

  private mutating func raise(to byteCount: Int, _ cause: MinimumCause) {
    if byteCount > highest.byteCount { highest = (byteCount, cause) }
  }

  private mutating func addVariables() {
    var position = 0
    for tensor in model.subgraphs.flatMap(\.tensors) {
      let isPlanned = plan.flatMap { $0.offsets[position] } != nil
      position += 1
      if tensor.isVariable, !isPlanned { add(.variables, tensor.byteCount ?? 0) }
    }
  }

  /// The moment when the head is planned: the list of requests, notes on all tensors, notes on the planned buffers.
  mutating func plan(bufferCount: Int) {
    let pointer = sizes.pointer
    let tensors = model.subgraphs.reduce(0) { $0 + $1.tensors.count }
    var height = sizes.scratchRequest * (scratch.count + InterpreterSizes.scratchRequestsPerOperator)
    height = (height.aligned(to: pointer) + pointer * model.subgraphs.count).aligned(to: pointer)
    height = (height + sizes.allocationInfo * (tensors + scratch.count)).aligned(to: arenaAlignment)
    height += InterpreterSizes.plannedBuffer * bufferCount
    raise(to: height + used.aligned(to: arenaAlignment), .planning)
  }

  /// The full descriptions of the model's inputs and outputs, which stay.
  mutating func addPorts() {
    for ports in [model.main.inputs, model.main.outputs] {
      add(.ports, sizes.pointer * ports.count)
      for port in ports {
        add(.ports, sizes.tensor, sizes.pointer)
        guard let quantization = model.main.tensors[port].quantization else { continue }
        add(.ports, sizes.affineQuantization, sizes.pointer)
        add(.ports, 4 + 4 * quantization.scales.count, 4)
      }
    }
  }
}

extension OperatorInPlace {
  fileprivate var everyOperand: [OperatorFootprint.Operand] {
    // A concatenation looks at its first input before it goes through all.
    let first: [OperatorFootprint.Operand] = node.code == .concatenation ? [.input(0), .output] : []
    let last: [OperatorFootprint.Operand] = node.code == .concatenation ? [] : [.output]
    return first + node.inputs.indices.map { .input($0) } + last
  }
}
