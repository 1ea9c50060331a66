import Storage

/// A report as one HTML file for people: no network, no script from elsewhere, readable without any; in the order in which
/// questions come up, and only with what the report holds.
///
///     let html = ReportPage(report).text()
public struct ReportPage: Sendable {
  public let report: Report

  public init(_ report: Report) { self.report = report }

  /// A part of the page with a heading.
  struct Section {
    var id: String
    var title: String
    /// In the list of contents, where it is shorter than the title.
    var shortTitle: String?
    var content: Markup
  }

  public func text() -> String {
    let sections = sections
    let body = element(
      "body", [:], header, contents(sections),
      element("main", [:], [summary] + sections.map(markup)), footer)
    let page = element("html", ["lang": "en"], head, body)
    return "<!DOCTYPE html>\n" + page.html + "\n"
  }

  private var sections: [Section] {
    [
      gates, target, warnings, comparison, quality, sizes, errors, layers, memory, work, origin, run,
    ].compactMap { $0 }
  }

  private var head: Markup {
    let style = Markup.verbatim(PackageResources.report_css)
    let script = Markup.verbatim(PackageResources.report_js)
    // What the page may load: nothing but the style and the script that it holds, whatever a name in it says.
    let policy =
      "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
      + "style-src '\(digest(style))'; script-src '\(digest(script))'"
    return element(
      "head", [:], element("meta", ["charset": "utf-8"]),
      element("meta", ["http-equiv": "Content-Security-Policy", "content": policy]),
      element("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
      element("meta", ["name": "color-scheme", "content": "light dark"]),
      element("meta", ["name": "generator", "content": "\(report.tool.name) \(report.tool.version)"]),
      element("link", ["rel": "icon", "href": "data:,"]),
      element("title", [:], "\(report.name) – \(report.verb) report"), element("style", [:], style),
      element("script", ["type": "module"], script))
  }

  /// As a Content Security Policy names what may run.
  private func digest(_ content: Markup) -> String {
    var hash = SHA256()
    hash.add(content.html)
    return "sha256-" + Self.base64(hash.bytes)
  }

  static func base64(_ bytes: [UInt8]) -> String {
    let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
    return stride(from: 0, to: bytes.count, by: 3).reduce(into: "") { text, start in
      let group = bytes[start..<min(start + 3, bytes.count)]
      let bits = (0..<3).reduce(0) { $0 << 8 | ($1 < group.count ? Int(group[start + $1]) : 0) }
      for place in 0..<4 {
        text.append(place <= group.count ? digits[bits >> (18 - 6 * place) & 63] : "=")
      }
    }
  }

  private func markup(_ section: Section) -> Markup {
    element(
      "section", ["id": section.id, "aria-labelledby": "\(section.id)-title"],
      element("h2", ["id": "\(section.id)-title"], Markup(section.title)), section.content)
  }

  private func contents(_ sections: [Section]) -> Markup {
    guard sections.count > 2 else { return Markup() }
    let links = sections.map { section in
      element(
        "li", [:], element("a", ["href": "#\(section.id)"], Markup(section.shortTitle ?? section.title)))
    }
    return element("nav", ["aria-label": "Contents"], element("ul", [:], links))
  }

  private var footer: Markup {
    var line = "\(report.tool.name) \(report.tool.version)"
    if let arithmetic = report.tool.arithmetic { line += " · arithmetic: \(arithmetic)" }
    return element("footer", [:], element("p", [:], Markup(line)))
  }
}
