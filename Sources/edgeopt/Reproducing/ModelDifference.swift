import Graph
import Micro
import Reporting
import Storage
import TFLiteFormat

/// The first thing in which two `.tflite` files differ, in words.
///
///     if let difference = try ModelDifference(of: file, beside: made) { print(difference.text) }
struct ModelDifference: Hashable {
  /// "weights of 'conv1/filter'"
  var part: String
  /// What is in the file, and what was made.
  var detail: String

  var text: String { "\(part): \(detail)" }

  /// nil for equal bytes.
  init?(of file: View<UInt8>, beside made: View<UInt8>) throws(Diagnostic) {
    guard file.array != made.array else { return nil }
    let then = try TFLiteReader(file, name: "the file").model()
    let now = try TFLiteReader(made, name: "what was made").model()
    if let found = Self.graph(then, now) ?? Self.notes(then, now) {
      self = found
      return
    }
    let place = zip(file.array, made.array).enumerated().first { $1.0 != $1.1 }?.offset
    self.init(
      part: "the arrangement of the file",
      detail:
        "\(NumberFormat.count(file.count)) bytes there and \(NumberFormat.count(made.count)) here, different "
        + "from byte \(NumberFormat.count(place ?? min(file.count, made.count))) on")
  }

  private init(part: String, detail: String) {
    self.part = part
    self.detail = detail
  }

  private static func graph(_ then: MicroModel, _ now: MicroModel) -> ModelDifference? {
    let (old, new) = (then.main, now.main)
    for (index, pair) in zip(old.operators, new.operators).enumerated() where pair.0.code != pair.1.code {
      return ModelDifference(
        part: "operator \(index)", detail: "\(pair.0.code.name) in the file, \(pair.1.code.name) here")
    }
    if old.operators.count != new.operators.count {
      return ModelDifference(
        part: "the operators", detail: "\(old.operators.count) in the file, \(new.operators.count) here")
    }
    for (before, after) in zip(old.tensors, new.tensors) {
      if let found = tensor(before, after) { return found }
    }
    if old.tensors.count != new.tensors.count {
      return ModelDifference(
        part: "the tensors", detail: "\(old.tensors.count) in the file, \(new.tensors.count) here")
    }
    return nil
  }

  private static func tensor(_ then: MicroTensor, _ now: MicroTensor) -> ModelDifference? {
    let name = then.name.printable()
    if then.name != now.name {
      return ModelDifference(
        part: "a tensor's name", detail: "'\(name)' in the file, '\(now.name.printable())' here")
    }
    if then.shape != now.shape || then.type != now.type {
      return ModelDifference(
        part: "'\(name)'", detail: "\(then.type)\(then.shape) in the file, \(now.type)\(now.shape) here")
    }
    if then.quantization != now.quantization {
      func text(_ tensor: MicroTensor) -> String {
        tensor.quantization.map { "scale \($0.scales[0]), zero point \($0.zeroPoints[0])" } ?? "no scale"
      }
      let isOne = text(then) == text(now)
      return ModelDifference(
        part: "the range of '\(name)'",
        detail: isOne ? "other scales of channels" : "\(text(then)) in the file, \(text(now)) here")
    }
    let (old, new) = (then.data?.array ?? [], now.data?.array ?? [])
    guard old != new else { return nil }
    let count = zip(old, new).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) } + abs(old.count - new.count)
    return ModelDifference(
      part: "weights of '\(name)'",
      detail: "\(NumberFormat.count(count)) of \(NumberFormat.count(old.count)) bytes differ")
  }

  private static func notes(_ then: MicroModel, _ now: MicroModel) -> ModelDifference? {
    if then.description != now.description {
      return ModelDifference(
        part: "the description",
        detail: "'\(then.description.printable())' in the file, '\(now.description.printable())' here")
    }
    for entry in then.metadata {
      let other = now.metadata(named: entry.name)?.array
      if other == entry.bytes.array { continue }
      return ModelDifference(
        part: "metadata '\(entry.name.printable())'",
        detail: other == nil
          ? "in the file only"
          : entry.name == Provenance.metadataName ? "the file says other things of its origin" : "other bytes"
      )
    }
    return nil
  }
}
