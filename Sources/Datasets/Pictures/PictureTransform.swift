import Graph
import Storage

/// What is done to a picture before its values are scaled: colors, then size, then a cut of the center.
struct PictureTransform: Sendable, Hashable {
  var color: ColorOrder?
  var resize: PictureSize?
  var crop: PictureSize?

  init(_ settings: DataSettings) {
    color = settings.color
    resize = settings.resize
    crop = settings.crop
  }

  var isIdentity: Bool { color == nil && resize == nil && crop == nil }

  /// `picture` has the sizes `[height, width, channels]`.
  func apply(to picture: TensorValue) -> TensorValue {
    var result = picture
    if let color { result = result.inColors(color) }
    if let resize {
      let (height, width) = Self.size(resize, of: result)
      result = Resampling.resized(result, height: height, width: width)
    }
    if let crop { result = result.centerCut(height: crop.height, width: crop.width ?? crop.height) }
    return result
  }

  /// Height and width after this transform.
  func size(of picture: TensorValue) -> (height: Int, width: Int) {
    if let crop { return (crop.height, crop.width ?? crop.height) }
    return resize.map { Self.size($0, of: picture) } ?? (picture.sizes[0], picture.sizes[1])
  }

  /// A single number is the new shorter side; the longer one follows, rounded down.
  private static func size(_ size: PictureSize, of picture: TensorValue) -> (height: Int, width: Int) {
    if let width = size.width { return (size.height, width) }
    let (height, width) = (picture.sizes[0], picture.sizes[1])
    return width <= height
      ? (min(1 << 16, size.height * height / width), size.height)
      : (size.height, min(1 << 16, size.height * width / height))
  }
}

extension TensorValue {
  /// Gray is replicated to three channels; three channels become gray by the weights of ITU-R BT.601 in sixteenths
  /// of bits: (19595 R + 38470 G + 7471 B + 32768) / 65536, rounded down.
  func inColors(_ color: ColorOrder) -> TensorValue {
    let channels = sizes[2]
    let pixels = sizes[0] * sizes[1]
    if color == .gray {
      guard channels == 3 else { return self }
      let result = TensorValue(type: type, sizes: [sizes[0], sizes[1], 1])
      for pixel in 0..<pixels { result.setGray(of: self, at: pixel) }
      return result
    }
    if channels == 3 && color == .rgb { return self }
    guard channels == 1 || channels == 3 else { return self }
    let result = TensorValue(type: type, sizes: [sizes[0], sizes[1], 3])
    let width = type.byteCount
    for pixel in 0..<pixels {
      for channel in 0..<3 {
        let from = channels == 1 ? pixel : 3 * pixel + 2 - channel
        let to = 3 * pixel + channel
        result.bytes[(to * width)..<((to + 1) * width)].copy(
          from: bytes[(from * width)..<((from + 1) * width)])
      }
    }
    return result
  }

  private func setGray(of picture: TensorValue, at pixel: Int) {
    if type.isFloat {
      let source = picture.floats
      floats[pixel] =
        (19595 * source[3 * pixel] + 38470 * source[3 * pixel + 1] + 7471 * source[3 * pixel + 2]) / 65536
      return
    }
    let red = picture.integer(at: 3 * pixel)
    let green = picture.integer(at: 3 * pixel + 1)
    let blue = picture.integer(at: 3 * pixel + 2)
    setInteger((19595 * red + 38470 * green + 7471 * blue + 32768) >> 16, at: pixel)
  }

  /// The middle of the first two axes; zeros surround what is smaller than asked.
  func centerCut(height: Int, width: Int) -> TensorValue {
    if sizes[0] == height && sizes[1] == width { return self }
    let result = TensorValue(type: type, sizes: [height, width, sizes[2]])
    let pixel = sizes[2] * type.byteCount
    let rows = Self.overlap(sizes[0], height)
    let columns = Self.overlap(sizes[1], width)
    for row in 0..<rows.count {
      let source = ((rows.from + row) * sizes[1] + columns.from) * pixel
      let target = ((rows.to + row) * width + columns.to) * pixel
      result.bytes[target..<(target + columns.count * pixel)]
        .copy(from: bytes[source..<(source + columns.count * pixel)])
    }
    return result
  }

  /// Where the middle of `available` starts, where it goes in `wanted`, and how much there is. An odd rest is split
  /// so that the start is even.
  static func overlap(_ available: Int, _ wanted: Int) -> (from: Int, to: Int, count: Int) {
    let rest = available - wanted
    if rest < 0 { return (0, -rest / 2, available) }
    let half = rest / 2
    return (rest % 2 == 1 && half % 2 == 1 ? half + 1 : half, 0, wanted)
  }
}
