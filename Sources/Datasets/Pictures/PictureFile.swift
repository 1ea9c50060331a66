import CCodecs
import Graph
import Storage

/// A decoded picture: `[height, width, channels]` of uint8 or uint16 (sixteen bits a channel keep their range), or of
/// float32 when it comes from an array.
enum PictureFile {
  /// Larger pictures are refused before room is made for them.
  static let maximumPixelCount = 1 << 26

  /// The largest number of pixels that a byte of a file can stand for: a bit of JPEG for a block of 64 pixels, and
  /// deflate's 1032 bytes of 8 one-bit pixels.
  private static let pixelsPerByte = 8300

  /// Reads a PNG or JPEG file. Alpha is dropped, palettes and small depths are expanded to 8 bits.
  static func read(_ path: String) throws(Diagnostic) -> TensorValue {
    let file = try MappedFile(path)
    guard let format = Codec.PictureFormat(file.bytes) else {
      throw .bad(
        path, "it is neither a PNG nor a JPEG picture", hint: "convert it, or take it out of the folder")
    }
    do throws(Codec.CodecFailure) {
      let header = try Codec.pictureHeader(file.bytes, format)
      let pixelCount = Int(header.width) * Int(header.height)
      guard pixelCount > 0, pixelCount <= maximumPixelCount, pixelCount / pixelsPerByte <= file.bytes.count
      else {
        throw Codec.CodecFailure(
          message: "it claims \(header.width) × \(header.height) pixels in \(file.bytes.count) bytes")
      }
      let picture = TensorValue(
        type: header.bits == 16 ? .uint16 : .uint8,
        sizes: [Int(header.height), Int(header.width), Int(header.channels)])
      try Codec.decodePicture(file.bytes, format, into: picture.bytes)
      return picture
    } catch {
      throw .bad(
        path, "the \(format == .png ? "PNG" : "JPEG") picture cannot be read: \(error.message)",
        hint: "the file is damaged, cut off or of an unusual kind: save it again")
    }
  }
}
