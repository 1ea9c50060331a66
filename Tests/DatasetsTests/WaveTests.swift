import Graph
import Storage
import Testing

@testable import Datasets

/// A `.wav` file, made by hand.
func wave(
  tag: Int = 1, channels: Int = 1, bits: Int, _ data: [UInt8], claimed: Int? = nil, extensible: Bool = false
) -> [UInt8] {
  func number(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
  let block = channels * bits / 8
  var format = number(extensible ? 0xFFFE : tag, 2) + number(channels, 2) + number(8000, 4)
  format += number(8000 * block, 4) + number(block, 2) + number(bits, 2)
  if extensible {
    format +=
      number(22, 2) + number(bits, 2) + number(0, 4) + number(tag, 2) + [UInt8](repeating: 0, count: 14)
  }
  let chunks =
    Array("fmt ".utf8) + number(format.count, 4) + format + Array("LIST".utf8) + number(3, 4) + [1, 2, 3, 0]
  let sound = Array("data".utf8) + number(claimed ?? data.count, 4) + data
  return Array("RIFF".utf8) + number(4 + chunks.count + sound.count, 4) + Array("WAVE".utf8) + chunks + sound
}

@Suite struct WaveTests {
  private func read(_ bytes: [UInt8]) throws -> TensorValue {
    let scratch = Scratch()
    return try WaveFile.read(try scratch.write("x.wav", bytes))
  }

  @Test func allFormatsAreRead() throws {
    #expect(try read(wave(bits: 8, [0, 128, 192])).floats.array == [-1, 0, 0.5])
    #expect(try read(wave(bits: 16, [0, 128, 0, 64])).floats.array == [-1, 0.5])
    #expect(try read(wave(bits: 24, [0, 0, 128, 0, 0, 64])).floats.array == [-1, 0.5])
    #expect(try read(wave(bits: 32, [0, 0, 0, 128, 0, 0, 0, 64])).floats.array == [-1, 0.5])
    #expect(try read(wave(tag: 3, bits: 32, bytes([0.25, -2] as [Float]))).floats.array == [0.25, -2])
    #expect(try read(wave(tag: 3, bits: 64, bytes([0.25, -2] as [Double]))).floats.array == [0.25, -2])
    #expect(try read(wave(bits: 16, [0, 64], extensible: true)).floats.array == [0.5])
    let stereo = try read(wave(channels: 2, bits: 16, [0, 64, 0, 32, 0, 16, 0, 8]))
    #expect(stereo.sizes == [2, 2] && stereo.floats.array == [0.5, 0.25, 0.125, 0.0625])
    #expect(try read(wave(bits: 16, [0, 64], claimed: 0xFFFF_FFFF)).floats.array == [0.5])
  }

  @Test func badFilesAreExplained() {
    let cases: [([UInt8], String)] = [
      ([], "does not begin"), (wave(bits: 16, [0, 64], claimed: 1 << 31), "claims"),
      (wave(bits: 16, []), "no sound"),
      (wave(bits: 12, [0, 64]), "12 bits"), (wave(tag: 85, bits: 16, [0]), "code 85"),
      (wave(channels: 0, bits: 16, [0, 0]), "0 channels"),
      (Array(wave(bits: 16, [0, 64]).prefix(30)), "cut off"),
    ]
    for (bytes, expected) in cases {
      let found = diagnostic { _ = try read(bytes) }
      #expect(found?.message.contains(expected) == true, "\(found?.message ?? "nothing"), not \(expected)")
    }
  }

  @Test func cropsAndPads() throws {
    let scratch = Scratch()
    try scratch.write("a.wav", wave(bits: 8, [128, 192, 224, 128]))
    try scratch.write("b.wav", wave(bits: 8, [192]))
    var request = DataRequest(paths: [DataPath(scratch.path)])
    request.settings.crop = PictureSize("2")
    let data = try Dataset(request, for: [DataInput(name: "s", element: .float32, shape: [1, 1, 2])])
    #expect(try data.batch(0..<2).inputs[0].floats.array == [0.5, 0.75, 0.5, 0])
  }
}
