import Graph
import Storage

/// A `.npy` array, mapped: the header is read at once, elements only when they are asked for.
///
///     let file = try NPYFile("x.npy")
///     let third = try file.sample(at: 2)
public struct NPYFile: Sendable {
  private let file: MappedFile
  private let header: NPYHeader

  public init(_ path: String) throws(Diagnostic) {
    try self.init(MappedFile(path))
  }

  init(_ file: MappedFile) throws(Diagnostic) {
    self.file = file
    header = try NPYHeader(file.bytes, path: file.path)
  }

  public var path: String { file.path }
  public var sizes: [Int] { header.sizes }
  /// The type of the elements in the file.
  public var type: SourceType { header.format.type }

  /// The whole array.
  public func value() -> TensorValue {
    let count = Shape.elementCount(sizes)
    let width = header.format.byteCount
    let bytes = file.bytes[header.dataOffset..<(header.dataOffset + count * width)]
    if !header.isColumnMajor || sizes.count < 2 { return header.format.decoded(bytes, sizes: sizes) }
    // Column-major bytes are row-major ones of the transposed array.
    let transposed = header.format.decoded(bytes, sizes: sizes.reversed())
    return transposed.permuted(Array(sizes.indices.reversed()))
  }

  /// Element `index` along the first axis.
  public func sample(at index: Int) -> TensorValue {
    precondition(!sizes.isEmpty && index >= 0 && index < sizes[0])
    let sampleSizes = Array(sizes.dropFirst())
    let count = Shape.elementCount(sampleSizes)
    let width = header.format.byteCount
    if !header.isColumnMajor || sizes.count < 2 {
      let start = header.dataOffset + index * count * width
      file.didRead(count * width)
      return header.format.decoded(file.bytes[start..<(start + count * width)], sizes: sampleSizes)
    }
    let gathered = gather(index, count: count, width: width)
    return header.format.decoded(gathered, sizes: sampleSizes.reversed())
      .permuted(Array(sampleSizes.indices.reversed()))
  }

  /// A sample of a column-major array: its elements stand as far apart as there are samples.
  private func gather(_ index: Int, count: Int, width: Int) -> View<UInt8> {
    let target = View<UInt8>(count: count * width)
    let stride = sizes[0] * width
    let start = header.dataOffset + index * width
    let step = max(1, MappedFile.residentLimit / stride)
    for first in Swift.stride(from: 0, to: count, by: step) {
      let size = min(step, count - first)
      let begin = start + first * stride
      let source = file.bytes[begin..<(begin + (size - 1) * stride + width)]
      Codec.gather(
        source, stride: stride, into: target[(first * width)..<((first + size) * width)], width: width,
        count: size)
      file.didRead(min(size * stride, size * 4096))
    }
    return target
  }
}
