import Graph

/// A factor for stored values: a number, or a quotient that divides.
///
/// `1/255` divides by 255 in float32, which is not the same as multiplying with the rounded inverse.
public struct DataScale: Sendable, Hashable, CustomStringConvertible {
  public var numerator: Float
  public var denominator: Float

  public init(numerator: Float, denominator: Float = 1) {
    self.numerator = numerator
    self.denominator = denominator
  }

  /// From `0.5` or `1/255`; nil for anything else, including zero and what is not finite.
  public init?(_ text: String) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Float(trimming: $0) }
    guard parts.count <= 2, numbers.count == parts.count, numbers.allSatisfy({ $0.isFinite && $0 != 0 })
    else {
      return nil
    }
    self.init(numerator: numbers[0], denominator: numbers.count == 2 ? numbers[1] : 1)
  }

  public var description: String { denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)" }
}

/// The colors a picture is handed over in.
public enum ColorOrder: String, Sendable, Hashable, CaseIterable {
  case rgb, bgr, gray
}

/// The size pictures are resized or cropped to.
public struct PictureSize: Sendable, Hashable, CustomStringConvertible {
  /// nil in a resize: the shorter side becomes `height`, the other follows.
  public var width: Int?
  public var height: Int

  public init(width: Int?, height: Int) {
    self.width = width
    self.height = height
  }

  /// From `224` or `320x240` (width × height).
  public init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Int($0) }
    guard numbers.count == parts.count, (1...2).contains(numbers.count),
      numbers.allSatisfy({ (1...1 << 15).contains($0) })
    else { return nil }
    self.init(width: numbers.count == 2 ? numbers[0] : nil, height: numbers[numbers.count - 1])
  }

  public var description: String { width.map { "\($0)x\(height)" } ?? "\(height)" }
}

/// How stored values become what the model takes: what the flags and a `data.yaml` say. nil means not said.
///
///     var settings = DataSettings()
///     settings.scale = DataScale("1/255")
public struct DataSettings: Sendable, Hashable {
  public var mean: [Float]?
  public var standardDeviation: [Float]?
  public var scale: DataScale?
  public var labelMean: [Float]?
  public var labelStandardDeviation: [Float]?
  public var labelScale: DataScale?
  public var resize: PictureSize?
  /// Cuts the center out; where a sample is smaller, zeros surround it. For sound: the number of samples in time.
  public var crop: PictureSize?
  public var color: ColorOrder?
  public var layout: SampleLayout?
  /// A name from the header of a `.csv`, or a number counted from 0 (from −1 at the end).
  public var labelColumn: String?
  /// The names of the class folders, in the order of the model's outputs.
  public var classes: [String]?
  public var samples: Int?
  public var skip: Int?
  public var seed: Int?

  public init() {}

  /// These settings, and those of `other` where these say nothing.
  public func filled(from other: DataSettings) -> DataSettings {
    var result = self
    result.mean = mean ?? other.mean
    result.standardDeviation = standardDeviation ?? other.standardDeviation
    result.scale = scale ?? other.scale
    result.labelMean = labelMean ?? other.labelMean
    result.labelStandardDeviation = labelStandardDeviation ?? other.labelStandardDeviation
    result.labelScale = labelScale ?? other.labelScale
    result.resize = resize ?? other.resize
    result.crop = crop ?? other.crop
    result.color = color ?? other.color
    result.layout = layout ?? other.layout
    result.labelColumn = labelColumn ?? other.labelColumn
    result.classes = classes ?? other.classes
    result.samples = samples ?? other.samples
    result.skip = skip ?? other.skip
    result.seed = seed ?? other.seed
    return result
  }

  /// Numbers between commas, as `--mean` and `--std` take them; nil for anything else.
  public static func numbers(_ text: String) -> [Float]? {
    let parts = text.split(separator: ",", omittingEmptySubsequences: false)
    let numbers = parts.compactMap { Float(trimming: $0) }
    return numbers.count == parts.count && numbers.allSatisfy(\.isFinite) ? numbers : nil
  }
}

extension Float {
  /// A number between optional blanks.
  init?(trimming text: some StringProtocol) {
    let trimmed = text.drop { $0 == " " }
    let end = trimmed.lastIndex { $0 != " " }.map { trimmed.index(after: $0) } ?? trimmed.startIndex
    self.init(String(trimmed[..<end]))
  }
}
