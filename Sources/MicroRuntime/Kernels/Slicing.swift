import Graph
import Micro
import Storage

/// SLICE, STRIDED_SLICE, GATHER, GATHER_ND, EMBEDDING_LOOKUP and DYNAMIC_UPDATE_SLICE.
extension OperatorContext {
  func slice() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    let (begin, size) = (try integers(1), try integers(2))
    try requireSupported(x.rank <= 5, "TFLM slices up to 5 axes, '\(x.name)' has \(x.rank)")
    try require(
      begin.count == x.rank && size.count == x.rank, "begin and size do not fit '\(x.name)' \(x.shape)")
    let extents = x.shape.indices.map { size[$0] < 0 ? x.shape[$0] - begin[$0] : size[$0] }
    try require(
      x.shape.indices.allSatisfy { begin[$0] >= 0 && begin[$0] + extents[$0] <= x.shape[$0] }
        && y.shape == extents,
      "begin \(begin) and size \(size) do not make \(y.shape) of \(x.shape)")
    let strides = Positions.strides(x.shape)
    let start = dot(begin, strides)
    return try moving(x, to: y, by: Positions.map(y.shape) { start + dot($0, strides) })
  }

  func stridedSlice() throws(Diagnostic) -> KernelBody {
    guard case .stridedSlice(let options) = operation.options else { throw bad("it has no options") }
    let (x, y) = (try input(0), try output())
    let (begin, end, strides) = (try integers(1), try integers(2), try integers(3))
    try requireSupported(x.rank <= 4, "TFLM slices with strides up to 4 axes, '\(x.name)' has \(x.rank)")
    try requireSupported(
      options.ellipsisMask == 0 && options.newAxisMask == 0, "TFLM has neither ellipsis nor new axes")
    try require(
      begin.count == x.rank && end.count == x.rank && strides.count == x.rank && !strides.contains(0),
      "begin, end and strides do not fit '\(x.name)' \(x.shape)")
    var picks: [[Int]] = []
    for axis in 0..<x.rank {
      let (extent, step) = (x.shape[axis], strides[axis])
      let range = step > 0 ? 0...extent : -1...(extent - 1)
      func resolved(_ position: Int) -> Int {
        let position = position < 0 ? position + extent : position
        return min(max(position, range.lowerBound), range.upperBound)
      }
      let isShrunk = options.shrinkAxisMask >> axis & 1 == 1
      let first =
        options.beginMask >> axis & 1 == 1 ? (step > 0 ? 0 : extent - 1) : resolved(begin[axis])
      if isShrunk {
        try require((0..<extent).contains(first), "index \(begin[axis]) is outside of \(x.shape)")
        picks.append([first])
        continue
      }
      let last = options.endMask >> axis & 1 == 1 ? (step > 0 ? extent : -1) : resolved(end[axis])
      picks.append(Array(stride(from: first, to: last, by: step)))
    }
    let steps = Positions.strides(x.shape)
    let sources = Positions.map(picks.map(\.count)) { index in
      index.indices.reduce(0) { $0 + picks[$1][index[$1]] * steps[$1] }
    }
    return try moving(x, to: y, by: sources)
  }

  func gather() throws(Diagnostic) -> KernelBody {
    guard case .gather(let axis, let batchDimensions) = operation.options else {
      throw bad("it has no options")
    }
    let (x, indices, y) = (try input(0), try input(1), try output())
    try requireSameType(x, y)
    guard indices.type == .int32, x.type == .float32 || x.type == .int8 else {
      throw noKernel(for: x, indices, y)
    }
    let resolved = try self.axis(axis, rank: x.rank)
    let shared = batchDimensions < 0 ? batchDimensions + indices.rank : batchDimensions
    try require(
      shared >= 0 && shared <= resolved && shared <= indices.rank
        && Array(x.shape[..<shared]) == Array(indices.shape[..<shared]), "\(shared) shared axes do not fit")
    let expected = Array(x.shape[..<resolved]) + indices.shape[shared...] + x.shape[(resolved + 1)...]
    try require(y.count == expected.reduce(1, *), "\(x.shape) by \(indices.shape) does not give \(y.shape)")
    let batch = x.shape[..<shared].reduce(1, *)
    let outer = x.shape[shared..<resolved].reduce(1, *)
    let count = indices.shape[shared...].reduce(1, *)
    let block = x.shape[(resolved + 1)...].reduce(1, *) * (x.type.byteCount ?? 1)
    let (extent, name) = (x.shape[resolved], name)
    return { memory throws(Diagnostic) in
      let (source, target) = (memory.bytes[x.index], memory.bytes[y.index])
      let picks = memory(indices, as: Int32.self)
      var place = 0
      for sample in 0..<batch {
        for row in 0..<outer {
          for k in 0..<count {
            let pick = Int(picks[sample * count + k])
            guard (0..<extent).contains(pick) else {
              throw Diagnostic(.badData, "\(name): index \(pick) is outside of \(extent) entries")
            }
            let start = ((sample * outer + row) * extent + pick) * block
            if block == 1 {
              target[place] = source[start]
            } else {
              target[place..<place + block].copy(from: source[start..<start + block])
            }
            place += block
          }
        }
      }
    }
  }

  func gatherND() throws(Diagnostic) -> KernelBody {
    let (x, indices, y) = (try input(0), try input(1), try output())
    try requireSameType(x, y)
    guard indices.type == .int32, x.type == .float32 || x.type == .int8 else {
      throw noKernel(for: x, indices, y)
    }
    try require(indices.rank >= 1, "its indices are a scalar")
    let depth = indices.shape[indices.rank - 1]
    try require(
      depth <= x.rank && depth <= 5, "indices of \(depth) numbers do not fit '\(x.name)' \(x.shape)")
    let count = indices.count / max(1, depth)
    let block = x.shape[depth...].reduce(1, *)
    try require(y.count == count * block, "\(x.shape) by \(indices.shape) does not give \(y.shape)")
    let (strides, name) = (Positions.strides(x.shape), name)
    let width = x.type.byteCount ?? 1
    return { memory throws(Diagnostic) in
      let (source, target) = (memory.bytes[x.index], memory.bytes[y.index])
      let picks = memory(indices, as: Int32.self)
      for item in 0..<count {
        var start = 0
        for axis in 0..<depth {
          let pick = Int(picks[item * depth + axis])
          guard (0..<x.shape[axis]).contains(pick) else {
            throw Diagnostic(.badData, "\(name): index \(pick) is outside of \(x.shape[axis]) entries")
          }
          start += pick * strides[axis]
        }
        target[item * block * width..<(item + 1) * block * width].copy(
          from: source[start * width..<(start + block) * width])
      }
    }
  }

  func embeddingLookup() throws(Diagnostic) -> KernelBody {
    let (ids, table, y) = (try input(0), try input(1), try output())
    guard ids.type == .int32 else { throw noKernel(for: ids, table, y) }
    try require(
      ids.rank == 1 && table.rank >= 2, "its ids have the shape \(ids.shape), its table \(table.shape)")
    let (entries, row) = (table.shape[0], table.shape.dropFirst().reduce(1, *))
    try require(y.count == ids.count * row, "\(table.shape) by \(ids.shape) does not give \(y.shape)")
    let name = name
    let isSame = table.type == y.type && (table.type == .float32 || table.type == .int8)
    guard isSame || (table.type == .int8 && y.type == .float32) else { throw noKernel(for: ids, table, y) }
    let scale = table.grid.scale
    let width = table.type.byteCount ?? 1
    return { memory throws(Diagnostic) in
      for (item, id) in memory(ids, as: Int32.self).array.enumerated() {
        guard (0..<entries).contains(Int(id)) else {
          throw Diagnostic(.badData, "\(name): index \(id) is outside of \(entries) entries")
        }
        let start = Int(id) * row
        if isSame {
          memory.bytes[y.index][item * row * width..<(item + 1) * row * width].copy(
            from: memory.bytes[table.index][start * width..<(start + row) * width])
        } else {
          let (source, target) = (memory(table, as: Int8.self), memory(y, as: Float.self))
          for k in 0..<row { target[item * row + k] = Float(source[start + k]) * scale }
        }
      }
    }
  }

  /// A copy of the operand with a smaller tensor written over it, moved inside where it would stand out.
  func dynamicUpdateSlice() throws(Diagnostic) -> KernelBody {
    let (x, update, starts, y) = (try input(0), try input(1), try input(2), try output())
    try requireSameType(x, y)
    try requireSameType(update, x)
    try requireSameCount(x, y)
    guard starts.type == .int32 || starts.type == .int64 else { throw noKernel(for: x, update, starts) }
    try require(
      update.rank == x.rank && starts.count == x.rank && zip(update.shape, x.shape).allSatisfy { $0 <= $1 },
      "'\(update.name)' \(update.shape) does not fit into \(x.shape)")
    let strides = Positions.strides(x.shape)
    let width = x.type.byteCount ?? 1
    let places = Positions.map(update.shape) { dot($0, strides) }
    return { memory in
      let first =
        starts.type == .int32
        ? memory(starts, as: Int32.self).array.map(Int.init)
        : memory(starts, as: Int64.self).array.map { Int($0) }
      var offset = 0
      for axis in first.indices {
        offset += min(max(first[axis], 0), x.shape[axis] - update.shape[axis]) * strides[axis]
      }
      let (target, source) = (memory.bytes[y.index], memory.bytes[update.index])
      target.copy(from: memory.bytes[x.index])
      for (item, place) in places.enumerated() {
        for byte in 0..<width { target[(offset + place) * width + byte] = source[item * width + byte] }
      }
    }
  }
}
