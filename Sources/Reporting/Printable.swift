extension String {
  /// The text with control characters written out, so that a name in a file cannot steer a terminal or break a table.
  ///
  ///     "a\u{1B}[31m".printable()  // a\u{1B}[31m, harmless
  public func printable(keepsLines: Bool = false) -> String {
    let steers = { (scalar: Unicode.Scalar) in
      scalar.properties.generalCategory == .control && !(keepsLines && scalar == "\n")
    }
    guard unicodeScalars.contains(where: steers) else { return self }
    return unicodeScalars.reduce(into: "") { text, scalar in
      if steers(scalar) {
        text += "\\u{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      } else {
        text.unicodeScalars.append(scalar)
      }
    }
  }
}
