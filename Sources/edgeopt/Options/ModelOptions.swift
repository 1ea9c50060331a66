import Arguments
import Graph

/// What a user can say about a model that the file leaves open.
struct ModelOptions: ArgumentGroup {
  @Option("Fix the shape of an input, for instance image=1,3,96,96.", value: "NAME=SIZES")
  var inputShape: [Assignment<ShapeSizes>] = []
  @Option("Fix a named dimension, for instance sequence=128.", value: "NAME=SIZE")
  var dim: [Assignment<DimensionSize>] = []
  @Option(
    "Give an integer input that shapes depend on its value.", value: "NAME=FILE.npy",
    completion: .file(["npy"]))
  var bind: [Assignment<String>] = []
}

/// `NAME=VALUE`; a name may hold equal signs, a value may not.
struct Assignment<Value: ArgumentValue>: ArgumentValue {
  var name: String
  var value: Value

  init(argument: String) throws(InvalidValue) {
    guard let sign = argument.lastIndex(of: "="), sign != argument.startIndex else {
      throw InvalidValue("NAME=VALUE")
    }
    name = String(argument[..<sign])
    value = try Value(argument: String(argument[argument.index(after: sign)...]))
  }
  var argumentText: String { "\(name)=\(value.argumentText)" }
  static var form: ValueForm { .pattern("^.+=.+$") }
}

/// `1,3,96,96`
struct ShapeSizes: ArgumentValue {
  var sizes: [Int]

  init(argument: String) throws(InvalidValue) {
    let parts = argument.split(whereSeparator: { $0 == "," || $0 == "x" })
    let sizes = parts.compactMap { Int($0) }
    guard sizes.count == parts.count, !sizes.isEmpty, sizes.allSatisfy({ $0 >= 0 }) else {
      throw InvalidValue("sizes between commas, such as image=1,3,96,96")
    }
    guard sizes.count <= Shape.maximumRank, Shape.elementCount(sizes) <= Shape.maximumElementCount else {
      throw InvalidValue("at most \(Shape.maximumRank) sizes and \(Shape.maximumElementCount) elements")
    }
    self.sizes = sizes
  }
  var argumentText: String { sizes.map(String.init).joined(separator: ",") }
}

struct DimensionSize: ArgumentValue {
  var size: Int

  init(argument: String) throws(InvalidValue) {
    guard let size = Int(argument), (0...Shape.maximumElementCount).contains(size) else {
      throw InvalidValue("a size from 0 to \(Shape.maximumElementCount), such as sequence=128")
    }
    self.size = size
  }
  var argumentText: String { String(size) }
}
