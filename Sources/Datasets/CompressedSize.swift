import Storage

/// What bytes take once they are compressed, as for an update over the air.
///
///     let size = CompressedSize(of: file).byteCount
public struct CompressedSize: Sendable, Hashable {
  /// Of a zlib stream at its best level.
  public let byteCount: Int

  public init(of bytes: View<UInt8>) { byteCount = Codec.compressedByteCount(of: bytes) }
}
