import Reporting

/// A device: what it has for a model, as a data file says.
///
///     let target = try TargetProfile.named("stm32f746")
///     report.target = target.fit(of: model, work: Workload(report.layers))
public struct TargetProfile: Sendable, Hashable {
  public enum Kernels: String, Sendable, Hashable, CaseIterable {
    case reference
    case cmsisNN = "CMSIS-NN"
    case espNN = "ESP-NN"
  }

  /// As `--target` takes it.
  public var name: String
  /// Other names for it.
  public var aliases: [String] = []
  /// For people: "STM32F746".
  public var title: String
  public var core: String
  public var megahertz: Double
  /// Bytes of flash that hold code and constants.
  public var flash: Int
  /// All bytes of RAM.
  public var memory: Int
  /// The largest part of the RAM that an arena can lie in: banks with gaps between them hold it one by one.
  public var arenaMemory: Int
  /// What a firmware takes beside the model; a rule of thumb.
  public var reservedFlash = 0
  public var reservedMemory = 0
  /// What of a processor's extensions speed up models.
  public var hasFloatingPoint = false
  public var hasDSP = false
  public var hasVectors = false
  /// The kernels that TFLM has for it.
  public var kernels = Kernels.reference
  public var notes: [String] = []
  public var cost: CostModel?

  /// "STM32F746 (Cortex-M7, 216 MHz)"
  public var heading: String {
    core.isEmpty ? title : "\(title) (\(core), \(NumberFormat.significantWhole(megahertz)) MHz)"
  }

  public init(
    name: String, title: String, core: String, megahertz: Double, flash: Int, memory: Int, arenaMemory: Int
  ) {
    self.name = name
    self.title = title
    self.core = core
    self.megahertz = megahertz
    self.flash = flash
    self.memory = memory
    self.arenaMemory = arenaMemory
  }
}

// MARK: - Limits

extension TargetProfile {
  /// What 32-bit addresses reach: the limit where none was given.
  static let addressSpace = 1 << 32

  /// No certain device: what the model may take. At least one of the limits stands.
  public init(flash: ByteCount?, memory: ByteCount?) {
    self.init(
      name: "limits", title: "the limits that were given", core: "", megahertz: 0, flash: Self.addressSpace,
      memory: Self.addressSpace, arenaMemory: Self.addressSpace)
    limit(flash: flash, memory: memory)
    if flash == nil { notes.append("no limit was given for flash: all that 32-bit addresses reach") }
    if memory == nil { notes.append("no limit was given for memory: all that 32-bit addresses reach") }
  }

  /// Replaces what the device has by what the model may take of it: nothing is reserved of a limit.
  public mutating func limit(flash: ByteCount?, memory: ByteCount?) {
    if let flash { (self.flash, reservedFlash) = (flash.bytes, 0) }
    if let memory { (self.memory, arenaMemory, reservedMemory) = (memory.bytes, memory.bytes, 0) }
  }
}

extension NumberFormat {
  /// 216, 12.5
  static func significantWhole(_ value: Double) -> String {
    value == value.rounded() ? fixed(value, digits: 0) : fixed(value, digits: 1)
  }
}
