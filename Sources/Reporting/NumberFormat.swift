/// How numbers are written for people.
public enum NumberFormat {
  /// Thousands separated: 1,234,567.
  public static func count(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return value < 0 ? "-" + result : result
  }

  /// A count of things: "1 operator", "2 operators".
  public static func count(_ value: Int, of thing: String, plural: String? = nil) -> String {
    "\(count(value)) \(value == 1 ? thing : plural ?? "\(thing)s")"
  }

  /// Bytes in powers of 1,000, as file managers and data sheets of flash parts do: 999 B, 12.5 kB, 3.49 MB.
  public static func bytes(_ value: Int) -> String {
    scaled(Double(value), units: ["B", "kB", "MB", "GB", "TB"])
  }

  /// Multiply-accumulates and the like: 999, 12.5 k, 3.49 M, 4.10 G.
  public static func scaled(_ value: Int) -> String {
    scaled(Double(value), units: ["", "k", "M", "G", "T"]).trimmingTrailingSpace()
  }

  /// Three significant digits and a unit.
  static func scaled(_ value: Double, units: [String]) -> String {
    var value = value
    var unit = 0
    while unit < units.count - 1, abs(value) >= (unit == 0 ? 1000 : 999.5) {
      value /= 1000
      unit += 1
    }
    if unit == 0 { return "\(fixed(value, digits: 0)) \(units[0])" }
    let digits = abs(value) < 9.995 ? 2 : abs(value) < 99.95 ? 1 : 0
    return "\(fixed(value, digits: digits)) \(units[unit])"
  }

  /// A fixed number of digits behind the point, rounded half away from zero, whatever the locale.
  public static func fixed(_ value: Double, digits: Int) -> String {
    guard value.isFinite else { return value.isNaN ? "nan" : value < 0 ? "-inf" : "inf" }
    var factor = 1.0
    for _ in 0..<digits { factor *= 10 }
    let scaled = (abs(value) * factor).rounded()
    guard scaled < 9e15 else { return "\(value)" }
    let whole = Int(scaled) / Int(factor)
    let rest = String(Int(scaled) % Int(factor))
    let sign = value < 0 && scaled > 0 ? "-" : ""
    if digits == 0 { return "\(sign)\(whole)" }
    return "\(sign)\(whole)." + String(repeating: "0", count: digits - rest.count) + rest
  }

  /// A number with so many telling digits, in powers of ten where it is very small or large.
  public static func significant(_ value: Double, digits: Int) -> String {
    guard value.isFinite, value != 0 else { return fixed(value, digits: value == 0 ? digits - 1 : 0) }
    var exponent = 0
    var scaled = abs(value)
    while scaled >= 10 { (scaled, exponent) = (scaled / 10, exponent + 1) }
    while scaled < 1 { (scaled, exponent) = (scaled * 10, exponent - 1) }
    if exponent < -4 || exponent >= 12 {
      return (value < 0 ? "-" : "") + fixed(scaled, digits: digits - 1) + "e\(exponent)"
    }
    return fixed(value, digits: max(0, digits - 1 - exponent))
  }

  /// A span of time: 350 ms, 12.4 s, 3 min 20 s, 2 h 05 min.
  public static func duration(seconds: Double) -> String {
    if seconds < 0.9995 { return "\(fixed(seconds * 1000, digits: seconds < 0.01 ? 1 : 0)) ms" }
    if seconds < 59.95 { return "\(fixed(seconds, digits: 1)) s" }
    let whole = Int(min(seconds, 1e9).rounded())
    if whole < 3600 { return "\(whole / 60) min \(whole % 60) s" }
    let minutes = (whole / 60) % 60
    return "\(whole / 3600) h \(minutes < 10 ? "0" : "")\(minutes) min"
  }
}

extension String {
  func trimmingTrailingSpace() -> String { hasSuffix(" ") ? String(dropLast()) : self }
}
