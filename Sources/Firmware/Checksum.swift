import Storage

/// The checksum of zip files and Ethernet, which a microcontroller computes with a few lines or in hardware.
public enum Checksum {
  /// The polynomial 0x04C11DB7, bits mirrored, start and end inverted.
  public static func crc32(_ bytes: View<UInt8>) -> UInt32 {
    var value: UInt32 = 0xFFFF_FFFF
    for index in 0..<bytes.count {
      value = table[Int((value ^ UInt32(bytes[index])) & 0xFF)] ^ (value >> 8)
    }
    return ~value
  }

  private static let table: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
  }
}
