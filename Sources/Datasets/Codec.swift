import CCodecs
import Graph
import Storage

/// The C functions, seen through views. This is the one file of the room that touches pointers: C needs them.
enum Codec {
  // MARK: Elements

  static func swapBytes(_ source: View<UInt8>, into target: View<UInt8>, width: Int) {
    precondition(target.count >= source.count)
    codec_swap_bytes(source.base, target.base, width, source.count / width)
  }

  /// Copies `count` elements of `width` bytes that stand `stride` bytes apart.
  static func gather(_ source: View<UInt8>, stride: Int, into target: View<UInt8>, width: Int, count: Int) {
    if count == 0 { return }
    precondition((count - 1) * stride + width <= source.count && count * width <= target.count)
    codec_gather(source.base, stride, target.base, width, count)
  }

  static func convertToFloat(_ source: View<UInt8>, type: SourceType, into target: View<Float>) {
    let code: Int
    switch type {
    case .bool, .uint8, .uint4: code = CODEC_U8
    case .int8, .int4: code = CODEC_I8
    case .uint16: code = CODEC_U16
    case .int16: code = CODEC_I16
    case .uint32: code = CODEC_U32
    case .int32: code = CODEC_I32
    case .uint64: code = CODEC_U64
    case .int64: code = CODEC_I64
    case .float16: code = CODEC_F16
    case .float32: code = CODEC_F32
    case .float64: code = CODEC_F64
    case .bfloat16:
      for index in 0..<target.count {
        target[index] = Float(bitPattern: UInt32(source.littleEndian(at: 2 * index, width: 2)) << 16)
      }
      return
    }
    let width = max(8, type.bitCount) / 8
    precondition(source.count >= target.count * width)
    codec_to_float(Int32(code), source.base, target.base.assumingMemoryBound(to: Float.self), target.count)
  }

  static func halfBits(_ value: Float) -> UInt16 { codec_half_bits(value) }

  /// x = (x × numerator / denominator − mean[c]) / deviation[c].
  static func normalize(
    _ elements: View<Float>, outer: Int, channels: Int, inner: Int, numerator: Float, denominator: Float,
    mean: [Float]?, deviation: [Float]?
  ) {
    precondition(outer * channels * inner == elements.count)
    precondition((mean?.count ?? channels) == channels && (deviation?.count ?? channels) == channels)
    let target = elements.base.assumingMemoryBound(to: Float.self)
    let means = mean.map { View<Float>($0) }
    let deviations = deviation.map { View<Float>($0) }
    codec_normalize(
      target, outer, channels, inner, numerator, denominator,
      means.map { UnsafePointer($0.base.assumingMemoryBound(to: Float.self)) },
      deviations.map { UnsafePointer($0.base.assumingMemoryBound(to: Float.self)) })
    withExtendedLifetime((means, deviations)) {}
  }

  // MARK: Deflate

  static func crc32(_ bytes: View<UInt8>, continuing crc: UInt32 = 0) -> UInt32 {
    codec_crc32(crc, bytes.base.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  /// A raw deflate stream, read piece by piece.
  struct Inflater: ~Copyable {
    private let state: OpaquePointer?
    private let source: View<UInt8>

    init(_ source: View<UInt8>) {
      self.source = source
      state = codec_inflate_start(source.base.assumingMemoryBound(to: UInt8.self), source.count)
    }

    deinit { codec_inflate_end(state) }

    /// Fills the front of `target`; nil when the stream is corrupt, fewer bytes than fit when it is at its end.
    func next(into target: View<UInt8>) -> Int? {
      guard let state else { return nil }
      var filled = 0
      let status = codec_inflate_next(
        state, target.base.assumingMemoryBound(to: UInt8.self), target.count, &filled)
      return status == Int32(CODEC_OK) ? filled : nil
    }
  }

  /// A raw deflate stream of the bytes.
  static func deflated(_ bytes: View<UInt8>) -> View<UInt8> {
    let target = View<UInt8>(count: bytes.count + bytes.count / 1000 + 128)
    let size = codec_deflate(
      bytes.base.assumingMemoryBound(to: UInt8.self), bytes.count,
      target.base.assumingMemoryBound(to: UInt8.self), target.count)
    return target[0..<size]
  }

  /// Bytes of a zlib stream of the bytes at its best level.
  static func compressedByteCount(of bytes: View<UInt8>) -> Int {
    codec_compressed_size(bytes.base.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  // MARK: Pictures

  enum PictureFormat: Sendable {
    case png, jpeg

    /// By the first bytes.
    init?(_ bytes: View<UInt8>) {
      if bytes.count >= 8, bytes[0..<8].array == [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] {
        self = .png
      } else if bytes.count >= 3, bytes[0..<3].array == [0xFF, 0xD8, 0xFF] {
        self = .jpeg
      } else {
        return nil
      }
    }
  }

  struct CodecFailure: Error {
    let message: String
  }

  static func pictureHeader(_ bytes: View<UInt8>, _ format: PictureFormat) throws(CodecFailure)
    -> codec_image_header
  {
    var header = codec_image_header()
    var message = [CChar](repeating: 0, count: messageSize)
    let source = bytes.base.assumingMemoryBound(to: UInt8.self)
    let status =
      switch format {
      case .png: codec_png_header(source, bytes.count, &header, &message, messageSize)
      case .jpeg: codec_jpeg_header(source, bytes.count, &header, &message, messageSize)
      }
    guard status == Int32(CODEC_OK) else { throw CodecFailure(message: text(message)) }
    return header
  }

  static func decodePicture(_ bytes: View<UInt8>, _ format: PictureFormat, into pixels: View<UInt8>)
    throws(CodecFailure)
  {
    var message = [CChar](repeating: 0, count: messageSize)
    let source = bytes.base.assumingMemoryBound(to: UInt8.self)
    let target = pixels.base.assumingMemoryBound(to: UInt8.self)
    let status =
      switch format {
      case .png: codec_png_decode(source, bytes.count, target, pixels.count, &message, messageSize)
      case .jpeg: codec_jpeg_decode(source, bytes.count, target, pixels.count, &message, messageSize)
      }
    guard status == Int32(CODEC_OK) else { throw CodecFailure(message: text(message)) }
  }

  private static let messageSize = 256
  private static func text(_ message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
