import Graph
import Storage
import TensorMath

extension Binding {
  func convolution(_ convolution: Convolution) throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    guard x.type.isFloat, convolution.window.spatialRank <= 3 else {
      return try plainConvolution(convolution)
    }
    let residual = step.addsLastInput ? inputs.last??.floats : nil
    let (source, target, batch) = (x.floats, y.floats, x.sizes[0])
    if case .convolution(let packed) = step.preparation, let scratch {
      return { workers in
        packed.run(
          input: source, output: target, batch: batch, addend: residual, scratch: scratch, workers: workers)
      }
    }
    let (filter, bias) = (try input(1), optional(2)?.floats)
    let geometry = convolution.geometry(data: x.sizes, filter: filter.sizes)
    let clamp = step.clampRange
    return { workers in
      let packed = PackedConvolution(geometry, filter: filter.floats, bias: bias, clamp: clamp)
      let scratch = View<UInt8>(count: packed.scratchByteCount(batch: batch, threads: workers.threads))
      packed.run(
        input: source, output: target, batch: batch, addend: residual, scratch: scratch, workers: workers)
    }
  }

  func transposedConvolution(_ convolution: TransposedConvolution) throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    guard x.type.isFloat else { throw cannotWork(on: x.type) }
    guard convolution.window.spatialRank <= 3 else {
      throw problem("has \(convolution.window.spatialRank) window axes; the most is 3")
    }
    let (source, target, batch) = (x.floats, y.floats, x.sizes[0])
    if case .transposedConvolution(let packed) = step.preparation, let scratch {
      return { workers in
        packed.run(input: source, output: target, batch: batch, scratch: scratch, workers: workers)
      }
    }
    let (filter, bias) = (try input(1), optional(2)?.floats)
    let clamp = step.clampRange
    return { workers in
      let packed = convolution.packed(data: x.sizes, filter: filter, bias: bias, clamp: clamp)
      let scratch = View<UInt8>(count: packed.scratchByteCount(batch: batch, threads: workers.threads))
      packed.run(input: source, output: target, batch: batch, scratch: scratch, workers: workers)
    }
  }
}

extension Convolution {
  /// The extents for channels-last data and a filter `[O, spatial…, I/groups]` of these sizes.
  func geometry(data: [Int], filter: [Int]) -> ConvolutionGeometry {
    ConvolutionGeometry(
      input: Array(data[1..<data.count - 1]), kernel: window.size, strides: window.strides,
      dilations: window.dilations, padBefore: window.padBefore, padAfter: window.padAfter, groups: groups,
      inputChannels: data[data.count - 1], outputChannels: filter[0])
  }
}

extension TransposedConvolution {
  func packed(
    data: [Int], filter: TensorValue, bias: View<Float>?, clamp: ClosedRange<Float>
  ) -> PackedTransposedConvolution {
    let geometry = TransposedConvolutionGeometry(
      input: Array(data[1..<data.count - 1]), kernel: window.size, strides: window.strides,
      dilations: window.dilations, padBefore: window.padBefore, padAfter: window.padAfter,
      outputPadding: outputPadding, groups: groups, inputChannels: data[data.count - 1],
      outputChannels: filter.sizes[0])
    return PackedTransposedConvolution(geometry, filter: filter.floats, bias: bias, clamp: clamp)
  }
}

extension Binding {
  func pool(_ pool: Pool) throws(Diagnostic) -> Kernel {
    let (x, y) = (try input(0), try output())
    let geometry = pool.window
    guard geometry.spatialRank <= 3 else {
      throw problem("has \(geometry.spatialRank) window axes; the most is 3")
    }
    let window = PoolingWindow(
      batch: x.sizes[0], input: Array(x.sizes[1..<x.sizes.count - 1]),
      output: Array(y.sizes[1..<y.sizes.count - 1]), channels: x.sizes[x.sizes.count - 1],
      size: geometry.size,
      strides: geometry.strides, dilations: geometry.dilations, padBefore: geometry.padBefore,
      padAfter: geometry.padAfter)
    guard x.type.isFloat else { return try narrowPool(pool, window, x, y) }
    let (source, target) = (x.floats, y.floats)
    switch pool.kind {
    case .maximum:
      guard let positions = wanted(1)?.elements(as: Int64.self) else {
        return { workers in window.maximum(source, into: target, on: workers) }
      }
      let columnMajor = pool.columnMajorPositions
      return { workers in
        window.maximum(source, into: target, positions: positions, columnMajor: columnMajor, on: workers)
      }
    case .average(let countsPadding):
      return { workers in window.average(source, countsPadding: countsPadding, into: target, on: workers) }
    case .lp(let order):
      return { workers in window.norm(source, order: order, into: target, on: workers) }
    }
  }

  /// The largest of 8-bit or 16-bit integers, which floats hold exactly.
  private func narrowPool(
    _ pool: Pool, _ window: PoolingWindow, _ x: TensorValue, _ y: TensorValue
  ) throws(Diagnostic) -> Kernel {
    guard case .maximum = pool.kind, x.type.byteCount <= 2 else { throw cannotWork(on: x.type) }
    let (columnMajor, positions) = (pool.columnMajorPositions, wanted(1)?.elements(as: Int64.self))
    return { workers in
      let (wide, result) = (x.converted(to: .float32), View<Float>(count: y.elementCount))
      if let positions {
        window.maximum(wide.floats, into: result, positions: positions, columnMajor: columnMajor, on: workers)
      } else {
        window.maximum(wide.floats, into: result, on: workers)
      }
      Cast.apply(result.reinterpreted(as: UInt8.self), .float32, to: y.type.scalar, into: y.bytes)
    }
  }
}
