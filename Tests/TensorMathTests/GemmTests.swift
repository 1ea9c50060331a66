import Storage
import TensorMath
import Testing

@Suite struct GemmTests {
  struct Case {
    var rows, inner, columns: Int
  }

  static let cases: [Case] =
    [
      Case(rows: 1, inner: 1, columns: 1), Case(rows: 1, inner: 0, columns: 5),
      Case(rows: 0, inner: 3, columns: 5),
      Case(rows: 12, inner: 16, columns: 32), Case(rows: 13, inner: 17, columns: 33),
      Case(rows: 1, inner: 300, columns: 130),
      Case(rows: 5, inner: 1023, columns: 65), Case(rows: 193, inner: 31, columns: 48),
      Case(rows: 97, inner: 1025, columns: 15),
    ]
    + {
      var random = RandomNumbers(seed: 1)
      return (0..<40).map { _ in
        Case(
          rows: Int(random.next() % 40), inner: Int(random.next() % 90), columns: Int(random.next() % 100))
      }
    }()

  @Test func everySetAndThreadCountGivesTheSameBits() {
    var random = RandomNumbers(seed: 2)
    for shape in GemmTests.cases {
      let a = random.floats(shape.rows * shape.inner)
      let packed = PackedMatrix(
        random.floats(shape.inner * shape.columns), inner: shape.inner, columns: shape.columns,
        transposed: random.pick([true, false]))
      let bias = random.pick([nil, random.floats(shape.columns)])
      let addend = random.pick([nil, random.floats(shape.rows * shape.columns)])
      let clamp = random.pick([nil, Float(0)...Float.infinity, 0...6])
      func product(_ workers: Workers) -> [UInt32] {
        let c = View<Float>(count: shape.rows * shape.columns)
        gemm(
          a, rows: shape.rows, packed: packed, bias: bias, addend: addend, clamp: clamp, into: c,
          workers: workers)
        return bits(c)
      }
      let expected = product(Workers(threads: 1, kernels: .reference))
      for kernels in KernelSet.available {
        for threads in [1, 2, 7] {
          #expect(
            product(Workers(threads: threads, kernels: kernels)) == expected,
            "\(shape) \(kernels.name) \(threads)")
        }
      }
    }
  }

  @Test func elementsAreChainsFromTheBias() {
    var random = RandomNumbers(seed: 3)
    let a = random.floats(3 * 50), b = random.floats(50 * 20), bias = random.floats(20)
    let c = View<Float>(count: 60)
    gemm(
      a, rows: 3, packed: PackedMatrix(b, inner: 50, columns: 20, transposed: false), bias: bias, into: c,
      workers: Workers(threads: 1))
    for row in 0..<3 {
      for column in 0..<20 {
        var sum = bias[column]
        for k in 0..<50 { sum = sum.addingProduct(a[row * 50 + k], b[k * 20 + column]) }
        #expect(c[row * 20 + column] == sum)
      }
    }
  }

  @Test func notANumberPassesTheClampAndInfinityIsClamped() {
    let b = View<Float>([1, 1])
    for kernels in KernelSet.available {
      let c = View<Float>(count: 6)
      gemm(
        View<Float>([.nan, .infinity, -.infinity]), rows: 3,
        packed: PackedMatrix(b, inner: 1, columns: 2, transposed: false), clamp: 0...6, into: c,
        workers: Workers(threads: 1, kernels: kernels))
      #expect(c[0].isNaN && c[1].isNaN)
      #expect(Array(c.array[2...]) == [6, 6, 0, 0])
    }
  }

  @Test func rowsMayLieApart() {
    let a = View<Float>([1, 2, 99, 3, 4, 99])
    let c = View<Float>([-1, -1, -1, -1])
    gemm(
      a, rows: 2, rowStride: 3,
      packed: PackedMatrix(View<Float>([1, 10]), inner: 2, columns: 1, transposed: true),
      into: c, outputStride: 2, workers: Workers(threads: 1))
    #expect(c.array == [21, -1, 43, -1])
  }

  @Test func matrixProductsOfRunTimeOperands() {
    var random = RandomNumbers(seed: 4)
    for turn in 0..<40 {
      let product = MatrixProduct(
        rows: Int(random.next() % 30), inner: Int(random.next() % 40), columns: Int(random.next() % 50),
        transposesLeft: random.pick([true, false]), transposesRight: random.pick([true, false]))
      let batch = turn % 5
      let left = random.floats(batch * product.rows * product.inner)
      let right = random.floats(product.inner * product.columns)
      let leftOffsets = (0..<batch).map { $0 * product.rows * product.inner }
      func result(_ workers: Workers) -> View<Float> {
        let output = View<Float>(count: batch * product.rows * product.columns)
        product.run(
          left, right, into: output, leftOffsets: leftOffsets,
          rightOffsets: [Int](repeating: 0, count: batch),
          workers: workers)
        return output
      }
      let expected = result(Workers(threads: 1, kernels: .reference))
      for kernels in KernelSet.available {
        for threads in [1, 2, 7] {
          #expect(bits(result(Workers(threads: threads, kernels: kernels))) == bits(expected))
        }
      }
      // A chain of n roundings errs by at most n * 2^-24 times the sum of magnitudes, which is below n here.
      for entry in 0..<batch {
        for row in 0..<product.rows {
          for column in 0..<product.columns {
            var sum = 0.0
            for k in 0..<product.inner {
              let a = left[
                leftOffsets[entry]
                  + (product.transposesLeft ? k * product.rows + row : row * product.inner + k)]
              let b = right[
                product.transposesRight ? column * product.inner + k : k * product.columns + column]
              sum += Double(a) * Double(b)
            }
            let found = expected[(entry * product.rows + row) * product.columns + column]
            #expect(abs(Double(found) - sum) <= Double(product.inner * product.inner) * 0x1p-24)
          }
        }
      }
    }
  }
}
