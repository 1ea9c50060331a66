/// A table of a page: in a box of its own that scrolls where the screen is narrower.
struct PageTable {
  struct Column {
    var title: String
    var isNumber = false
    /// What an abbreviation stands for.
    var explanation: String?

    static func text(_ title: String) -> Column { Column(title: title) }
    static func number(_ title: String, _ explanation: String? = nil) -> Column {
      Column(title: title, isNumber: true, explanation: explanation)
    }
  }

  struct Cell {
    var content: Markup
    /// What the column is sorted by; nil for the text itself.
    var value: Double?
    var style: String?

    init(_ content: Markup, value: Double? = nil, style: String? = nil) {
      self.content = content
      self.value = value
      self.style = style
    }
    init(_ text: String) { self.init(Markup(text)) }
  }

  /// What the table shows, for those who hear it.
  var caption: String
  var columns: [Column]
  /// The script of the page makes its headers buttons.
  var isSortable = false
  /// On a phone each row becomes a card, with its columns' names beside the values.
  var folds = false
  private var rows: [[Cell]] = []

  init(_ caption: String, _ columns: [Column], isSortable: Bool = false, folds: Bool = false) {
    self.caption = caption
    self.columns = columns
    self.isSortable = isSortable
    self.folds = folds
  }

  var isEmpty: Bool { rows.isEmpty }

  /// The first cell is the header of its row.
  mutating func add(_ cells: Cell...) { rows.append(cells) }
  mutating func add(_ cells: [Cell]) { rows.append(cells) }

  var markup: Markup {
    let head = columns.map { column in
      element(
        "th",
        [
          "scope": "col", "role": role("columnheader"), "class": column.isNumber ? "number" : nil,
          "title": column.explanation,
        ], Markup(column.title))
    }
    let body = rows.map { cells in
      element("tr", ["role": role("row")], cells.indices.map { cell(cells[$0], at: $0) })
    }
    let styles = [isSortable ? "sortable" : nil, folds ? "folds" : nil].compactMap { $0 }
    let table = element(
      "table", ["class": styles.isEmpty ? nil : styles.joined(separator: " "), "role": role("table")],
      element("caption", ["class": "spoken"], Markup(caption)),
      element("thead", ["role": role("rowgroup")], element("tr", ["role": role("row")], head)),
      element("tbody", ["role": role("rowgroup")], body))
    return element(
      "div", ["class": "scroll", "role": "region", "aria-label": caption, "tabindex": "0"], table)
  }

  /// Tables that are laid out otherwise stay tables for those who hear them.
  private func role(_ name: String) -> String? { folds ? name : nil }

  private func cell(_ cell: Cell, at index: Int) -> Markup {
    let column = index < columns.count ? columns[index] : Column(title: "")
    let styles = [column.isNumber ? "number" : nil, cell.style].compactMap { $0 }.joined(separator: " ")
    let style = styles.isEmpty ? nil : styles
    let value = cell.value.map { $0.isFinite ? "\($0)" : $0 < 0 ? "-1e308" : "1e308" }
    if index == 0 {
      return element(
        "th", ["scope": "row", "role": role("rowheader"), "class": style, "data-value": value], cell.content)
    }
    let label = folds && !column.title.isEmpty && !cell.content.isEmpty ? column.title : nil
    return element(
      "td", ["role": role("cell"), "class": style, "data-label": label, "data-value": value], cell.content)
  }
}
