/// Which classes are taken for which.
extension ReportPage {
  func confusion(_ quality: Report.Quality) -> Markup {
    guard let confusion = quality.confusion else { return Markup() }
    let matrices = [("Before", confusion.before), ("After", confusion.after)].compactMap { name, counts in
      counts.map { (name: name, counts: $0) }
    }
    guard let count = matrices.map(\.counts.count).max(), count > 0 else { return Markup() }
    let names = (0..<count).map { index in
      quality.classes.first { $0.index == index }?.name ?? String(index)
    }
    let isPair = matrices.count > 1
    let pictures = matrices.map { name, counts in
      let title = isPair ? "\(name): confusion of classes" : "Confusion of classes"
      return element(
        "figure", ["class": "confusion"],
        element(
          "figcaption", [:], isPair ? element("strong", [:], Markup(name)) : Markup(),
          isPair ? ": rows are true classes" : "Rows are true classes"),
        count <= 20 ? table(title, counts, names) : picture(title, counts, names))
    }
    return element("h3", [:], "Confusion matrix") + element("div", ["class": "pair"], pictures)
      + mistakes(
        matrices.first { $0.name == "Before" }?.counts, matrices.first { $0.name == "After" }?.counts, names)
  }

  /// From "c0" (none) to "c5", by the part of the row; "r" for those that are right.
  private func style(_ count: Int, of total: Int, isRight: Bool) -> String {
    guard count > 0, total > 0 else { return "c0" }
    let share = Double(count) / Double(total)
    let steps = isRight ? [0.5, 0.7, 0.85, 0.95] : [0.02, 0.05, 0.12, 0.3]
    return (isRight ? "r" : "c") + String(1 + steps.count { share >= $0 })
  }

  private func table(_ title: String, _ counts: [[Int]], _ names: [String]) -> Markup {
    // Long names stand upright, numbers need not.
    let isShort = names.allSatisfy { $0.count <= 3 }
    let columns = names.map { name in
      element(
        "th", ["scope": "col", "title": name], element("span", [:], Markup(name.spelledOut.shortened(to: 14)))
      )
    }
    let rows = counts.enumerated().map { index, row in
      let total = row.reduce(0, &+)
      let cells = row.enumerated().map { column, count in
        element(
          "td", ["class": style(count, of: total, isRight: index == column)],
          Markup(count == 0 ? "·" : String(count)))
      }
      let name = names[index]
      return element(
        "tr", [:],
        [element("th", ["scope": "row", "title": name], Markup(name.spelledOut.shortened(to: 14)))] + cells)
    }
    return element(
      "div", ["class": "scroll", "role": "region", "aria-label": title, "tabindex": "0"],
      element(
        "table", ["class": isShort ? "heat short" : "heat"],
        element("caption", ["class": "spoken"], Markup(title)),
        element("thead", [:], element("tr", [:], [element("td", [:], "")] + columns)),
        element("tbody", [:], rows)))
  }

  /// Squares alone where there is no room for numbers; those that are empty stay so.
  private func picture(_ title: String, _ counts: [[Int]], _ names: [String]) -> Markup {
    let size = Double(names.count)
    let squares = counts.enumerated().flatMap { index, row -> [Markup] in
      let total = row.reduce(0, &+)
      return row.enumerated().compactMap { column, count -> Markup? in
        guard count > 0, column < names.count else { return nil }
        let tip = "\(names[index]) taken for \(names[column]): \(count) of \(total)"
        return element(
          "rect",
          [
            "class": style(count, of: total, isRight: index == column), "x": String(column),
            "y": String(index),
            "width": "1", "height": "1",
          ], element("title", [:], Markup(tip)))
      }
    }
    let frame = element("rect", ["class": "frame", "width": Chart.short(size), "height": Chart.short(size)])
    return element(
      "svg",
      ["class": "heat", "role": "img", "viewBox": "0 0 \(names.count) \(names.count)", "width": "100%"],
      [
        element("title", [:], Markup(title)),
        element(
          "desc", [:], "A square for each pair of classes; the list below names the most frequent mistakes"),
        frame,
      ] + squares)
  }

  private func mistakes(_ before: [[Int]]?, _ after: [[Int]]?, _ names: [String]) -> Markup {
    var pairs: [(wanted: Int, found: Int, before: Int, after: Int)] = []
    for wanted in names.indices {
      for found in names.indices where wanted != found {
        let counts = [before, after].map { $0.map { $0.count(at: wanted, found) } ?? 0 }
        if counts[0] > 0 || counts[1] > 0 { pairs.append((wanted, found, counts[0], counts[1])) }
      }
    }
    guard !pairs.isEmpty else { return element("p", [:], "No sample is taken for another class.") }
    let frequency = { (pair: (wanted: Int, found: Int, before: Int, after: Int)) in
      (
        -Double(max(pair.before, pair.after)), -Double(pair.before) - Double(pair.after), pair.wanted,
        pair.found
      )
    }
    pairs.sort { frequency($0) < frequency($1) }
    let isPair = before != nil && after != nil
    var table = PageTable(
      "Most frequent mistakes",
      [.text("Class"), .text("Taken for")]
        + (isPair ? [.number("Before"), .number("After")] : [.number("Samples")]))
    for pair in pairs.prefix(10) {
      let counts = isPair ? [pair.before, pair.after] : [before == nil ? pair.after : pair.before]
      table.add(
        [.init(Markup(names[pair.wanted]), style: "name"), .init(Markup(names[pair.found]), style: "name")]
          + counts.map { .init(NumberFormat.count($0)) })
    }
    return element("h3", [:], "Most frequent mistakes") + table.markup
  }
}

extension [[Int]] {
  fileprivate func count(at row: Int, _ column: Int) -> Int {
    indices.contains(row) && self[row].indices.contains(column) ? self[row][column] : 0
  }
}
