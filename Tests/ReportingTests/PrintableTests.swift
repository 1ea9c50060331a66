import Reporting
import Testing

@Suite struct PrintableTests {
  @Test func controlCharactersAreWrittenOut() {
    #expect("a\u{1B}[31m\nb".printable() == "a\\u{1B}[31m\\u{A}b")
    #expect("a\nb".printable(keepsLines: true) == "a\nb")
    #expect("größe".printable() == "größe")
  }
}
