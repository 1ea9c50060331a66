import Graph
import Micro
import Quantization
import Reporting
import Storage
import TensorMath

/// What can be told of the layers of a model for the device without a float model beside it.
///
///     var facts = LayerFacts(device)
///     facts.add(found)  // of a comparison
///     report.layers = facts.layers
struct LayerFacts {
  let device: DeviceModel
  private(set) var layers: [Report.Layer]
  /// The operator that makes each tensor.
  let makers: [Int: Int]

  /// Enough for people.
  static let binCount = 64

  init(_ device: DeviceModel) {
    self.device = device
    let graph = device.model.main
    layers = Report.Layer.all(of: device.model)
    var makers: [Int: Int] = [:]
    for (index, node) in graph.operators.enumerated() {
      for output in node.outputs { makers[output] = index }
      guard let weights = node.weights(in: graph).map({ graph.tensors[$0] }), let reals = weights.reals
      else { continue }
      layers[index].weights = Report.Histogram(ValueHistogram(of: reals), weights.expressed)
    }
    self.makers = makers
  }

  subscript(index: Int) -> Report.Layer {
    get { layers[index] }
    set { layers[index] = newValue }
  }

  /// Takes in how far results are from the float model's.
  mutating func add(_ found: [Int: TensorComparison.Finding]) {
    for (tensor, finding) in found {
      guard let index = makers[tensor], device.model.main.operators[index].outputs.first == tensor else {
        continue
      }
      layers[index].sqnr = finding.decibels
      layers[index].cosine = finding.cosine
      let range = layers[index].range
      layers[index].activations = Report.Histogram(
        finding.histogram, range.map { (lower: $0.lower, upper: $0.upper) })
      layers[index].range?.least = Double(finding.extremes.least)
      layers[index].range?.greatest = Double(finding.extremes.greatest)
    }
  }
}

extension Report.Histogram {
  /// For people, with the ends of what integers express.
  init(_ histogram: ValueHistogram, _ ends: (lower: Double, upper: Double)?) {
    let (start, width, counts) = histogram.bins(atMost: LayerFacts.binCount)
    self.init(start: start, width: width, counts: counts, lower: ends?.lower, upper: ends?.upper)
  }
}

extension MicroTensor {
  /// The real numbers of a constant; nil where they cannot be told.
  var reals: View<Float>? {
    guard let data, compression == nil, let element = type.element, element != .int4,
      data.count == elementCount * element.byteCount
    else { return nil }
    let value = TensorValue(type: element, sizes: shape, bytes: data)
    if element == .float32 { return value.floats }
    guard let quantization else { return nil }
    let count = quantization.scales.count
    var inner = 1
    // Files of other tools name an axis beside a single scale, where it means nothing.
    if count > 1 {
      guard let axis = quantization.axis, shape.indices.contains(axis) else { return nil }
      inner = shape[(axis + 1)...].reduce(1, *)
    }
    let result = View<Float>(count: elementCount)
    for place in 0..<result.count {
      let channel = count == 1 ? 0 : place / max(1, inner) % count
      let integer = value.integer(at: place) - quantization.zeroPoints[channel]
      result[place] = Float(integer) * quantization.scales[channel]
    }
    return result
  }

  /// The ends of what its integers express; with several scales of the widest.
  var expressed: (lower: Double, upper: Double)? {
    guard let quantization, let bounds = type.element?.integerRange else { return nil }
    let ends = zip(quantization.scales, quantization.zeroPoints).map { scale, zeroPoint in
      (
        Double(bounds.lowerBound - zeroPoint) * Double(scale),
        Double(bounds.upperBound - zeroPoint) * Double(scale)
      )
    }
    return (ends.map(\.0).min() ?? 0, ends.map(\.1).max() ?? 0)
  }
}
