extension Report {
  /// Whether the model fits a device.
  public struct TargetFit: Codable, Sendable, Hashable {
    /// The profile: "stm32f746"
    public var name: String
    /// "STM32F746 (Cortex-M7, 216 MHz)"
    public var title: String
    public var core: String
    /// "reference", "CMSIS-NN", "ESP-NN": what TFLM runs there, which may round otherwise than what was measured.
    public var kernels: String
    public var flash: Budget
    public var memory: Budget
    /// By the profile's cost model; nil where no public figures allow one.
    public var latency: Latency?
    public var notes: [String] = []

    /// Bytes that there are beside those that the model takes.
    public struct Budget: Codable, Sendable, Hashable {
      public var available: Int
      /// What of it a firmware without the model needs, by the profile or the recipe.
      public var reserved: Int
      public var used: Int
      public var fits: Bool

      public init(available: Int, reserved: Int, used: Int) {
        self.available = available
        self.reserved = reserved
        self.used = used
        fits = used + reserved <= available
      }

      /// Negative where it does not fit.
      public var left: Int { available - reserved - used }
    }

    public struct Latency: Codable, Sendable, Hashable {
      public var milliseconds: Double
      /// Where the figures come from.
      public var basis: String
      public init(milliseconds: Double, basis: String) {
        self.milliseconds = milliseconds
        self.basis = basis
      }
    }

    public init(name: String, title: String, core: String, kernels: String, flash: Budget, memory: Budget) {
      self.name = name
      self.title = title
      self.core = core
      self.kernels = kernels
      self.flash = flash
      self.memory = memory
    }
  }

  /// A limit, and whether it holds.
  public struct GateResult: Codable, Sendable, Hashable {
    public enum Outcome: String, Codable, Sendable, Hashable {
      case holds
      /// The limit is missed, by no more than chance explains; only where the gate asks for significance.
      case withinNoise = "within_noise"
      case fails
      /// What it limits was not measured; counts as a failure.
      case unknown
    }
    /// As the flag is called: "max-drop".
    public var gate: String
    /// In words, with the unit: "0.5 points", "64 kB".
    public var limit: String
    public var found: String
    public var outcome: Outcome
    /// How far from the limit, in words: "0.12 points to spare", "1,024 B too much".
    public var margin: String
    /// What else to know: a drop inside the noise of the sample size.
    public var remark: String?

    public var passes: Bool { outcome == .holds || outcome == .withinNoise }

    public init(
      gate: String, limit: String, found: String, outcome: Outcome, margin: String, remark: String? = nil
    ) {
      self.gate = gate
      self.limit = limit
      self.found = found
      self.outcome = outcome
      self.margin = margin
      self.remark = remark
    }
  }
}
