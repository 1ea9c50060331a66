import Graph
import Micro
import Storage
import TensorMath

/// QUANTIZE, DEQUANTIZE and CAST.
extension OperatorContext {
  func quantize() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    try requireQuantized(y)
    let grid = y.grid
    switch (x.type, y.type) {
    case (.float32, .int8):
      if let kernels, (-128...127).contains(grid.zeroPoint) {
        try requireSameCount(x, y)
        return { memory in
          TensorMath.quantize(
            memory(x), scale: grid.scale, zeroPoint: grid.zeroPoint, into: memory(y), kernels: kernels)
        }
      }
      return try mapping(x, to: y) { (x: Float) in
        Int8(truncatingIfNeeded: grid.quantized(x, to: -128...127))
      }
    case (.float32, .int16):
      return try mapping(x, to: y) { (x: Float) in
        Int16(truncatingIfNeeded: grid.quantized(x, to: -32768...32767))
      }
    default: break
    }
    try requireQuantized(x)
    let multiplier = try Multiplier(Double(x.grid.scale) / Double(y.grid.scale))
    switch (x.type, y.type) {
    case (.int8, .int8):
      let (from, to) = (x.grid.zeroPoint, y.grid.zeroPoint)
      return try tabulating(x, to: y) { number throws(Diagnostic) in
        (multiplier.apply(number &- from) &+ to).held(to: -128...127)
      }
    case (.int8, .int16): return try requantize(multiplier, x, y, Int8.self, Int16.self)
    case (.int8, .int32): return try requantize(multiplier, x, y, Int8.self, Int32.self)
    case (.int8, .uint8): return try requantize(multiplier, x, y, Int8.self, UInt8.self)
    case (.uint8, .int8): return try requantize(multiplier, x, y, UInt8.self, Int8.self)
    case (.int16, .int8): return try requantize(multiplier, x, y, Int16.self, Int8.self)
    case (.int16, .int16): return try requantize(multiplier, x, y, Int16.self, Int16.self)
    case (.int16, .int32): return try requantize(multiplier, x, y, Int16.self, Int32.self)
    case (.int32, .int8): return try requantize(multiplier, x, y, Int32.self, Int8.self)
    case (.int32, .int16): return try requantize(multiplier, x, y, Int32.self, Int16.self)
    default: throw noKernel(for: x, y)
    }
  }

  private func requantize<
    From: FixedWidthInteger & BitwiseCopyable & Sendable, To: FixedWidthInteger & BitwiseCopyable & Sendable
  >(
    _ multiplier: Multiplier, _ x: Operand, _ y: Operand, _: From.Type, _: To.Type
  ) throws(Diagnostic) -> KernelBody {
    let (from, to) = (x.grid.zeroPoint, y.grid.zeroPoint)
    let isByteSwap =
      From.bitWidth == 8 && To.bitWidth == 8 && x.grid.scale == y.grid.scale && abs(from - to) == 128
    if isByteSwap { return try mapping(x, to: y) { (x: UInt8) in x ^ 0x80 } }
    let range = Int32(To.min)...Int32(To.max)
    return try mapping(x, to: y) { (x: From) in
      To(truncatingIfNeeded: (multiplier.apply(Int32(x) &- from) &+ to).held(to: range))
    }
  }

  func dequantize() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    guard y.type == .float32 else { throw noKernel(for: x, y) }
    try requireQuantized(x)
    let (scale, zeroPoint) = (Double(x.grid.scale), x.grid.zeroPoint)
    func real<From: FixedWidthInteger & BitwiseCopyable & Sendable>(_: From.Type) throws(Diagnostic)
      -> KernelBody
    {
      try mapping(x, to: y) { (x: From) in Float(scale * Double(Int32(x) &- zeroPoint)) }
    }
    switch x.type {
    case .int8: return try real(Int8.self)
    case .uint8: return try real(UInt8.self)
    case .int16: return try real(Int16.self)
    default: throw noKernel(for: x, y)
    }
  }

  func cast() throws(Diagnostic) -> KernelBody {
    let (x, y) = (try input(0), try output())
    switch x.type {
    case .int8: return try cast(x, y) { (x: Int8) in Int64(x) }
    case .int16: return try cast(x, y) { (x: Int16) in Int64(x) }
    case .int32: return try cast(x, y) { (x: Int32) in Int64(x) }
    case .uint32: return try cast(x, y) { (x: UInt32) in Int64(x) }
    case .bool: return try cast(x, y) { (x: UInt8) in x != 0 ? 1 : 0 }
    case .float32: return try castOfFloat(x, y)
    default: throw noKernel(for: x, y)
    }
  }

  private func cast<From: BitwiseCopyable & Sendable>(
    _ x: Operand, _ y: Operand, _ widen: @escaping @Sendable (From) -> Int64
  ) throws(Diagnostic) -> KernelBody {
    switch y.type {
    case .int8: return try mapping(x, to: y) { (x: From) in Int8(truncatingIfNeeded: widen(x)) }
    case .int16: return try mapping(x, to: y) { (x: From) in Int16(truncatingIfNeeded: widen(x)) }
    case .int32, .uint32: return try mapping(x, to: y) { (x: From) in Int32(truncatingIfNeeded: widen(x)) }
    case .float32: return try mapping(x, to: y) { (x: From) in Float(widen(x)) }
    case .bool where profile == .wheel:
      return try mapping(x, to: y) { (x: From) -> UInt8 in widen(x) != 0 ? 1 : 0 }
    default: throw noKernel(for: x, y)
    }
  }

  private func castOfFloat(_ x: Operand, _ y: Operand) throws(Diagnostic) -> KernelBody {
    // What does not fit is what x86-64's conversion gives: the least int32, cut to the type.
    let truncated = { @Sendable (x: Float) -> Int32 in x > -0x1p31 && x < 0x1p31 ? Int32(x) : .min }
    switch y.type {
    case .int8: return try mapping(x, to: y) { (x: Float) in Int8(truncatingIfNeeded: truncated(x)) }
    case .int16: return try mapping(x, to: y) { (x: Float) in Int16(truncatingIfNeeded: truncated(x)) }
    case .int32: return try mapping(x, to: y) { (x: Float) in truncated(x) }
    case .uint32:
      return try mapping(x, to: y) { (x: Float) in
        UInt32(truncatingIfNeeded: x > -0x1p63 && x < 0x1p63 ? Int64(x) : 0)
      }
    case .float32: return try mapping(x, to: y) { (x: Float) in x }
    case .bool where profile == .wheel: return try mapping(x, to: y) { (x: Float) -> UInt8 in x != 0 ? 1 : 0 }
    default: throw noKernel(for: x, y)
    }
  }
}
