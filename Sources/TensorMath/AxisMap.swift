import Storage

/// A copy whose result takes, along every axis, the operand's indices from a table: slices, padding, tiling,
/// broadcasting, gathering along an axis and nearest-neighbor resizing are all of this form.
///
///     AxisMap(sizes: [4, 6]).slicing(starts: [0, 5], steps: [1, -1], counts: [4, 6])
///       .apply(x, elementByteCount: 4, into: y, on: workers)
public struct AxisMap: Sendable {
  /// The operand's extents.
  public let sizes: [Int]
  /// For each axis and each index of the result: the operand's index, or ``outside``.
  public private(set) var tables: [[Int]]

  /// Marks result indices that get the fill value.
  public static let outside = -1

  /// The identity.
  public init(sizes: [Int]) {
    self.sizes = sizes
    tables = sizes.map { Array(0..<$0) }
  }

  /// Tables that were made elsewhere; every index must be inside the operand or ``outside``.
  public init(sizes: [Int], tables: [[Int]]) {
    precondition(sizes.count == tables.count, "one table per axis")
    for (size, table) in zip(sizes, tables) {
      precondition(table.allSatisfy { $0 == AxisMap.outside || (0..<size).contains($0) }, "index outside")
    }
    self.sizes = sizes
    self.tables = tables
  }

  public var outputSizes: [Int] { tables.map(\.count) }

  /// Every `steps[i]`-th element from `starts[i]` on; negative steps walk backward.
  public func slicing(starts: [Int], steps: [Int], counts: [Int]) -> AxisMap {
    AxisMap(
      sizes: sizes,
      tables: sizes.indices.map { axis in
        (0..<counts[axis]).map { starts[axis] + $0 * steps[axis] }
      })
  }

  /// `repeats[i]` copies along each axis.
  public func tiling(_ repeats: [Int]) -> AxisMap {
    AxisMap(
      sizes: sizes,
      tables: sizes.indices.map { axis in
        (0..<sizes[axis] * repeats[axis]).map { $0 % sizes[axis] }
      })
  }

  /// The operand repeated to `output`, as NumPy broadcasts; missing axes come in front.
  public func broadcasting(to output: [Int]) -> AxisMap {
    let sizes = [Int](repeating: 1, count: output.count - self.sizes.count) + self.sizes
    return AxisMap(
      sizes: sizes,
      tables: sizes.indices.map { axis in
        precondition(sizes[axis] == output[axis] || sizes[axis] == 1, "sizes do not broadcast")
        return (0..<output[axis]).map { sizes[axis] == 1 ? 0 : $0 }
      })
  }

  /// Replaces the table of one axis.
  public func taking(_ indices: [Int], axis: Int) -> AxisMap {
    var tables = tables
    tables[axis] = indices
    return AxisMap(sizes: sizes, tables: tables)
  }

  public enum Padding: String, Sendable, Hashable { case constant, reflect, edge, wrap }

  /// More (or, for negative amounts, fewer) elements at both ends of each axis.
  public func padding(_ mode: Padding, before: [Int], after: [Int]) -> AxisMap {
    AxisMap(
      sizes: sizes,
      tables: sizes.indices.map { axis in
        let count = max(0, before[axis] + sizes[axis] + after[axis])
        return (0..<count).map { AxisMap.padded($0 - before[axis], extent: sizes[axis], mode) }
      })
  }

  /// Where index `index`, possibly outside 0 ..< `extent`, comes from.
  private static func padded(_ index: Int, extent: Int, _ mode: Padding) -> Int {
    if (0..<extent).contains(index) { return index }
    guard extent > 0 else { return outside }
    switch mode {
    case .constant: return outside
    case .edge: return index < 0 ? 0 : extent - 1
    case .wrap: return ((index % extent) + extent) % extent
    case .reflect:
      guard extent > 1 else { return 0 }
      let period = 2 * (extent - 1)
      let place = ((index % period) + period) % period
      return place < extent ? place : period - place
    }
  }

  /// Copies elements of 1, 2, 4 or 8 bytes. `fill` holds one element; zero where it is absent.
  public func apply(
    _ x: View<UInt8>, elementByteCount width: Int, fill: View<UInt8>? = nil, into y: View<UInt8>,
    on workers: Workers
  ) {
    precondition(x.count == sizes.reduce(1, *) * width, "x does not have the given sizes")
    precondition(y.count == outputSizes.reduce(1, *) * width, "y does not have the mapped sizes")
    guard y.count > 0 else { return }
    // Inner axes that are taken whole move as one block.
    var axes = tables.count
    var block = width
    while axes > 0, tables[axes - 1].elementsEqual(0..<sizes[axes - 1]) {
      axes -= 1
      block *= sizes[axes]
    }
    guard axes > 0 else { return y.copy(from: x) }
    var strides = [Int](repeating: block, count: axes)
    for axis in 0..<(axes - 1) { strides[axis] = sizes[(axis + 1)..<axes].reduce(block, *) }
    let row = RowCopy(
      table: tables[axes - 1], block: block, width: width, fill: fill.map { $0.array } ?? [])
    let outer = Array(tables[..<(axes - 1)])
    let rows = outer.reduce(1) { $0 * $1.count }
    let rowBytes = row.byteCount
    let (source, target) = (UnsafeRawPointer(x.elementPointer), UnsafeMutableRawPointer(y.elementPointer))
    workers.parallelFor(rows, grain: max(1, (1 << 16) / rowBytes)) { range in
      for number in range {
        var rest = number
        var offset = 0
        var isOutside = false
        for axis in outer.indices.reversed() {
          let index = outer[axis][rest % outer[axis].count]
          rest /= outer[axis].count
          isOutside = isOutside || index == AxisMap.outside
          offset += index * strides[axis]
        }
        let to = target + number * rowBytes
        if isOutside { row.fillAll(to) } else { row.copy(source + offset, to) }
      }
    }
  }
}

/// The innermost axis of an ``AxisMap``: blocks of bytes from the places that a table names.
private struct RowCopy: Sendable {
  /// Blocks that stay together, or that are all filled.
  private struct Run {
    var start, source, count: Int
  }

  private let table: [Int]
  private let block, width: Int
  private let fill: [UInt8]
  private var runs: [Run] = []

  init(table: [Int], block: Int, width: Int, fill: [UInt8]) {
    self.table = table
    self.block = block
    self.width = width
    self.fill = fill.isEmpty ? [UInt8](repeating: 0, count: width) : fill
    precondition(self.fill.count == width, "the fill value is not one element")
    for (index, source) in table.enumerated() {
      if let last = runs.last,
        last.source == AxisMap.outside ? source == last.source : source == last.source + last.count
      {
        runs[runs.count - 1].count += 1
      } else {
        runs.append(Run(start: index, source: source, count: 1))
      }
    }
  }

  var byteCount: Int { table.count * block }

  func fillAll(_ to: UnsafeMutableRawPointer) { fill(to, byteCount: byteCount) }

  func copy(_ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer) {
    // Many short runs of plain elements go one by one.
    if runs.count * 4 > table.count && !table.contains(AxisMap.outside) {
      switch block {
      case 1: return copyElements(from, to, as: UInt8.self)
      case 2: return copyElements(from, to, as: UInt16.self)
      case 4: return copyElements(from, to, as: UInt32.self)
      case 8: return copyElements(from, to, as: UInt64.self)
      default: break
      }
    }
    for run in runs {
      let target = to + run.start * block
      if run.source == AxisMap.outside {
        fill(target, byteCount: run.count * block)
      } else {
        target.copyMemory(from: from + run.source * block, byteCount: run.count * block)
      }
    }
  }

  private func copyElements<Element: BitwiseCopyable>(
    _ from: UnsafeRawPointer, _ to: UnsafeMutableRawPointer, as type: Element.Type
  ) {
    let source = from.assumingMemoryBound(to: type)
    let target = to.assumingMemoryBound(to: type)
    table.withUnsafeBufferPointer { table in
      for index in table.indices { target[index] = source[table[index]] }
    }
  }

  private func fill(_ to: UnsafeMutableRawPointer, byteCount: Int) {
    if fill.allSatisfy({ $0 == fill[0] }) {
      to.initializeMemory(as: UInt8.self, repeating: fill[0], count: byteCount)
    } else {
      for offset in stride(from: 0, to: byteCount, by: width) {
        for byte in 0..<width { to.storeBytes(of: fill[byte], toByteOffset: offset + byte, as: UInt8.self) }
      }
    }
  }
}
