import Graph
import Testing

@testable import JSONText

/// Values become documents and come back as they were.
@Suite struct JSONCodingTests {
  struct Size: Codable, Equatable {
    enum Unit: String, Codable { case bytes, bits }
    var fileBytes: Int
    var share: Double?
    var unit = Unit.bytes
    var parts: [Size] = []
    var isExact = true
  }

  @Test func namesAreInSnakeCaseAndInOrder() {
    let document = JSON(encoding: Size(fileBytes: 12, parts: [Size(fileBytes: 3)]))
    #expect(
      document.text() == """
        {
          "file_bytes": 12,
          "unit": "bytes",
          "parts": [
            {
              "file_bytes": 3,
              "unit": "bytes",
              "parts": [],
              "is_exact": true
            }
          ],
          "is_exact": true
        }

        """)
  }

  @Test func valuesComeBack() throws {
    let size = Size(
      fileBytes: -7, share: 0.1, unit: .bits, parts: [Size(fileBytes: 1, share: .infinity)])
    let text = Array(JSON(encoding: size).text().utf8)
    #expect(try JSON(parsing: text, called: "x").decoded(as: Size.self, called: "x") == size)
  }

  @Test func aMisfitNamesItsPlace() {
    let document: JSON = .object([
      "file_bytes": 1, "unit": "bytes", "parts": [.object(["file_bytes": "3"])], "is_exact": true,
    ])
    #expect {
      try document.decoded(as: Size.self, called: "r.json")
    } throws: { error in
      (error as? Diagnostic)?.message == "'r.json': 'parts.0.file_bytes' is text, expected a whole number"
    }
  }
}
