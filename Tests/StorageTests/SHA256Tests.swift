import Storage
import Testing

/// The digests of known messages, and that pieces make no difference.
@Suite struct SHA256Tests {
  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
  ])
  func knownMessages(message: String, digest: String) {
    var hash = SHA256()
    hash.add(message)
    #expect(hash.hexadecimal == digest)
  }

  @Test func aMillionLetters() {
    var hash = SHA256()
    hash.add([UInt8](repeating: 0x61, count: 1_000_000))
    #expect(hash.hexadecimal == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test func piecesOfAnySize() {
    let message = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 37) }
    var whole = SHA256()
    whole.add(message)
    for size in [1, 7, 63, 64, 65, 130] {
      var pieces = SHA256()
      for start in stride(from: 0, to: message.count, by: size) {
        pieces.add(Array(message[start..<min(start + size, message.count)]))
      }
      #expect(pieces.bytes == whole.bytes)
    }
  }
}
