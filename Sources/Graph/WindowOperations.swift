/// Where the channels of a window operator's data stand: `[N, C, spatial…]` or `[N, spatial…, C]`.
///
/// Imports from ONNX are channels-first; the layout pass makes every window operator channels-last, which is the only
/// form that executors and the .tflite writer accept.
public enum DataLayout: String, Hashable, Sendable {
  case channelsFirst, channelsLast

  public func channelAxis(rank: Int) -> Int { self == .channelsFirst ? 1 : rank - 1 }
  public func spatialAxes(rank: Int) -> Range<Int> { self == .channelsFirst ? 2..<rank : 1..<(rank - 1) }
}

/// How a window moves over the spatial axes; every array has one element per spatial axis.
public struct WindowGeometry: Hashable, Sendable {
  public var size: [Int]
  public var strides: [Int]
  public var dilations: [Int]
  public var padBefore: [Int]
  public var padAfter: [Int]

  public init(
    size: [Int], strides: [Int]? = nil, dilations: [Int]? = nil, padBefore: [Int]? = nil,
    padAfter: [Int]? = nil
  ) {
    let ones = [Int](repeating: 1, count: size.count)
    let zeros = [Int](repeating: 0, count: size.count)
    self.size = size
    self.strides = strides ?? ones
    self.dilations = dilations ?? ones
    self.padBefore = padBefore ?? zeros
    self.padAfter = padAfter ?? zeros
  }

  public var spatialRank: Int { size.count }
  /// Input positions that the dilated window spans along `axis`.
  public func span(_ axis: Int) -> Int { (size[axis] - 1) * dilations[axis] + 1 }
  public var hasPadding: Bool { (padBefore + padAfter).contains { $0 != 0 } }
}

/// Inputs: data, filter `[O, spatial…, I/groups]`, optional bias `[O]`. Depthwise when `groups` is the channel count.
public struct Convolution: Hashable, Sendable {
  public var window: WindowGeometry
  public var groups: Int
  public var layout: DataLayout
  public var clamp: FusedClamp?

  public init(window: WindowGeometry, groups: Int = 1, layout: DataLayout, clamp: FusedClamp? = nil) {
    self.window = window
    self.groups = groups
    self.layout = layout
    self.clamp = clamp
  }
}

/// Inputs: data, filter `[O, spatial…, I/groups]` (O all output channels, input channels per group), optional bias `[O]`.
/// Output extent: stride × (input − 1) + outputPadding + span − padBefore − padAfter.
public struct TransposedConvolution: Hashable, Sendable {
  public var window: WindowGeometry
  public var outputPadding: [Int]
  public var groups: Int
  public var layout: DataLayout
  public var clamp: FusedClamp?

  public init(
    window: WindowGeometry, outputPadding: [Int], groups: Int = 1, layout: DataLayout,
    clamp: FusedClamp? = nil
  ) {
    self.window = window
    self.outputPadding = outputPadding
    self.groups = groups
    self.layout = layout
    self.clamp = clamp
  }
}

/// Input: data. Output: pooled data; `maximum` may have a second output, int64 positions in the channels-first
/// numbering of ONNX (whatever the layout).
public struct Pool: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case maximum
    case average(countsPadding: Bool)
    case lp(Int)
  }
  public var kind: Kind
  public var window: WindowGeometry
  /// The last window may start inside the data (or leading padding) and run past the trailing padding.
  public var roundsUp: Bool
  /// Positions count column-major over the spatial axes (ONNX's storage_order 1).
  public var columnMajorPositions: Bool
  public var layout: DataLayout

  public init(
    kind: Kind, window: WindowGeometry, roundsUp: Bool = false, columnMajorPositions: Bool = false,
    layout: DataLayout
  ) {
    self.kind = kind
    self.window = window
    self.roundsUp = roundsUp
    self.columnMajorPositions = columnMajorPositions
    self.layout = layout
  }
}

/// Input: data (and, for `cropAndResize`, nothing more: the region is an attribute). Axes are those of the data; axes
/// that keep their extent have scale 1.
public struct Resize: Hashable, Sendable {
  public enum Mode: Hashable, Sendable {
    case nearest(Rounding)
    case linear
    case cubic(coefficient: Float)
  }
  public enum Rounding: String, Hashable, Sendable {
    case preferFloor = "round_prefer_floor"
    case preferCeil = "round_prefer_ceil"
    case floor, ceil
  }
  public enum Coordinates: String, Hashable, Sendable {
    case halfPixel = "half_pixel"
    case halfPixelSymmetric = "half_pixel_symmetric"
    case pytorchHalfPixel = "pytorch_half_pixel"
    case alignCorners = "align_corners"
    case asymmetric
    case cropAndResize = "tf_crop_and_resize"
    /// Upsample-1 style and `tf_half_pixel_for_nn` of opset 10.
    case tfHalfPixelForNearest = "tf_half_pixel_for_nn"
  }
  public var mode: Mode
  public var coordinates: Coordinates
  /// The result's extents along all axes.
  public var output: Shape
  /// The factor along each axis: as given, or output extent ÷ input extent.
  public var scales: [Float]
  /// For `cropAndResize`: normalized start and end along each axis.
  public var region: [ClosedFloatRange]
  public var extrapolation: Float
  public var excludesOutside: Bool
  public var antialias: Bool

  public struct ClosedFloatRange: Hashable, Sendable {
    public var start: Float
    public var end: Float
    public init(start: Float, end: Float) {
      self.start = start
      self.end = end
    }
  }

  public init(
    mode: Mode, coordinates: Coordinates, output: Shape, scales: [Float], region: [ClosedFloatRange] = [],
    extrapolation: Float = 0, excludesOutside: Bool = false, antialias: Bool = false
  ) {
    self.mode = mode
    self.coordinates = coordinates
    self.output = output
    self.scales = scales
    self.region = region
    self.extrapolation = extrapolation
    self.excludesOutside = excludesOutside
    self.antialias = antialias
  }
}
