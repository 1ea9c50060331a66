import Glibc
import Storage
import Testing

/// A folder of its own that is gone with the test.
private func inFolder(_ body: (String) throws -> Void) throws {
  var template = Array(
    "\(getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp")/edgeopt-output.XXXXXX".utf8CString)
  let path = try #require(mkdtemp(&template).map { String(cString: $0) })
  defer { for name in ["link", "real", "pipe", ""] { remove("\(path)/\(name)") } }
  try body(path)
}

private func write(_ text: String, to path: String) throws {
  let file = try OutputFile(path)
  try file.write(Array(text.utf8))
  try file.commit()
}

@Suite struct OutputFileTests {
  @Test func aLinkStaysALinkToWhatWasWritten() throws {
    try inFolder { folder in
      try write("old", to: "\(folder)/real")
      #expect(symlink("real", "\(folder)/link") == 0)
      try write("new", to: "\(folder)/link")
      #expect(try Storage(mapping: "\(folder)/real").view(of: UInt8.self).array == Array("new".utf8))
      #expect(Folder.resolved("\(folder)/link") == Folder.resolved("\(folder)/real"))
    }
  }

  @Test func aPipeIsWrittenToAndNotReplaced() throws {
    try inFolder { folder in
      let path = "\(folder)/pipe"
      #expect(mkfifo(path, 0o600) == 0)
      let reader = open(path, O_RDONLY | O_NONBLOCK)
      defer { close(reader) }
      try write("through", to: path)
      var bytes = [UInt8](repeating: 0, count: 16)
      #expect(read(reader, &bytes, bytes.count) == 7)
      #expect(FileKind(of: path) == .other)
    }
  }

  @Test func aPipeIsNoFileToMap() throws {
    try inFolder { folder in
      #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
      #expect(throws: StorageError.self) { try Storage(mapping: "\(folder)/pipe") }
    }
  }

  @Test func withoutCommitNothingIsTouched() throws {
    try inFolder { folder in
      try write("old", to: "\(folder)/real")
      do {
        let file = try OutputFile("\(folder)/real")
        try file.write(Array("half".utf8))
      }
      #expect(try Storage(mapping: "\(folder)/real").view(of: UInt8.self).array == Array("old".utf8))
      #expect(try Folder.names(in: folder) == ["real"])
    }
  }
}
