import Graph

/// Samples in file order, as the files hold them (float16 and float64 as float32).
///
/// Implementations are read from many threads at once.
protocol SampleSource: Sendable {
  var count: Int { get }
  /// How this form of data arranges channels, when the form itself says so.
  var layout: SampleLayout? { get }
  /// Whether samples have the shape of the model's input already, the batch axis included.
  var isExact: Bool { get }
  /// The samples' files, relative to their folder; nil when they do not have files of their own.
  var fileNames: [String]? { get }
  /// What messages call the sample.
  func name(at index: Int) -> String
  func sample(at index: Int) throws(Diagnostic) -> TensorValue
}

extension SampleSource {
  var layout: SampleLayout? { nil }
  var isExact: Bool { false }
  var fileNames: [String]? { nil }
}

/// An array whose first axis counts the samples.
struct ArraySource: SampleSource {
  let array: NPYFile
  let label: String

  init(_ array: NPYFile, label: String? = nil) throws(Diagnostic) {
    self.array = array
    self.label = label ?? array.path
    guard let count = array.sizes.first else {
      throw .bad(
        self.label, "it holds a single number without a sample axis",
        hint: "the first dimension of an array counts the samples: save x[None]")
    }
    guard count > 0 else { throw .bad(self.label, "it holds no samples (its shape is \(array.sizes))") }
    let elements = Shape.elementCount(Array(array.sizes.dropFirst()))
    guard elements > 0, elements <= Shape.maximumElementCount else {
      throw .bad(self.label, "a sample of it has \(elements) elements (its shape is \(array.sizes))")
    }
  }

  var count: Int { array.sizes[0] }
  func name(at index: Int) -> String { "\(label)[\(index)]" }
  func sample(at index: Int) throws(Diagnostic) -> TensorValue { array.sample(at: index) }
}

/// Class indexes that are known already, such as those of sub-folders.
struct ClassSource: SampleSource {
  let classes: [Int]
  let label: String
  /// The names of the classes by their indexes, when they have names.
  var names: [String]?

  var count: Int { classes.count }
  func name(at index: Int) -> String { "\(label)[\(index)]" }
  func sample(at index: Int) throws(Diagnostic) -> TensorValue {
    TensorValue(int64s: [classes[index]], sizes: [])
  }
}
