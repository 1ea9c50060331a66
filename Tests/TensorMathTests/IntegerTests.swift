import Storage
import Testing

@testable import TensorMath

@Suite struct IntegerTests {
  let workers = Workers(threads: 2)

  func apply<Integer: FixedWidthInteger & BitwiseCopyable>(
    _ function: IntegerFunction, _ type: ScalarType, _ a: [Integer], _ b: [Integer]
  ) -> [Integer] {
    let y = View<Integer>(count: max(a.count, b.count))
    function.apply(
      type, View(a).bytes, a.count == 1 ? [] : [a.count], View(b).bytes, b.count == 1 ? [] : [b.count],
      into: y.bytes, on: workers)
    return y.array
  }

  @Test func arithmeticWrapsAround() {
    #expect(apply(.add, .int8, [127, -128, 5], [1, -1, 6] as [Int8]) == [-128, 127, 11])
    #expect(apply(.subtract, .uint8, [0, 5], [1] as [UInt8]) == [255, 4])
    #expect(apply(.multiply, .int32, [Int32.max], [2] as [Int32]) == [-2])
    #expect(
      apply(.power, .int64, [2, -3, 0, -1, 2], [10, 3, 0, -3, -1] as [Int64]) == [1024, -27, 1, -1, 0])
  }

  @Test func divisionNeverTraps() {
    #expect(
      apply(.divide, .int32, [7, -7, 7, Int32.min, 3], [2, 2, -2, -1, 0] as [Int32]) == [3, -3, -3, .min, 0])
    #expect(
      apply(.modulo, .int64, [7, -7, 7, -7, 1, .min], [3, 3, -3, -3, 0, -1] as [Int64]) == [
        1, 2, -2, -1, 0, 0,
      ])
    #expect(
      apply(.remainder, .int16, [7, -7, 7, -7, .min], [3, 3, -3, 0, -1] as [Int16]) == [1, -1, 1, 0, 0])
  }

  @Test func bitsShiftOut() {
    #expect(apply(.shiftLeft, .uint8, [0x81, 1, 1], [1, 7, 9] as [UInt8]) == [2, 128, 0])
    #expect(apply(.shiftRight, .uint64, [256, 1], [4] as [UInt64]) == [16, 0])
    #expect(apply(.bitwiseXor, .bool, [1, 1, 0], [1, 0, 0] as [UInt8]) == [0, 1, 0])
    #expect(apply(.bitwiseAnd, .uint16, [0xff0f], [0x0fff] as [UInt16]) == [0x0f0f])
  }

  @Test func unaryFunctionsOfIntegers() {
    let x = View<Int32>([-5, 0, 7, .min])
    let y = View<Int32>(count: 4)
    let expected: [(IntegerUnaryFunction, [Int32])] = [
      (.absolute, [5, 0, 7, .min]), (.negate, [5, 0, -7, .min]), (.sign, [-1, 0, 1, -1]),
      (.bitwiseNot, [4, -1, -8, .max]), (.not, [0, 1, 0, 0]),
    ]
    for (function, result) in expected {
      function.apply(.int32, x.bytes, into: y.bytes, on: workers)
      #expect(y.array == result)
    }
  }

  @Test func comparesUnsignedAsUnsigned() {
    let y = View<UInt8>(count: 2)
    ComparisonFunction.less.apply(
      .uint64, View<UInt64>([1, .max]).bytes, [2], View<UInt64>([2]).bytes, [], into: y, on: workers)
    #expect(y.array == [1, 0])
  }

  @Test func castsTruncateWrapAndSaturate() {
    func cast<To: BitwiseCopyable>(_ floats: [Float], _ to: ScalarType, _ type: To.Type) -> [To] {
      let y = View<To>(count: floats.count)
      Cast.apply(View(floats).bytes, .float32, to: to, into: y.bytes)
      return y.array
    }
    #expect(cast([1.9, -1.9, 300, -1], .int8, Int8.self) == [1, -1, 44, -1])
    #expect(cast([-1, 255.5], .uint8, UInt8.self) == [255, 255])
    #expect(cast([3e9, -3e9, .nan, .infinity], .int32, Int32.self) == [.max, .min, 0, .max])
    #expect(cast([1e19, -1e19, .nan], .int64, Int64.self) == [.max, .min, 0])
    #expect(cast([1e19, 1e20], .uint64, UInt64.self) == [9_999_999_980_506_447_872, .max])
    #expect(cast([0, -0.0, 0.1, .nan], .bool, UInt8.self) == [0, 0, 1, 1])
    let wide = View<Int64>([-1, 1 << 40, 70000])
    let narrow = View<Int16>(count: 3)
    Cast.apply(wide.bytes, .int64, to: .int16, into: narrow.bytes)
    #expect(narrow.array == [-1, 0, 4464])
    let floats = View<Float>(count: 3)
    Cast.apply(wide.bytes, .int64, to: .float32, into: floats.bytes)
    #expect(floats.array == [-1, 0x1p40, 70000])
    let truths = View<UInt8>(count: 3)
    Cast.apply(View<Int32>([0, 256, -1]).bytes, .int32, to: .bool, into: truths)
    #expect(truths.array == [0, 1, 1])
  }

  @Test func reducesIntegers() {
    let x = View<Int32>([3, -4, 5, 1, 2, -7])
    let expected: [(ReductionFunction, [Int], [Int32])] = [
      (.sum, [1], [4, -4]), (.sum, [0], [4, -2, -2]), (.mean, [1], [1, -1]), (.maximum, [0, 1], [5]),
      (.minimum, [1], [-4, -7]), (.product, [0], [3, -8, -35]), (.l1, [1], [12, 10]),
      (.sumOfSquares, [1], [50, 54]), (.l2, [1], [7, 7]), (.sum, [], [3, -4, 5, 1, 2, -7]),
    ]
    for (function, axes, result) in expected {
      let y = View<Int32>(count: result.count)
      function.apply(.int32, x.bytes, sizes: [2, 3], axes: axes, into: y.bytes, on: workers)
      #expect(y.array == result, "\(function) \(axes)")
    }
    let empty = View<Int8>(count: 2)
    ReductionFunction.maximum.apply(
      .int8, View<UInt8>(count: 0), sizes: [2, 0], axes: [1], into: empty.bytes, on: workers)
    #expect(empty.array == [-128, -128])
  }
}
