import Graph
import Micro

// Inputs and outputs whose channels are one: the channels-last form is the same elements in the same order, so that the
// port takes the shape that the network works with, instead of a copy that changes it.
extension Emission {
  mutating func adoptViews() {
    for tensor in device.inputs where !device.outputs.contains(tensor) { adoptViewOfInput(tensor) }
    for place in device.outputs.indices { adoptViewOfOutput(place) }
  }

  private mutating func adoptViewOfInput(_ tensor: Int) {
    let readers = device.operators.indices.filter { device.operators[$0].inputs.contains(tensor) }
    let views = readers.filter { device.operators[$0].code == .reshape }
    guard !readers.isEmpty, views == readers, let first = views.first else { return }
    let shape = device.tensors[device.operators[first].outputs[0]].shape
    guard isSameButUnitAxes(device.tensors[tensor].shape, shape) else { return }
    let results = views.map { device.operators[$0].outputs[0] }
    guard results.allSatisfy({ device.tensors[$0].shape == shape && !device.outputs.contains($0) }) else {
      return
    }
    device.tensors[tensor].shape = shape
    for view in views.reversed() { remove(view) }
    for result in results { replace(result, by: tensor) }
  }

  private mutating func adoptViewOfOutput(_ place: Int) {
    let tensor = device.outputs[place]
    guard let maker = device.operators.firstIndex(where: { $0.outputs.contains(tensor) }),
      device.operators[maker].code == .reshape, let source = device.operators[maker].inputs[0],
      !device.outputs.contains(source), !device.inputs.contains(source),
      device.operators.contains(where: { $0.outputs.contains(source) }),
      !device.operators.contains(where: { $0.inputs.contains(tensor) }),
      isSameButUnitAxes(device.tensors[tensor].shape, device.tensors[source].shape)
    else { return }
    device.tensors[source].name = device.tensors[tensor].name
    device.tensors[tensor].name = ""
    remove(maker)
    replace(tensor, by: source)
  }

  /// Whether the shapes have the same rank and the same extents apart from ones.
  private func isSameButUnitAxes(_ one: [Int], _ other: [Int]) -> Bool {
    one.count == other.count && one.filter { $0 != 1 } == other.filter { $0 != 1 }
  }

  private mutating func remove(_ index: Int) {
    device.operators.remove(at: index)
    operatorRanges = operatorRanges.map { range in
      let lower = range.lowerBound > index ? range.lowerBound - 1 : range.lowerBound
      let upper = range.upperBound > index ? range.upperBound - 1 : range.upperBound
      return lower..<max(lower, upper)
    }
  }

  private mutating func replace(_ old: Int, by new: Int) {
    for index in device.operators.indices {
      device.operators[index].inputs = device.operators[index].inputs.map { $0 == old ? new : $0 }
    }
    device.outputs = device.outputs.map { $0 == old ? new : $0 }
    for (id, value) in values where value.tensor == old { values[id]?.tensor = new }
  }
}
