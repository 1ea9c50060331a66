/// A piece of a page. All text is escaped where it enters, so that no name in a model can become markup.
///
///     element("p", ["class": "note"], "a < b")  // <p class="note">a &lt; b</p>
struct Markup: ExpressibleByStringInterpolation, Sendable {
  private(set) var html: String

  init() { html = "" }
  init(_ text: String) { html = Self.escaped(text) }
  init(stringLiteral text: String) { self.init(text) }

  /// Not escaped: for what the program itself holds.
  fileprivate init(html: String) { self.html = html }
  static func verbatim(_ bytes: [UInt8]) -> Markup { Markup(html: String(decoding: bytes, as: UTF8.self)) }

  /// A name that may break behind what joins its parts.
  init(name: String) {
    html = name.reduce(into: "") { html, character in
      html += Self.escaped(String(character))
      if "/._".contains(character) { html += "<wbr>" }
    }
  }

  var isEmpty: Bool { html.isEmpty }

  static func += (left: inout Markup, right: Markup) { left.html += right.html }
  static func + (left: Markup, right: Markup) -> Markup { Markup(html: left.html + right.html) }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.spelledOut.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "'": result += "&#39;"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}

extension [Markup] {
  func joined() -> Markup { Markup(html: map(\.html).joined()) }
}

/// An element of HTML or SVG; attributes that are nil are left out, those that are empty stand without a value.
func element(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:], _ content: Markup...)
  -> Markup
{
  element(name, attributes, content)
}

func element(_ name: String, _ attributes: KeyValuePairs<String, String?>, _ content: [Markup]) -> Markup {
  var html = "<\(name)"
  for (key, value) in attributes {
    guard let value else { continue }
    html += value.isEmpty ? " \(key)" : " \(key)=\"\(Markup.escaped(value))\""
  }
  html += ">"
  if ["meta", "link"].contains(name) { return Markup(html: html) }
  for piece in content { html += piece.html }
  return Markup(html: html + "</\(name)>")
}

extension String {
  /// The text with control characters, and those that turn the direction of the text around them, written out.
  var spelledOut: String {
    printable(keepsLines: true).unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "\u{200E}", "\u{200F}", "\u{061C}", "\u{202A}"..."\u{202E}", "\u{2066}"..."\u{2069}":
        text += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }

  /// Minus signs that are as wide as plus signs, before digits; for our own sentences and numbers, never for names.
  var typographic: Markup {
    var result = ""
    let characters = Array(self)
    for (index, character) in characters.enumerated() {
      let isSign =
        character == "-" && index + 1 < characters.count && characters[index + 1].isNumber
        && (index == 0 || [" ", "(", "\u{A0}"].contains(characters[index - 1]))
      result.append(isSign ? "−" : character)
    }
    return Markup(result)
  }
}
