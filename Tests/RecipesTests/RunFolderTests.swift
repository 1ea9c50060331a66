import Foundation
import Graph
import Recipes
import Testing

/// What a run folder keeps, and when it believes it.
@Suite final class RunFolderTests {
  private let place = FileManager.default.temporaryDirectory.appending(path: "runs-\(UUID().uuidString)")

  init() throws { try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(at: place) }

  private func path(_ name: String) -> String { place.appending(path: name).path }
  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: place.appending(path: name))
  }

  private func make(_ cache: StageCache, _ key: StageKey, _ text: String = "made") throws -> StageCache.Entry
  {
    try cache.make(key, work: 10, replaces: false) {
      try Data(text.utf8).write(to: URL(fileURLWithPath: "\($0)/file"))
    }
  }

  @Test func digestsAreThoseOfTheContent() throws {
    var book = DigestBook(path: path("digests.json"))
    try write("abc", to: "a")
    // The digest of the standard's own example.
    let found1 = try book.digest(of: path("a"))
    #expect(found1 == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
    let before = try book.digest(of: place.path)
    try write("abd", to: "a")
    let found2 = try book.digest(of: place.path)
    #expect(found2 != before)
    try write("abc", to: "a")
    let found3 = try book.digest(of: place.path)
    #expect(found3 == before)
    try FileManager.default.moveItem(atPath: path("a"), toPath: path("b"))
    let found4 = try book.digest(of: place.path)
    #expect(found4 != before)
    #expect(throws: Diagnostic.self) {
      var book = book
      return try book.digest(of: self.path("nowhere"))
    }
  }

  @Test func filesThatRestAreNotReadAgain() throws {
    try write("abc", to: "a")
    let old = Date(timeIntervalSinceNow: -3600)
    try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: path("a"))
    var first = DigestBook(path: path("digests.json"))
    let digest = try first.digest(of: path("a"))
    first.save()
    // Changed a moment ago (by the line above): not remembered yet.
    #expect(!FileManager.default.fileExists(atPath: path("digests.json")))
    usleep(2_200_000)
    let found5 = try first.digest(of: path("a"))
    #expect(found5 == digest)
    first.save()
    let text = try String(contentsOfFile: path("digests.json"), encoding: .utf8)
    #expect(text.contains(digest))
    // What is remembered is believed: a false digest in the book comes back.
    try text.replacing(digest, with: "remembered").write(
      toFile: path("digests.json"), atomically: true, encoding: .utf8)
    var second = DigestBook(path: path("digests.json"))
    let found6 = try second.digest(of: path("a"))
    #expect(found6 == "remembered")
    // But not when the file is another one.
    try write("xyz", to: "a")
    let found7 = try second.digest(of: path("a"))
    #expect(found7 != "remembered")
    // And a damaged book is no book.
    try write("{", to: "digests.json")
    var third = DigestBook(path: path("digests.json"))
    let found8 = try third.digest(of: path("a"))
    #expect(found8.count == 64)
  }

  @Test func everyPartOfAKeyCounts() {
    func key(_ parts: [(String, [String])]) -> String {
      var key = StageKey("quantize", version: "1")
      for part in parts { key.add(part.0, part.1) }
      return key.digest
    }
    let keys = [
      key([]), key([("a", ["b"])]), key([("a", ["b", ""])]), key([("a", []), ("b", [])]), key([("ab", [])]),
      StageKey("quantize", version: "2").digest, StageKey("convert", version: "1").digest,
    ]
    #expect(Set(keys).count == keys.count)
    #expect(key([("a", ["b"])]) == key([("a", ["b"])]))
  }

  @Test func resultsAreThereWholeOrNotAtAll() throws {
    let folder = try RunFolder(path("run"))
    let key = StageKey("quantize", version: "1")
    #expect(folder.cache.entry(of: key) == nil)
    struct Failure: Error {}
    #expect(throws: Failure.self) {
      try folder.cache.make(key, work: nil, replaces: false) { _ in throw Failure() }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.cache.folder) == [])
    let entry = try make(folder.cache, key)
    #expect(
      entry.byteCount(of: "file") == 4
        && folder.cache.entry(of: key)?.digest(of: "file") == entry.digest(of: "file"))
    // Who was slower takes what is there.
    #expect(try make(folder.cache, key, "late").byteCount(of: "file") == 4)
    for damage in ["mad", "modd", "made!"] {
      try damage.write(toFile: entry.path(of: "file"), atomically: true, encoding: .utf8)
      #expect(folder.cache.entry(of: key) == nil)
    }
    #expect(try make(folder.cache, key).byteCount(of: "file") == 4)
    try FileManager.default.removeItem(atPath: entry.path(of: "entry.json"))
    #expect(folder.cache.entry(of: key) == nil)
    #expect(try make(folder.cache, key).byteCount(of: "file") == 4)
    #expect((folder.cache.rate(of: "quantize") ?? -1) >= 0 && folder.cache.rate(of: "convert") == nil)
  }

  @Test func whatAKilledProcessLeftIsCleared() throws {
    let folder = try RunFolder(path("run"))
    // Locks tell who is at work; numbers of processes mean nothing in another container.
    let left = "\(folder.cache.folder)/quantize-0123.4194304.0.part"
    try FileManager.default.createDirectory(atPath: left + "/firmware", withIntermediateDirectories: true)
    let hidden = path("run/.gitignore.4194304.part")
    try write("*", to: "run/.gitignore.4194304.part")
    let alive = "\(folder.cache.folder)/quantize-0123.4194304.7.part"
    try FileManager.default.createDirectory(atPath: alive, withIntermediateDirectories: true)
    let descriptor = open(alive, O_RDONLY)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX | LOCK_NB) == 0)
    // A number that some process here certainly has, and that of nobody who holds a lock.
    let reused = "\(folder.cache.folder)/quantize-4567.\(getpid()).7.part"
    try FileManager.default.createDirectory(atPath: reused, withIntermediateDirectories: true)
    _ = try folder.cache.make(StageKey("convert", version: "1"), work: nil, replaces: false) { draft in
      _ = try RunFolder(path("run"))
      #expect(FileManager.default.fileExists(atPath: draft))
    }
    #expect(
      !FileManager.default.fileExists(atPath: hidden) && !FileManager.default.fileExists(atPath: reused))
    #expect(!FileManager.default.fileExists(atPath: left) && FileManager.default.fileExists(atPath: alive))
  }

  @Test func oldResultsMakeRoom() throws {
    let cache = try RunFolder(path("run")).cache
    var entries: [StageCache.Entry] = []
    for version in 0..<6 { entries.append(try make(cache, StageKey("quantize", version: "\(version)"))) }
    cache.prune(keeping: [entries[0]], limit: 3)
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache.folder).count == 3)
    #expect(cache.entry(of: StageKey("quantize", version: "0")) != nil)
    #expect(cache.entry(of: StageKey("quantize", version: "5")) != nil)
  }

  @Test func itsOwnFilesAreKnownByTheirContent() throws {
    var folder = try RunFolder(path("run"))
    try write("abc", to: "out")
    let found9 = folder.wrote(path("out"))
    #expect(!found9)
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    try folder.willWrite([(path("out"), digest)])
    var again = try RunFolder(path("run"))
    let found10 = again.wrote(path("out"))
    #expect(found10)
    try write("mine", to: "out")
    let found11 = again.wrote(path("out"))
    #expect(!found11)
    #expect(throws: Diagnostic.self) { try RunFolder(path("out/run")) }
  }
}
