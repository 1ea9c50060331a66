import CKernels
import Storage

/// A convolution with its filter packed for the kernels, ready to run on any number of samples.
///
/// Each output is one chain of fused multiply-adds that starts at the bias and runs over the taps in order, and over
/// the channels within a tap; or, where ``usesWinograd(_:)`` says so, Winograd's F(2x2, 3x3). Which one it is follows
/// from the geometry alone.
///
///     let convolution = PackedConvolution(geometry, filter: filter, bias: bias, clamp: 0...6)
///     let scratch = View<UInt8>(count: convolution.scratchByteCount(batch: 8, threads: workers.threads))
///     convolution.run(input: x, output: y, batch: 8, scratch: scratch, workers: workers)
public struct PackedConvolution: Sendable {
  public let geometry: ConvolutionGeometry
  let clamp: ClosedRange<Float>
  private let form: Form

  private enum Form: Sendable {
    case products(ProductConvolution)
    case winograd(WinogradConvolution)
    case depthwise(DepthwiseConvolution)
  }

  /// Packs a filter `[outputs, kernel..., inputs / groups]`; Winograd keeps the view, for inputs that are not finite.
  public init(
    _ geometry: ConvolutionGeometry, filter: View<Float>, bias: View<Float>? = nil,
    clamp: ClosedRange<Float>? = nil
  ) {
    precondition(
      filter.count >= geometry.filterCount && bias.map { $0.count >= geometry.outputChannels } ?? true)
    self.geometry = geometry
    self.clamp = clamp ?? unclamped
    if WinogradConvolution.suits(geometry) {
      form = .winograd(WinogradConvolution(geometry, filter: filter, bias: bias))
    } else if DepthwiseConvolution.suits(geometry) {
      form = .depthwise(DepthwiseConvolution(geometry, filter: filter, bias: bias))
    } else {
      form = .products(ProductConvolution(geometry, filter: filter, bias: bias))
    }
  }

  /// Whether a convolution of this geometry is computed by Winograd's transform.
  public static func usesWinograd(_ geometry: ConvolutionGeometry) -> Bool {
    WinogradConvolution.suits(geometry)
  }

  /// The scratch that ``run(input:output:batch:addend:scratch:workers:)`` needs.
  public func scratchByteCount(batch: Int, threads: Int) -> Int {
    switch form {
    case .products(let form): form.scratchByteCount(batch: batch, threads: threads)
    case .winograd(let form): form.scratchByteCount(batch: batch, threads: threads)
    case .depthwise(let form): form.scratchByteCount(batch: batch, threads: threads)
    }
  }

  /// Convolves `batch` dense samples. The addend, shaped like the output, joins each sum before the clamp.
  public func run(
    input: View<Float>, output: View<Float>, batch: Int, addend: View<Float>? = nil, scratch: View<UInt8>,
    workers: Workers
  ) {
    let outputCount = batch * geometry.outputPositions * geometry.outputChannels
    precondition(input.count >= batch * geometry.inputPositions * geometry.inputChannels)
    precondition(output.count >= outputCount && addend.map { $0.count >= outputCount } ?? true)
    guard outputCount > 0 else { return }
    let call = ConvolutionCall(
      input: input.pointer, output: output.pointer, addend: addend?.pointer, batch: batch, clamp: clamp)
    let scratch = Scratch(scratch)
    switch form {
    case .products(let form): form.run(call, scratch: scratch, workers: workers)
    case .winograd(let form): form.run(call, scratch: scratch, workers: workers)
    case .depthwise(let form): form.run(call, scratch: scratch, workers: workers)
    }
    withExtendedLifetime((input, output, addend)) {}
  }
}

/// The operands of one run.
struct ConvolutionCall {
  var input: UnsafePointer<Float>
  var output: UnsafeMutablePointer<Float>
  var addend: UnsafePointer<Float>?
  var batch: Int
  var clamp: ClosedRange<Float>

  /// The same operands from a sample on.
  func sample(_ index: Int, inputCount: Int, outputCount: Int) -> ConvolutionCall {
    ConvolutionCall(
      input: input + index * inputCount, output: output + index * outputCount,
      addend: addend.map { $0 + index * outputCount }, batch: 1, clamp: clamp)
  }
}
