import Graph
import Storage

/// A `.wav` file: `[frames]`, or `[frames, channels]` for several channels, as floats from −1 to 1.
///
/// Integers of n bits are divided by 2ⁿ⁻¹ (8-bit ones, which are unsigned, after 128 is taken off).
enum WaveFile {
  static func read(_ path: String) throws(Diagnostic) -> TensorValue {
    let file = try MappedFile(path)
    return try Reader(bytes: file.bytes, path: path).value()
  }

  private struct Format {
    var isFloat: Bool
    var channels: Int
    var bits: Int
  }

  private struct Reader {
    let bytes: View<UInt8>
    let path: String

    func value() throws(Diagnostic) -> TensorValue {
      guard bytes.count >= 12, bytes.text(0..<4) == "RIFF", bytes.text(8..<12) == "WAVE" else {
        throw .bad(path, "it does not begin like a .wav file", hint: "convert it to WAV, PCM or float")
      }
      var format: Format?
      var position = 12
      while position + 8 <= bytes.count {
        let tag = bytes.text(position..<(position + 4))
        let size = Int(bytes.littleEndian(at: position + 4, width: 4))
        position += 8
        switch tag {
        case "fmt ": format = try self.format(at: position, size: size)
        case "data":
          guard let format else { throw .bad(path, "its sound comes before its format") }
          return try sound(format, at: position, size: size)
        default: break
        }
        // Chunks begin at even bytes.
        position += size + size % 2
      }
      throw .bad(path, "it holds no sound data", hint: "it is cut off")
    }

    private func format(at start: Int, size: Int) throws(Diagnostic) -> Format {
      guard size >= 16, start + size <= bytes.count else { throw .bad(path, "its format is cut off") }
      var tag = bytes.littleEndian(at: start, width: 2)
      let channels = Int(bytes.littleEndian(at: start + 2, width: 2))
      let bits = Int(bytes.littleEndian(at: start + 14, width: 2))
      let block = Int(bytes.littleEndian(at: start + 12, width: 2))
      // The extensible form tells the real one in the first bytes of an identifier.
      if tag == 0xFFFE, size >= 26 { tag = bytes.littleEndian(at: start + 24, width: 2) }
      let isKnown = tag == 1 && [8, 16, 24, 32].contains(bits) || tag == 3 && [32, 64].contains(bits)
      guard isKnown, (1...64).contains(channels), block == channels * bits / 8 else {
        throw .bad(
          path, "its format (code \(tag), \(channels) channels, \(bits) bits) is not read",
          hint: "convert it to PCM of 8, 16, 24 or 32 bits, or to float")
      }
      return Format(isFloat: tag == 3, channels: channels, bits: bits)
    }

    private func sound(_ format: Format, at start: Int, size: Int) throws(Diagnostic) -> TensorValue {
      var size = size
      // Programs that write to a pipe do not know the size and leave all ones.
      if size == 0xFFFF_FFFF { size = bytes.count - start }
      guard start + size <= bytes.count else {
        throw .bad(
          path, "it claims \(size) bytes of sound and has \(bytes.count - start)", hint: "it is cut off")
      }
      let width = format.bits / 8
      let frames = size / (width * format.channels)
      guard frames > 0 else { throw .bad(path, "it holds no sound") }
      let sizes = format.channels == 1 ? [frames] : [frames, format.channels]
      let data = bytes[start..<(start + frames * format.channels * width)]
      return TensorValue(
        type: .float32, sizes: sizes, bytes: decoded(data, format).reinterpreted(as: UInt8.self))
    }

    private func decoded(_ data: View<UInt8>, _ format: Format) -> View<Float> {
      let width = format.bits / 8
      let target = View<Float>(count: data.count / width)
      if format.isFloat {
        Codec.convertToFloat(data, type: width == 4 ? .float32 : .float64, into: target)
        return target
      }
      for index in 0..<target.count {
        let raw = data.littleEndian(at: index * width, width: width)
        if width == 1 {
          target[index] = (Float(raw) - 128) / 128
        } else {
          let shift = UInt64(64 - format.bits)
          target[index] =
            Float(Int64(bitPattern: raw << shift) >> Int64(shift)) / Float(1 << (format.bits - 1))
        }
      }
      return target
    }
  }
}
