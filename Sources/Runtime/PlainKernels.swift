import Graph
import Storage
import TensorMath

/// Linear operators on integers, and convolutions over more axes than the fast kernels know. Loops as in a textbook:
/// such models are rare and small. Sums of integers wrap around.
extension Binding {
  func integerMatmul(transposesLeft: Bool, transposesRight: Bool) throws(Diagnostic) -> Kernel {
    let (a, b, y) = (try input(0), try input(1), try output())
    let plan = ProductPlan(
      left: a.sizes, right: b.sizes, transposesLeft: transposesLeft, transposesRight: transposesRight)
    return { _ in
      let (left, right, target) = (a.wideIntegers, b.wideIntegers, View<Int64>(count: y.elementCount))
      for (index, starts) in zip(plan.leftOffsets, plan.rightOffsets).enumerated() {
        plan.product.multiply(left, right, starts, into: target, at: index)
      }
      y.setWideIntegers(target)
    }
  }

  func integerDense() throws(Diagnostic) -> Kernel {
    let (x, weights, y) = (try input(0), try input(1), try output())
    let bias = optional(2)
    let plan = ProductPlan(left: x.sizes, right: weights.sizes, transposesLeft: false, transposesRight: true)
    guard step.clamp == nil, !step.addsLastInput else { throw cannotWork(on: x.type) }
    return { _ in
      let target = View<Int64>(count: y.elementCount)
      plan.product.multiply(x.wideIntegers, weights.wideIntegers, (0, 0), into: target, at: 0)
      if let bias = bias?.wideIntegers {
        for index in 0..<target.count { target[index] &+= bias[index % bias.count] }
      }
      y.setWideIntegers(target)
    }
  }

  func plainConvolution(_ convolution: Convolution) throws(Diagnostic) -> Kernel {
    let (x, filter, y) = (try input(0), try input(1), try output())
    let bias = optional(2)
    let residual = step.addsLastInput ? inputs.last ?? nil : nil
    let loop = PlainConvolution(convolution, data: x.sizes, filter: filter.sizes, result: y.sizes)
    let clamp = step.clampRange
    guard x.type.isFloat else {
      guard step.clamp == nil, residual == nil else { throw cannotWork(on: x.type) }
      return { _ in
        let target = View<Int64>(count: y.elementCount)
        loop.run(x.wideIntegers, filter.wideIntegers, bias?.wideIntegers, zero: 0, into: target) {
          $0 &+ $1 &* $2
        }
        y.setWideIntegers(target)
      }
    }
    return { workers in
      loop.run(x.floats, filter.floats, bias?.floats, zero: 0, into: y.floats) { $0 + $1 * $2 }
      if let residual {
        BinaryFunction.add.apply(y.floats, y.sizes, residual.floats, y.sizes, into: y.floats, on: workers)
      }
      let clip = ElementwiseFunction.clip(minimum: clamp.lowerBound, maximum: clamp.upperBound)
      clip.apply(y.floats, into: y.floats, on: workers)
    }
  }
}

/// A channels-last convolution over any number of spatial axes.
private struct PlainConvolution: Sendable {
  let convolution: Convolution
  let data, filter, result: [Int]

  init(_ convolution: Convolution, data: [Int], filter: [Int], result: [Int]) {
    self.convolution = convolution
    self.data = data
    self.filter = filter
    self.result = result
  }

  func run<Element: BitwiseCopyable>(
    _ x: View<Element>, _ weights: View<Element>, _ bias: View<Element>?, zero: Element,
    into y: View<Element>,
    _ addProduct: (Element, Element, Element) -> Element
  ) {
    let window = convolution.window
    let (outputs, depth) = (filter[0], filter[filter.count - 1])
    let (dataSteps, resultSteps) = (Shape.strides(data), Shape.strides(result))
    let taps = window.size.reduce(1, *)
    for element in 0..<y.count {
      let channel = element % outputs
      let firstInput = channel / (outputs / convolution.groups) * depth
      var sum = bias?[channel] ?? zero
      for tap in 0..<taps {
        var base: Int? = element / max(1, resultSteps[0]) * dataSteps[0]
        var rest = tap
        for axis in window.size.indices.reversed() {
          let place = element / resultSteps[axis + 1] % result[axis + 1]
          let index =
            place * window.strides[axis] - window.padBefore[axis] + rest % window.size[axis]
            * window.dilations[axis]
          rest /= window.size[axis]
          base = (0..<data[axis + 1]).contains(index) ? base.map { $0 + index * dataSteps[axis + 1] } : nil
        }
        guard let base else { continue }
        for input in 0..<depth {
          sum = addProduct(sum, x[base + firstInput + input], weights[(channel * taps + tap) * depth + input])
        }
      }
      y[element] = sum
    }
  }
}

extension MatrixProduct {
  fileprivate func multiply(
    _ left: View<Int64>, _ right: View<Int64>, _ starts: (Int, Int), into target: View<Int64>, at index: Int
  ) {
    for row in 0..<rows {
      for column in 0..<columns {
        var sum: Int64 = 0
        for k in 0..<inner {
          let a = left[starts.0 + (transposesLeft ? k * rows + row : row * inner + k)]
          let b = right[starts.1 + (transposesRight ? column * inner + k : k * columns + column)]
          sum &+= a &* b
        }
        target[(index * rows + row) * columns + column] = sum
      }
    }
  }
}

extension TensorValue {
  fileprivate func setWideIntegers(_ values: View<Int64>) {
    Cast.apply(values.reinterpreted(as: UInt8.self), .int64, to: type.scalar, into: bytes)
  }
}
