/// Rows under headings, laid out for a terminal.
///
///     var table = Table([.text("layer"), .number("MACs")])
///     table.add("conv1", "442,368")
///     print(table.text(width: 80))
public struct Table: Sendable {
  public struct Column: Sendable {
    public var title: String
    public var isNumeric: Bool
    /// Whether long texts may be cut when the terminal is narrow.
    public var isElastic: Bool

    /// Left-aligned.
    public static func text(_ title: String, isElastic: Bool = false) -> Column {
      Column(title: title, isNumeric: false, isElastic: isElastic)
    }
    /// Right-aligned.
    public static func number(_ title: String) -> Column {
      Column(title: title, isNumeric: true, isElastic: false)
    }
  }

  private enum Line: Sendable {
    case row([String])
    case rule
  }

  /// Longer names are cut however much room there is: one of a thousand characters would leave a table unreadable.
  private static let greatestElasticWidth = 60

  public var columns: [Column]
  private var lines: [Line] = []

  public init(_ columns: [Column]) {
    self.columns = columns.map { column in
      var column = column
      column.title = column.title.printable()
      return column
    }
  }

  public mutating func add(_ cells: [String]) {
    let cells = cells.map { $0.printable() }
    lines.append(.row(cells + [String](repeating: "", count: max(0, columns.count - cells.count))))
  }
  public mutating func add(_ cells: String...) { add(cells) }
  /// A line between rows, such as the one above totals.
  public mutating func addRule() { lines.append(.rule) }

  public var isEmpty: Bool { lines.isEmpty }

  /// The table in lines that fit `width` where cutting elastic columns can make it so.
  public func text(width: Int = 80, indentation: Int = 0) -> String {
    let widths = columnWidths(total: width - indentation)
    let margin = String(repeating: " ", count: indentation)
    let rule = margin + widths.map { String(repeating: "─", count: $0) }.joined(separator: "  ")
    var result = [margin + line(columns.map(\.title), widths), rule]
    for entry in lines {
      switch entry {
      case .row(let cells): result.append(margin + line(cells, widths))
      case .rule: result.append(rule)
      }
    }
    return result.map { $0.droppingTrailingSpaces() }.joined(separator: "\n") + "\n"
  }

  private func columnWidths(total: Int) -> [Int] {
    var widths = columns.map(\.title.count)
    for case .row(let cells) in lines {
      for (index, cell) in cells.enumerated() where index < widths.count {
        widths[index] = max(widths[index], cell.count)
      }
    }
    for index in columns.indices where columns[index].isElastic {
      widths[index] = min(widths[index], Self.greatestElasticWidth)
    }
    // The widest elastic column gives way first; 12 characters still tell names apart.
    while widths.reduce(0, +) + 2 * (widths.count - 1) > total {
      let elastic = columns.indices.filter { columns[$0].isElastic && widths[$0] > 12 }
      guard let widest = elastic.max(by: { widths[$0] < widths[$1] }) else { break }
      widths[widest] -= 1
    }
    return widths
  }

  private func line(_ cells: [String], _ widths: [Int]) -> String {
    zip(zip(columns, cells), widths).map { pair, width in
      let (column, cell) = pair
      let text = cell.count > width ? cell.shortened(to: width) : cell
      let padding = String(repeating: " ", count: width - text.count)
      return column.isNumeric ? padding + text : text + padding
    }.joined(separator: "  ")
  }
}

extension String {
  /// Keeps the beginning and the (more telling) end: "/features/fe…/Conv".
  func shortened(to width: Int) -> String {
    if count <= width { return self }
    let tail = (width - 1) * 3 / 5
    return prefix(width - 1 - tail) + "…" + suffix(tail)
  }

  func droppingTrailingSpaces() -> String {
    var text = self[...]
    while text.last == " " { text = text.dropLast() }
    return String(text)
  }
}
