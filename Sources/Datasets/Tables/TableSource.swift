import Graph
import Storage

/// The rows of a table, a sample a row, without the column of the labels.
struct TableSource: SampleSource {
  let table: CSVTable
  let labelColumn: Int?

  init(_ table: CSVTable, labelColumn: Int? = nil) throws(Diagnostic) {
    self.table = table
    self.labelColumn = labelColumn
    guard table.columnCount > 1 || labelColumn == nil else {
      throw .bad(table.path, "it has no column besides the label's", hint: "give a sample a row")
    }
  }

  var count: Int { table.rowCount }
  func name(at index: Int) -> String { "\(table.path), row \(table.lineNumber(index))" }

  func sample(at index: Int) throws(Diagnostic) -> TensorValue {
    let fields = try table.row(index)
    let value = TensorValue(type: .float32, sizes: [fields.count - (labelColumn == nil ? 0 : 1)])
    let target = value.floats
    var position = 0
    for (column, field) in fields.enumerated() where column != labelColumn {
      target[position] = try table.number(field, row: index, column: column)
      position += 1
    }
    return value
  }
}

extension CSVTable {
  /// The labels in a column: integers are class indexes, other numbers are values to be predicted, and names are
  /// numbered in the order given by `classes`, else in alphabetical order.
  func labels(column: Int, classes: [String]?) throws(Diagnostic) -> any SampleSource {
    let texts = try (0..<rowCount).map { row throws(Diagnostic) in try self.row(row)[column] }
    return try LabelTexts(path: path, texts: texts).source(classes: classes)
  }

  /// The labels alone: of named files when the first column names them, else a label a row in the samples' order.
  func labels(of files: [String]?, settings: DataSettings) throws(Diagnostic) -> any SampleSource {
    let asked = try settings.labelColumn.map { text throws(Diagnostic) in try column(text) }
    guard columnCount > 1 else { return try labels(column: 0, classes: settings.classes) }
    let first = try row(0)[0]
    guard let files, asked != 0, Double(first) == nil || files.contains(first) else {
      guard let column = asked else {
        throw .bad(
          path, "it has \(columnCount) columns; which of them has the labels is open",
          hint: "say it with --label-column NAME or NUMBER, or give rows 'file,label'")
      }
      return try labels(column: column, classes: settings.classes)
    }
    return try labels(ofFiles: files, column: asked ?? 1, classes: settings.classes)
  }

  private func labels(ofFiles files: [String], column: Int, classes: [String]?) throws(Diagnostic)
    -> any SampleSource
  {
    var labels: [String: String] = [:]
    for row in 0..<rowCount {
      let fields = try self.row(row)
      labels[fields[0]] = fields[column]
    }
    let missing = files.filter { labels[$0] == nil }
    guard missing.isEmpty else {
      throw .bad(
        path, "it has no label for \(missing.count) of \(files.count) files, the first is '\(missing[0])'",
        hint: "give a row 'file,label' for each file")
    }
    return try LabelTexts(path: path, texts: files.map { labels[$0]! }).source(classes: classes)
  }
}

/// Labels as written in a table.
struct LabelTexts {
  let path: String
  let texts: [String]

  func source(classes: [String]?) throws(Diagnostic) -> any SampleSource {
    if classes == nil {
      let integers = texts.compactMap { Int($0) }
      if integers.count == texts.count { return ClassSource(classes: integers, label: path) }
      let numbers = texts.compactMap { Float($0) }
      if numbers.count == texts.count { return NumberSource(numbers: numbers, label: path) }
    }
    if let position = texts.firstIndex(of: "") {
      throw .bad(path, "label \(position + 1) is empty", hint: "give each sample its label")
    }
    let names = try ClassNames(texts, order: classes, path: path)
    return ClassSource(classes: texts.map { names.index[$0]! }, label: path, names: names.inOrder)
  }
}

/// The numbers that class names stand for.
struct ClassNames {
  private(set) var index: [String: Int] = [:]

  /// The names by their numbers; nil when numbers lie between them that have no name.
  var inOrder: [String]? {
    let sorted = index.sorted { $0.value < $1.value }
    return sorted.map(\.value) == Array(sorted.indices) ? sorted.map(\.key) : nil
  }

  /// Without an order, names that are numbers stand for themselves, others are numbered alphabetically.
  init(_ names: [String], order: [String]?, path: String) throws(Diagnostic) {
    let distinct = Set(names)
    if let order {
      index = Dictionary(order.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
      if let unknown = distinct.filter({ index[$0] == nil }).min() {
        throw .bad(path, "class '\(unknown)' is not among the \(order.count) classes named in data.yaml")
      }
      return
    }
    let numbers = distinct.compactMap { Int($0) }
    if numbers.count == distinct.count, numbers.allSatisfy({ $0 >= 0 }), Set(numbers).count == distinct.count
    {
      for name in distinct { index[name] = Int(name) }
      return
    }
    let sorted = distinct.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    for (position, name) in sorted.enumerated() { index[name] = position }
  }
}

/// Numbers that are known already, one a sample.
struct NumberSource: SampleSource {
  let numbers: [Float]
  let label: String

  var count: Int { numbers.count }
  func name(at index: Int) -> String { "\(label)[\(index)]" }
  func sample(at index: Int) throws(Diagnostic) -> TensorValue {
    TensorValue(floats: [numbers[index]], sizes: [1])
  }
}
