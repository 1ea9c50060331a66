import Graph
import Micro
import Storage

/// CONV_2D on floats; products are added in the order of rows, columns, channels, the bias last.
struct FloatConvolution: Sendable {
  let shape: ConvolutionShape
  let x, w, y: Operand
  let bias: Operand?
  let range: (low: Float, high: Float)

  init(
    _ shape: ConvolutionShape, _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand,
    range: (low: Float, high: Float)
  ) {
    self.shape = shape
    (self.x, self.w, self.y, self.bias, self.range) = (x, w, y, bias, range)
  }

  var kernel: KernelBody {
    return { memory in run(memory) }
  }

  private func run(_ memory: TensorMemory) {
    let (data, weights, result) = (
      memory(x, as: Float.self), memory(w, as: Float.self), memory(y, as: Float.self)
    )
    let bias = bias.map { memory($0, as: Float.self) }
    let (rows, columns, depth) = (shape.rows, shape.columns, shape.filterDepth)
    var place = 0
    for sample in 0..<shape.batch {
      for row in 0..<rows.output {
        let (rowTaps, top) = (rows.taps(at: row), rows.start(of: row))
        for column in 0..<columns.output {
          let (columnTaps, left) = (columns.taps(at: column), columns.start(of: column))
          for channel in 0..<shape.outputChannels {
            let first = channel / shape.filtersPerGroup * depth
            var sum: Float = 0
            for rowTap in rowTaps {
              let line = (sample * rows.input + top + rowTap * rows.dilation) * columns.input
              for columnTap in columnTaps {
                let source = (line + left + columnTap * columns.dilation) * shape.inputChannels + first
                let filter = ((channel * rows.kernel + rowTap) * columns.kernel + columnTap) * depth
                for k in 0..<depth { sum += data[source + k] * weights[filter + k] }
              }
            }
            result[place] = (sum + (bias?[channel] ?? 0)).held(to: range)
            place += 1
          }
        }
      }
    }
  }
}

/// DEPTHWISE_CONV_2D on floats.
struct FloatDepthwise: Sendable {
  let shape: ConvolutionShape
  let multiplier: Int
  let x, w, y: Operand
  let bias: Operand?
  let range: (low: Float, high: Float)

  init(
    _ shape: ConvolutionShape, multiplier: Int, _ x: Operand, _ w: Operand, _ bias: Operand?, _ y: Operand,
    range: (low: Float, high: Float)
  ) {
    self.shape = shape
    self.multiplier = multiplier
    (self.x, self.w, self.y, self.bias, self.range) = (x, w, y, bias, range)
  }

  var kernel: KernelBody {
    return { memory in run(memory) }
  }

  private func run(_ memory: TensorMemory) {
    let (data, weights, result) = (
      memory(x, as: Float.self), memory(w, as: Float.self), memory(y, as: Float.self)
    )
    let bias = bias.map { memory($0, as: Float.self) }
    let (rows, columns, channels) = (shape.rows, shape.columns, shape.outputChannels)
    var place = 0
    for sample in 0..<shape.batch {
      for row in 0..<rows.output {
        let (rowTaps, top) = (rows.taps(at: row), rows.start(of: row))
        for column in 0..<columns.output {
          let (columnTaps, left) = (columns.taps(at: column), columns.start(of: column))
          for channel in 0..<channels {
            var sum: Float = 0
            for rowTap in rowTaps {
              let line = (sample * rows.input + top + rowTap * rows.dilation) * columns.input
              for columnTap in columnTaps {
                let source =
                  (line + left + columnTap * columns.dilation) * shape.inputChannels + channel / multiplier
                sum += data[source] * weights[(rowTap * columns.kernel + columnTap) * channels + channel]
              }
            }
            result[place] = (sum + (bias?[channel] ?? 0)).held(to: range)
            place += 1
          }
        }
      }
    }
  }
}
