extension Report {
  /// A model file: what it is and what it costs.
  public struct Model: Codable, Sendable, Hashable {
    public var path: String
    /// "onnx" or "tflite"
    public var format: String
    /// Of the file's bytes.
    public var sha256: String
    /// "float32", "int8", or several with commas: the types of the results of operators that compute.
    public var precision: String
    public var fileBytes: Int
    /// By zlib at its best: what an update over the air takes.
    public var compressedBytes: Int
    public var parameters: Int
    public var macs: Int
    public var operators: Int
    /// Flash: constants, and the rest of the file that describes the graph.
    public var weightBytes: Int
    public var graphBytes: Int
    public var inputs: [Port] = []
    public var outputs: [Port] = []
    /// nil for models that do not run on a device as they are.
    public var arena: Arena?
    /// What made the file, when it says so itself.
    public var provenance: [Setting] = []

    public init(
      path: String, format: String, sha256: String, precision: String, fileBytes: Int, compressedBytes: Int,
      parameters: Int, macs: Int, operators: Int, weightBytes: Int, graphBytes: Int
    ) {
      self.path = path
      self.format = format
      self.sha256 = sha256
      self.precision = precision
      self.fileBytes = fileBytes
      self.compressedBytes = compressedBytes
      self.parameters = parameters
      self.macs = macs
      self.operators = operators
      self.weightBytes = weightBytes
      self.graphBytes = graphBytes
    }
  }

  public struct Port: Codable, Sendable, Hashable {
    public var name: String
    public var type: String
    public var shape: [Int]
    public var scale: Double?
    public var zeroPoint: Int?
    /// How it lay in the model that this one was made from: axis `i` here is axis `permutation[i]` there, unit axes apart.
    /// nil where they agree or nothing is known.
    public var permutation: [Int]?
    /// Its shape there; open extents are 1.
    public var sourceShape: [Int]?

    public init(name: String, type: String, shape: [Int], scale: Double? = nil, zeroPoint: Int? = nil) {
      self.name = name
      self.type = type
      self.shape = shape
      self.scale = scale
      self.zeroPoint = zeroPoint
    }
  }

  /// The memory of a 32-bit interpreter (Cortex-M), in bytes.
  public struct Arena: Codable, Sendable, Hashable {
    /// Activations and scratch buffers, which share places over time.
    public var head: Int
    /// What lasts: structures of the interpreter.
    public var tail: Int
    /// The smallest arena that the model starts in.
    public var minimum: Int
    /// The most that is alive at one time; no plan for this order of operators has a smaller head.
    public var lowerBound: Int
    /// What a better plan would make of the head; nil where it is not known.
    public var bestHead: Int?
    /// The operator at which most is alive.
    public var peak: String
    /// What would lower the peak, in words.
    public var advice: [String] = []
    /// Bytes alive at each operator, in order of execution.
    public var timeline: [Moment] = []
    /// Every buffer with its place and time: the memory plan.
    public var buffers: [Buffer] = []

    public struct Moment: Codable, Sendable, Hashable {
      public var name: String
      public var bytes: Int
      public init(name: String, bytes: Int) {
        self.name = name
        self.bytes = bytes
      }
    }

    /// Alive from ``first`` through ``last``, which count in ``timeline``.
    public struct Buffer: Codable, Sendable, Hashable {
      public var name: String
      public var bytes: Int
      public var offset: Int
      public var first: Int
      public var last: Int
      public init(name: String, bytes: Int, offset: Int, first: Int, last: Int) {
        self.name = name
        self.bytes = bytes
        self.offset = offset
        self.first = first
        self.last = last
      }
    }

    public init(head: Int, tail: Int, minimum: Int, lowerBound: Int, bestHead: Int?, peak: String) {
      self.head = head
      self.tail = tail
      self.minimum = minimum
      self.lowerBound = lowerBound
      self.bestHead = bestHead
      self.peak = peak
    }
  }

  /// One operator of the model after, beside what it was before.
  public struct Layer: Codable, Sendable, Hashable {
    /// Of its first result.
    public var name: String
    /// "CONV_2D"
    public var `operator`: String
    /// The source's operators that it stands for.
    public var nodes: [String] = []
    /// Of its first input and its first result, as the device has them.
    public var inputShape: [Int]
    public var outputShape: [Int]
    /// "int8": of its first result.
    public var type: String
    /// Of its weights and of its result.
    public var weightBits: Int?
    public var activationBits: Int
    public var parameters: Int
    public var macs: Int
    /// Of its constants.
    public var bytesBefore: Int?
    public var bytesAfter: Int
    public var activationBytes: Int
    /// Of its result.
    public var range: ValueRange?
    /// Signal to noise of its result beside the float model's, in dB; infinite (null in the document) without any error.
    public var sqnr: Double?
    /// The cosine of the angle between the two results.
    public var cosine: Double?
    /// The part of the error of the model's outputs that this layer alone makes, 0 to 1; all layers together 1.
    ///
    /// On a few calibration samples the float network runs once for each layer, with this layer's weights and result rounded
    /// and nothing else. The squared error of the outputs relative to their squares, summed over outputs and samples, is the
    /// layer's error; the share is its part of all layers' errors. Layers that only move integers make none. nil where there
    /// were no samples, or the network is too large to run that often (10¹² multiply-accumulates for one sample).
    public var errorShare: Double?
    public var weights: Histogram?
    public var activations: Histogram?

    public init(
      name: String, operator: String, inputShape: [Int], outputShape: [Int], type: String, weightBits: Int?,
      activationBits: Int, parameters: Int, macs: Int, bytesBefore: Int?, bytesAfter: Int,
      activationBytes: Int
    ) {
      self.name = name
      self.operator = `operator`
      self.inputShape = inputShape
      self.outputShape = outputShape
      self.type = type
      self.weightBits = weightBits
      self.activationBits = activationBits
      self.parameters = parameters
      self.macs = macs
      self.bytesBefore = bytesBefore
      self.bytesAfter = bytesAfter
      self.activationBytes = activationBytes
    }
  }

  /// What a tensor holds, and the part of it that its integers can express.
  public struct ValueRange: Codable, Sendable, Hashable {
    /// Seen on the samples.
    public var least: Double?
    public var greatest: Double?
    /// The ends of what is expressed.
    public var lower: Double
    public var upper: Double
    public var scale: Double
    public var zeroPoint: Int
    /// "minmax", "percentile 99.99", …
    public var choice: String?
    public var reason: String?

    public init(
      least: Double? = nil, greatest: Double? = nil, lower: Double, upper: Double, scale: Double,
      zeroPoint: Int,
      choice: String? = nil, reason: String? = nil
    ) {
      self.least = least
      self.greatest = greatest
      self.lower = lower
      self.upper = upper
      self.scale = scale
      self.zeroPoint = zeroPoint
      self.choice = choice
      self.reason = reason
    }
  }

  /// How often values fall into bins of one width.
  public struct Histogram: Codable, Sendable, Hashable {
    /// The start of the first bin.
    public var start: Double
    public var width: Double
    public var counts: [Int]
    /// The ends of the range that integers express; for weights per channel the widest.
    public var lower: Double?
    public var upper: Double?

    public init(start: Double, width: Double, counts: [Int], lower: Double? = nil, upper: Double? = nil) {
      self.start = start
      self.width = width
      self.counts = counts
      self.lower = lower
      self.upper = upper
    }
  }

  /// What ranges were chosen on, and how.
  public struct Calibration: Codable, Sendable, Hashable {
    public var paths: [String]
    /// Samples that were used, and those that the data hold.
    public var samples: Int
    public var totalSamples: Int?
    /// Of the samples as the model got them.
    public var sha256: String?
    public var method: String
    /// How many ranges each method gave: "minmax" 12.
    public var choices: [Choice] = []
    /// Operators whose biases were corrected.
    public var correctedBiases: [String] = []
    /// Whether the ranges hardly grew in the second half of the samples.
    public var hasConverged: Bool?

    public struct Choice: Codable, Sendable, Hashable {
      public var method: String
      public var ranges: Int
      public init(method: String, ranges: Int) {
        self.method = method
        self.ranges = ranges
      }
    }

    public init(paths: [String], samples: Int, method: String) {
      self.paths = paths
      self.samples = samples
      self.method = method
    }
  }
}
