import Graph
import Storage

/// Resizing with a triangle filter that widens when it shrinks a picture, so that no pixel is passed over. Only
/// additions, multiplications and divisions in a fixed order: the same pixels on every machine.
///
/// Integer pictures use weights in units of 2⁻²² and are rounded after the horizontal and after the vertical pass.
enum Resampling {
  static func resized(_ picture: TensorValue, height: Int, width: Int) -> TensorValue {
    let (oldHeight, oldWidth, channels) = (picture.sizes[0], picture.sizes[1], picture.sizes[2])
    if oldHeight == height && oldWidth == width { return picture }
    let across = Line(outer: oldHeight, count: oldWidth, inner: channels)
    let down = Line(outer: 1, count: oldHeight, inner: width * channels)
    if picture.type.isFloat {
      let wide = filtered(picture.floats, across, Weights(from: oldWidth, to: width))
      let result = filtered(wide, down, Weights(from: oldHeight, to: height))
      return TensorValue(
        type: .float32, sizes: [height, width, channels], bytes: result.reinterpreted(as: UInt8.self))
    }
    let limit = picture.type == .uint16 ? 65535 : 255
    let pixels = View<Int32>(count: picture.elementCount)
    for index in 0..<pixels.count { pixels[index] = Int32(picture.integer(at: index)) }
    let wide = filtered(pixels, across, Weights(from: oldWidth, to: width), limit: limit)
    let high = filtered(wide, down, Weights(from: oldHeight, to: height), limit: limit)
    let result = TensorValue(type: picture.type, sizes: [height, width, channels])
    for index in 0..<high.count { result.setInteger(Int(high[index]), at: index) }
    return result
  }

  /// How the axis to be filtered lies in memory.
  private struct Line {
    var outer: Int
    var count: Int
    var inner: Int
  }

  /// For each new position, the old ones that enter and by how much.
  private struct Weights {
    var starts: [Int] = []
    var factors: [[Double]] = []

    init(from old: Int, to new: Int) {
      let scale = Double(old) / Double(new)
      let support = max(1, scale)
      for index in 0..<new {
        let center = (Double(index) + 0.5) * scale
        let start = max(0, Int(center - support + 0.5))
        let end = max(start + 1, min(old, Int(center + support + 0.5)))
        let raw = (start..<end).map { position in
          let distance = (Double(position) - center + 0.5) / support
          return max(0, 1 - (distance < 0 ? -distance : distance))
        }
        let total = raw.reduce(0, +)
        starts.append(start)
        factors.append(total > 0 ? raw.map { $0 / total } : [1])
      }
    }
  }

  private static func filtered(_ source: View<Int32>, _ line: Line, _ weights: Weights, limit: Int) -> View<
    Int32
  > {
    let count = weights.starts.count
    let target = View<Int32>(count: line.outer * count * line.inner)
    let factors = weights.factors.map { $0.map { Int($0 * 4_194_304 + 0.5) } }
    for outer in 0..<line.outer {
      for index in 0..<count {
        let base = (outer * line.count + weights.starts[index]) * line.inner
        for inner in 0..<line.inner {
          var sum = 1 << 21
          for (tap, factor) in factors[index].enumerated() {
            sum += Int(source[base + tap * line.inner + inner]) * factor
          }
          target[(outer * count + index) * line.inner + inner] = Int32(min(limit, max(0, sum >> 22)))
        }
      }
    }
    return target
  }

  private static func filtered(_ source: View<Float>, _ line: Line, _ weights: Weights) -> View<Float> {
    let count = weights.starts.count
    let target = View<Float>(count: line.outer * count * line.inner)
    for outer in 0..<line.outer {
      for index in 0..<count {
        let base = (outer * line.count + weights.starts[index]) * line.inner
        for inner in 0..<line.inner {
          var sum = 0.0
          for (tap, factor) in weights.factors[index].enumerated() {
            sum += Double(source[base + tap * line.inner + inner]) * factor
          }
          target[(outer * count + index) * line.inner + inner] = Float(sum)
        }
      }
    }
    return target
  }
}
