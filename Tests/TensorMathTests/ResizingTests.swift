import Storage
import Testing

@testable import TensorMath

/// Results of ONNX's reference evaluator for one 4 × 5 matrix.
@Suite struct ResizingTests {
  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let output: [Int]
    let scales: [Float]
    let mode: Resizing.Mode
    let coordinates: Resizing.Coordinates
    var region: [(start: Float, end: Float)] = []
    var extrapolation: Float = 0
    let excludesOutside, antialias: Bool
    let expected: [Float]
    var testDescription: String { name }
  }

  static let x: [Float] = [14, 3, 8, 18, 15, -8, 8, -1, -1, 3, 1, 12, 6, 1, 4, 3, 12, -2, 3, -7]

  static let cases: [Case] = [
    Case(
      name: "linear half_pixel [2, 8]", output: [2, 8], scales: [0.6, 1.7], mode: .linear,
      coordinates: .halfPixel,
      excludesOutside: false, antialias: false,
      expected: [
        6.666667, 5.901961, 4.72549, 4.852941, 5.980392, 9.90196, 11.45098, 11.05882, 0.9999991, 5.205882,
        11.67647, 8.647058, 5.264706, 2.323529, 1.970588, 3.735294,
      ]),
    Case(
      name: "linear half_pixel_symmetric [2, 8]", output: [2, 8], scales: [0.6, 1.7], mode: .linear,
      coordinates: .halfPixelSymmetric,
      excludesOutside: false, antialias: false,
      expected: [
        -0.6666674, 3.039216, 5.823529, 3.27451, 2.980392, 4.941176, 6.117647, 7, 1.666667, 7.137255,
        10.98039, 5.882353, 2.843138, 1.862745, 1.039216, 0.3333337,
      ]),
    Case(
      name: "linear pytorch_half_pixel [2, 8]", output: [2, 8], scales: [0.6, 1.7], mode: .linear,
      coordinates: .pytorchHalfPixel,
      excludesOutside: false, antialias: false,
      expected: [
        6.666667, 5.901961, 4.72549, 4.852941, 5.980392, 9.90196, 11.45098, 11.05882, 0.9999991, 5.205882,
        11.67647, 8.647058, 5.264706, 2.323529, 1.970588, 3.735294,
      ]),
    Case(
      name: "linear align_corners [2, 8]", output: [2, 8], scales: [0.6, 1.7], mode: .linear,
      coordinates: .alignCorners,
      excludesOutside: false, antialias: false,
      expected: [
        14, 8.133333, 3.333333, 6, 9.333333, 14.66667, 17.4, 15.8, 1.285714, 7, 11.52381, 7.714287, 4.380954,
        2.476191, 1.514286, 2.123811,
      ]),
    Case(
      name: "linear asymmetric [2, 8]", output: [2, 8], scales: [0.6, 1.7], mode: .linear,
      coordinates: .asymmetric,
      excludesOutside: false, antialias: false,
      expected: [
        14, 7.529412, 3.882353, 6.823529, 11.52941, 17.41176, 16.41176, 15, -2, 5.45098, 9.431373, 5.313725,
        2.490196, 0.5294119, 2.098039, 3.666667,
      ]),
    Case(
      name: "linear pytorch_half_pixel [1, 3]", output: [1, 3], scales: [1 / 4, 3 / 5], mode: .linear,
      coordinates: .pytorchHalfPixel,
      excludesOutside: false, antialias: false,
      expected: [10.33333, 8, 16]),
    Case(
      name: "linear tf_crop_and_resize [3, 4]", output: [3, 4], scales: [3 / 4, 4 / 5], mode: .linear,
      coordinates: .cropAndResize,
      region: [(0.4, 0.9), (-0.3, 0.8)], extrapolation: 7.0, excludesOutside: false, antialias: false,
      expected: [7, -2.2, 2.64, 0.1600003, 7, 3.55, 7.29, 1.51, 7, 4.96, 3.493333, 1.18]),
    Case(
      name: "linear half_pixel antialias [2, 2]", output: [2, 2], scales: [0.6, 0.5], mode: .linear,
      coordinates: .halfPixel,
      excludesOutside: false, antialias: true,
      expected: [5.28125, 7.734375, 4.222222, 2.930556]),
    Case(
      name: "linear half_pixel outside excluded [7, 2]", output: [7, 2], scales: [7 / 4, 2 / 5],
      mode: .linear, coordinates: .halfPixel,
      excludesOutside: true, antialias: false,
      expected: [
        5.75, 17.25, 5.125, 11.08929, 4.125, 1.232143, 6.625, 0.875, 9.285714, 1.660714, 9.571428, 0.9464286,
        9.75, 0.5,
      ]),
    Case(
      name: "cubic half_pixel [6, 4]", output: [6, 4], scales: [1.5, 0.8], mode: .cubic(coefficient: -0.75),
      coordinates: .halfPixel,
      excludesOutside: false, antialias: false,
      expected: [
        14.45168, 2.62327, 16.53904, 16.53008, 2.489853, 4.268616, 6.12622, 8.900282, -6.708445, 7.588463,
        -2.914111, 1.784733, 0.5056112, 11.06699, 1.251215, 4.089331, 3.939346, 9.950867, 2.110596, -1.03554,
        4.246577, 7.287723, 1.31303, -6.731853,
      ]),
    Case(
      name: "cubic align_corners [3, 7]", output: [3, 7], scales: [3 / 4, 7 / 5],
      mode: .cubic(coefficient: -0.5), coordinates: .alignCorners,
      excludesOutside: false, antialias: false,
      expected: [
        14, 5.888892, 3.2963, 8, 15.44444, 17.85186, 15, -5, 6.358794, 9.252316, 2.4375, -0.8449042,
        -0.1828696, 3.4375, 3, 10.37037, 8.333334, -2, 1.740747, 0.4074053, -7,
      ]),
    Case(
      name: "cubic asymmetric outside excluded [6, 4]", output: [6, 4], scales: [1.5, 0.8],
      mode: .cubic(coefficient: -0.75), coordinates: .asymmetric,
      excludesOutside: true, antialias: false,
      expected: [
        14, 2.621094, 13.75, 15.93286, -1.22807, 5.428865, 2.871162, 6.895605, -7.722226, 9.701534, -2.317709,
        1.426842, 1, 11.97656, 2.65625, 3.226148, 2.883336, 10.49089, 1.085938, -2.467551, 3.324325, 9.216427,
        -0.2854738, -6.091681,
      ]),
    Case(
      name: "cubic half_pixel antialias [2, 3]", output: [2, 3], scales: [0.5, 0.6],
      mode: .cubic(coefficient: -0.75), coordinates: .halfPixel,
      excludesOutside: false, antialias: true,
      expected: [4.198149, 5.619143, 9.424392, 5.172747, 4.204149, -1.75547]),
    Case(
      name: "cubic half_pixel outside excluded antialias [2, 3]", output: [2, 3], scales: [0.5, 0.6],
      mode: .cubic(coefficient: -0.5), coordinates: .halfPixel,
      excludesOutside: true, antialias: true,
      expected: [4.067069, 5.302999, 8.555943, 5.464909, 4.049606, -0.8187526]),
    Case(
      name: "nearest half_pixel round_prefer_floor [6, 3]", output: [6, 3], scales: [6 / 4, 3 / 5],
      mode: .nearest(.preferFloor), coordinates: .halfPixel,
      excludesOutside: false, antialias: false,
      expected: [14, 8, 15, 14, 8, 15, -8, -1, 3, 1, 6, 4, 1, 6, 4, 3, -2, -7]),
    Case(
      name: "nearest asymmetric round_prefer_floor [6, 6]", output: [6, 6], scales: [1.6, 1.3],
      mode: .nearest(.preferFloor), coordinates: .asymmetric,
      excludesOutside: false, antialias: false,
      expected: [
        14, 3, 8, 8, 18, 15, -8, 8, -1, -1, -1, 3, -8, 8, -1, -1, -1, 3, 1, 12, 6, 6, 1, 4, 1, 12, 6, 6, 1, 4,
        3, 12, -2, -2, 3, -7,
      ]),
    Case(
      name: "nearest half_pixel round_prefer_ceil [6, 3]", output: [6, 3], scales: [6 / 4, 3 / 5],
      mode: .nearest(.preferCeil), coordinates: .halfPixel,
      excludesOutside: false, antialias: false,
      expected: [14, 8, 15, -8, -1, 3, -8, -1, 3, 1, 6, 4, 3, -2, -7, 3, -2, -7]),
    Case(
      name: "nearest asymmetric round_prefer_ceil [6, 6]", output: [6, 6], scales: [1.6, 1.3],
      mode: .nearest(.preferCeil), coordinates: .asymmetric,
      excludesOutside: false, antialias: false,
      expected: [
        14, 3, 8, 8, 18, 15, -8, 8, -1, -1, -1, 3, -8, 8, -1, -1, -1, 3, 1, 12, 6, 6, 1, 4, 1, 12, 6, 6, 1, 4,
        3, 12, -2, -2, 3, -7,
      ]),
    Case(
      name: "nearest half_pixel floor [6, 3]", output: [6, 3], scales: [6 / 4, 3 / 5], mode: .nearest(.floor),
      coordinates: .halfPixel,
      excludesOutside: false, antialias: false,
      expected: [14, 8, 18, 14, 8, 18, -8, -1, -1, -8, -1, -1, 1, 6, 1, 3, -2, 3]),
    Case(
      name: "nearest asymmetric floor [6, 6]", output: [6, 6], scales: [1.6, 1.3], mode: .nearest(.floor),
      coordinates: .asymmetric,
      excludesOutside: false, antialias: false,
      expected: [
        14, 14, 3, 8, 18, 18, 14, 14, 3, 8, 18, 18, -8, -8, 8, -1, -1, -1, -8, -8, 8, -1, -1, -1, 1, 1, 12, 6,
        1, 1, 3, 3, 12, -2, 3, 3,
      ]),
    Case(
      name: "nearest half_pixel ceil [6, 3]", output: [6, 3], scales: [6 / 4, 3 / 5], mode: .nearest(.ceil),
      coordinates: .halfPixel,
      excludesOutside: false, antialias: false,
      expected: [3, 8, 15, 8, -1, 3, 12, 6, 4, 12, 6, 4, 12, -2, -7, 12, -2, -7]),
    Case(
      name: "nearest asymmetric ceil [6, 6]", output: [6, 6], scales: [1.6, 1.3], mode: .nearest(.ceil),
      coordinates: .asymmetric,
      excludesOutside: false, antialias: false,
      expected: [
        14, 3, 8, 18, 15, 15, -8, 8, -1, -1, 3, 3, 1, 12, 6, 1, 4, 4, 1, 12, 6, 1, 4, 4, 3, 12, -2, 3, -7, -7,
        3, 12, -2, 3, -7, -7,
      ]),
    Case(
      name: "nearest tf_crop_and_resize round_prefer_floor [3, 4]", output: [3, 4], scales: [3 / 4, 4 / 5],
      mode: .nearest(.preferFloor), coordinates: .cropAndResize,
      region: [(0.4, 0.9), (-0.3, 0.8)], extrapolation: 7.0, excludesOutside: false, antialias: false,
      expected: [7, -8, -1, -1, 7, 1, 6, 1, 7, 3, -2, 3]),
  ]

  @Test(arguments: cases) func agreesWithTheReference(_ test: Case) {
    let resizing = Resizing(
      sizes: [4, 5], output: test.output, scales: test.scales, mode: test.mode, coordinates: test.coordinates,
      region: test.region, extrapolation: test.extrapolation, excludesOutside: test.excludesOutside,
      antialias: test.antialias)
    let x = View(ResizingTests.x)
    let (found, problem) = Samples.agreed(test.expected.count) { y, workers in
      resizing.apply(.float32, x.bytes, into: y.bytes, on: workers)
    }
    #expect(problem == nil)
    for (found, expected) in zip(found.array, test.expected) {
      // Weights are rounded to float, and each axis adds one rounding per neighbor, of numbers up to 20.
      #expect(abs(found - expected) <= 2e-5)
    }
  }
}
