import Graph
import Storage
import Testing

@testable import Datasets

#if canImport(Glibc)
  import Glibc
#endif

/// Damaged files of every form: each is read or refused with a diagnostic, never more. Seeded, so that a failure
/// comes back. `EDGEOPT_FUZZ_FILES` sets how many files each form gets.
@Suite struct DataFuzzTests {
  private static var fileCount: Int {
    getenv("EDGEOPT_FUZZ_FILES").flatMap { Int(String(cString: $0)) } ?? 400
  }

  private func damaged(_ original: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = original
    for _ in 0...generator.below(4) {
      let place = generator.below(max(1, bytes.count))
      switch generator.below(6) {
      case 0 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8(generator.below(8))
      case 1 where !bytes.isEmpty: bytes[place] = [0, 1, 127, 128, 255][generator.below(5)]
      case 2: bytes.removeLast(min(bytes.count, generator.below(bytes.count + 1)))
      case 3: bytes.insert(UInt8(generator.below(256)), at: min(place, bytes.count))
      case 4 where bytes.count > 8:
        let start = generator.below(bytes.count - 8)
        for offset in 0..<(1 + generator.below(8)) { bytes[start + offset] = 255 }
      default:
        let end = min(bytes.count, place + generator.below(32))
        if place < end { bytes.removeSubrange(place..<end) }
      }
    }
    return bytes
  }

  private func fuzz(_ original: [UInt8], seed: Int, _ read: (View<UInt8>) throws -> Void) {
    var generator = SeededGenerator(seed: seed)
    var refused = 0
    for number in 0..<Self.fileCount {
      let bytes = damaged(original, &generator)
      do { try read(View(bytes)) } catch {
        refused += 1
        #expect(error is Diagnostic, "file \(number)")
      }
    }
    #expect(refused > 0)
  }

  private func original(_ path: String) throws -> [UInt8] { try MappedFile(path).bytes.array }

  private func readAll(_ source: any SampleSource) throws {
    for index in 0..<min(3, source.count) { _ = try source.sample(at: index) }
  }

  @Test func arrays() throws {
    for (seed, fortran) in [false, true].enumerated() {
      let bytes = npy(">f4", fortran: fortran, "(3, 2, 2)", [UInt8](repeating: 7, count: 48))
      fuzz(bytes, seed: seed) { view in
        let file = try NPYFile(MappedFile(path: "x.npy", bytes: view))
        _ = file.value()
        try readAll(ArraySource(file))
      }
    }
  }

  @Test func archives() throws {
    let real = try original("\(FormTests.forms)/digits.npz")
    let stored = ZipMaker(isDeflated: false, isLarge: true).archive([
      ("x.npy", npy("|u1", "(2, 2)", [1, 2, 3, 4]))
    ])
    for (seed, bytes) in [real, stored].enumerated() {
      fuzz(bytes, seed: seed) { view in
        let archive = try NPZArchive(MappedFile(path: "x.npz", bytes: view))
        _ = try archive.labels()
        try readAll(archive.samples(for: "x", isOnly: true))
      }
    }
  }

  @Test func tensors() throws {
    let scratch = Scratch()
    fuzz(try original("\(FormTests.forms)/onnx/test_data_set_0/input_0.pb"), seed: 1) { view in
      _ = try TensorFile(try scratch.write("x.pb", view.array)).value()
    }
  }

  @Test(arguments: [
    "rgb8.png", "gray16.png", "interlaced.png", "palette2.png", "rgb.jpg", "progressive.jpg", "gray.jpg",
  ])
  func pictures(_ name: String) throws {
    let scratch = Scratch()
    fuzz(try original("\(PictureTests.folder)/\(name)"), seed: 2) { view in
      _ = try PictureFile.read(try scratch.write("x", view.array))
    }
  }

  @Test func sounds() throws {
    let scratch = Scratch()
    fuzz(wave(channels: 2, bits: 24, [UInt8](repeating: 3, count: 60), extensible: true), seed: 3) { view in
      _ = try WaveFile.read(try scratch.write("x.wav", view.array))
    }
  }

  @Test func tables() throws {
    fuzz(try original("\(FormTests.forms)/digits.csv"), seed: 4) { view in
      let table = try CSVTable(MappedFile(path: "x.csv", bytes: view))
      try readAll(TableSource(table))
      _ = try table.labels(column: table.columnCount - 1, classes: nil)
    }
  }

  @Test func settings() throws {
    fuzz(Array("mean: [0.5, 1]\nscale: 1/255\nclasses: [a, b]\ncrop: 3x4\n".utf8), seed: 5) { view in
      _ = try DataSettings(parsing: view.array, path: "data.yaml")
    }
  }
}
