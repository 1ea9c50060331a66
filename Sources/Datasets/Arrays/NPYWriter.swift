import Graph
import Storage

extension NPYFile {
  /// Writes an array as a `.npy` file of format 1.0, row-major and little-endian; the bytes follow from the arguments.
  ///
  ///     try NPYFile.write(value, to: "y.npy", as: .float64)
  ///
  /// A float32 value can be written as float16 or float64; bfloat16, which numpy lacks, is written as float32, and
  /// int4 as int8.
  public static func write(_ value: TensorValue, to path: String, as type: SourceType? = nil)
    throws(Diagnostic)
  {
    let type = type ?? SourceType(value.type)
    precondition(
      type.elementType.byteCount == value.type.byteCount, "\(value.type) cannot be written as \(type)")
    do throws(StorageError) {
      let file = try OutputFile(path)
      try file.write(headerBytes(type, sizes: value.sizes))
      try file.write(encoded(value, as: type))
      try file.commit()
    } catch {
      throw Diagnostic(reading: error)
    }
  }

  /// The header, padded so that the elements begin at a multiple of 64 bytes.
  static func headerBytes(_ type: SourceType, sizes: [Int]) -> [UInt8] {
    let shape =
      sizes.count == 1 ? "(\(sizes[0]),)" : "(" + sizes.map(String.init).joined(separator: ", ") + ")"
    let notation = NumberFormat.numpyNotation(of: type)
    var text = "{'descr': '\(notation)', 'fortran_order': False, 'shape': \(shape), }"
    let padding = 63 - (10 + text.utf8.count) % 64
    text += String(repeating: " ", count: padding) + "\n"
    let length = UInt16(text.utf8.count)
    return NPYHeader.magic + [1, 0, UInt8(length & 255), UInt8(length >> 8)] + Array(text.utf8)
  }

  fileprivate static func encoded(_ value: TensorValue, as type: SourceType) -> View<UInt8> {
    switch type {
    case .float16:
      let floats = value.floats
      let halves = View<UInt16>(count: floats.count)
      for index in 0..<floats.count { halves[index] = Codec.halfBits(floats[index]) }
      return halves.reinterpreted(as: UInt8.self)
    case .float64:
      let floats = value.floats
      let doubles = View<Double>(count: floats.count)
      for index in 0..<floats.count { doubles[index] = Double(floats[index]) }
      return doubles.reinterpreted(as: UInt8.self)
    default:
      return value.bytes
    }
  }
}

/// A `.npy` file that is written sample by sample.
///
///     let file = try NPYStream(path: "y.npy", type: .int8, sizes: [1000, 10])
///     for sample in samples { try file.append(sample) }
///     try file.finish()
public final class NPYStream {
  private let file: OutputFile
  private let type: SourceType

  /// `sizes` are those of the whole array, samples first.
  public init(path: String, type: SourceType, sizes: [Int]) throws(Diagnostic) {
    self.type = type
    do throws(StorageError) {
      file = try OutputFile(path)
      try file.write(NPYFile.headerBytes(type, sizes: sizes))
    } catch {
      throw Diagnostic(reading: error)
    }
  }

  public func append(_ value: TensorValue) throws(Diagnostic) {
    do throws(StorageError) { try file.write(NPYFile.encoded(value, as: type)) } catch {
      throw Diagnostic(reading: error)
    }
  }

  /// Gives the file its name.
  public func finish() throws(Diagnostic) {
    do throws(StorageError) { try file.commit() } catch { throw Diagnostic(reading: error) }
  }
}
