import Arguments
import Graph
import Reporting
import Targets

/// The device that a model is for.
struct TargetOptions: ArgumentGroup {
  @Option(
    "The device that the model is for: says whether it fits. 'edgeopt targets' lists them; the path of a profile of "
      + "your own, NAME.yaml, is taken too.", value: "NAME", completion: .file(["yaml"]))
  var target: String?
  @Option("The flash that the model may take, for instance 256k.", value: "SIZE") var flash: ByteCount?
  @Option("The memory that its arena may take, for instance 64k.", value: "SIZE") var memory: ByteCount?

  /// nil where nothing was said of a device.
  func profile() throws(Diagnostic) -> TargetProfile? {
    guard let target else {
      return flash == nil && memory == nil ? nil : TargetProfile(flash: flash, memory: memory)
    }
    var profile = try TargetProfile.named(target)
    profile.limit(flash: flash, memory: memory)
    return profile
  }
}

extension ByteCount: ArgumentValue {
  public init(argument: String) throws(InvalidValue) {
    guard let size = ByteCount(argument) else { throw InvalidValue(ByteCount.expected) }
    self = size
  }
  public var argumentText: String { description }
  public static var form: ValueForm { .pattern("^[0-9]+(\\.[0-9]+)? *([kKmMgG]([iI]?[bB])?|[bB])?$") }
}
