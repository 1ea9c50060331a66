import Graph
import Lowering
import Storage

/// An output of the float model as the device makes it: one output, or one for each branch that the model joins.
///
///     let outputs = DeviceOutput.outputs(of: job.legal.graph, as: made.legal.graph)
///     let value = outputs[0].real(try session.run(inputs), of: device)
struct DeviceOutput {
  /// Where it is among the device's outputs.
  var places: Range<Int>
  /// The axis, in the source's layout, along which the branches lie side by side.
  var axis = 0

  init(_ place: Int) { places = place..<place + 1 }

  private init(_ joined: JoinedOutput, at place: Int, _ port: Port) {
    places = place..<place + joined.branches.count
    axis = port.permutation.map { $0[joined.axis] } ?? joined.axis
  }

  /// The outputs of `whole` in `split`, the same network in which some joined outputs are one for each branch.
  static func outputs(of whole: Graph, as split: Graph) -> [DeviceOutput] {
    let joints = Dictionary(uniqueKeysWithValues: whole.joinedOutputs.map { ($0.port, $0) })
    var place = 0
    return whole.outputs.enumerated().map { index, port in
      var output = DeviceOutput(place)
      if split.outputs[place].tensor != port.tensor, let joined = joints[index] {
        output = DeviceOutput(joined, at: place, port)
      }
      place = output.places.upperBound
      return output
    }
  }

  /// The outputs of a device as another model has them, which are so large; some of them the device may give in parts,
  /// one behind the other. nil where they do not add up.
  static func outputs(of device: DeviceModel, joinedTo wholes: [[Int]]) -> [DeviceOutput]? {
    var place = 0
    var outputs: [DeviceOutput] = []
    for whole in wholes {
      guard let output = DeviceOutput(of: device, from: place, joinedTo: whole) else { return nil }
      outputs.append(output)
      place = output.places.upperBound
    }
    return place == device.outputs.count ? outputs : nil
  }

  private init?(of device: DeviceModel, from place: Int, joinedTo whole: [Int]) {
    guard place < device.outputs.count else { return nil }
    self.init(place)
    let first = device.outputs[place].declaredSizes
    if Shape.elementCount(first) == Shape.elementCount(whole) { return }
    let axes = whole.indices.filter { first.count == whole.count && first[$0] != whole[$0] }
    guard axes.count == 1 else { return nil }
    axis = axes[0]
    var extent = first[axis]
    while extent < whole[axis], places.upperBound < device.outputs.count {
      var part = device.outputs[places.upperBound].declaredSizes
      guard part.count == whole.count else { return nil }
      extent += part[axis]
      part[axis] = whole[axis]
      guard part == whole else { return nil }
      places = place..<places.upperBound + 1
    }
    if extent != whole[axis] { return nil }
  }

  /// The sizes of what ``real(_:of:)`` gives.
  func sizes(of device: DeviceModel) -> [Int] {
    let parts = places.map { device.outputs[$0].declaredSizes }
    var sizes = parts[0]
    if parts.count > 1 { sizes[axis] = parts.reduce(0) { $0 + $1[axis] } }
    return sizes
  }

  /// The real numbers of what the device made, in the source's layout and in one piece.
  func real(_ values: [TensorValue], of device: DeviceModel) -> TensorValue {
    let parts = places.map { device.outputs[$0].real(values[$0]) }
    return parts.count == 1 ? parts[0] : TensorValue(joining: parts, along: axis)
  }
}

extension TensorValue {
  /// Real numbers side by side.
  fileprivate init(joining parts: [TensorValue], along axis: Int) {
    var sizes = parts[0].sizes
    sizes[axis] = parts.reduce(0) { $0 + $1.sizes[axis] }
    self.init(type: .float32, sizes: sizes)
    let outer = sizes[..<axis].reduce(1, *)
    let rows = parts.map { (values: $0.floats, count: $0.elementCount / max(1, outer)) }
    var next = 0
    for index in 0..<outer {
      for row in rows {
        for element in index * row.count..<(index + 1) * row.count {
          floats[next] = row.values[element]
          next += 1
        }
      }
    }
  }
}
