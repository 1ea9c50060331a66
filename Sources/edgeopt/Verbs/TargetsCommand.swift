import Arguments
import Graph
import JSONText
import Reporting
import Targets

struct TargetsCommand: Command {
  static let declaration = CommandDeclaration(
    name: "targets",
    summary: "Lists the devices that --target knows, or tells everything about one.",
    discussion: """
      A device profile says what there is: flash, memory, the core and its extensions, the kernels that TensorFlow Lite \
      Micro has for it and, where public figures allow one, a cost model that gives a time.

      A profile of your own is a file of the same form; '--yaml' prints one to begin with. A k is 1,024 bytes.
      """,
    examples: [
      .init("edgeopt targets", "The table."),
      .init("edgeopt targets stm32f746", "All about one, with the source of its figures."),
      .init("edgeopt targets nano33ble --yaml > board.yaml", "To change, and to use: --target board.yaml"),
      .init("edgeopt quantize model.onnx --calib x.npy --target stm32f746", "Says whether the model fits."),
    ])

  @Argument("A device's name, or the path of a profile.", value: "NAME") var name: String?
  @Flag("Print the profile as its file has it.", conflicts: ["json"]) var yaml = false
  @OptionGroup("output") var output: OutputOptions
  @OptionGroup("common options") var common: CommonOptions

  func validate() throws(UsageError) {
    if yaml, name == nil {
      throw UsageError("--yaml prints one profile", hint: "edgeopt targets NAME --yaml")
    }
  }

  func run() throws {
    try output.check(reading: [name].compactMap { $0 })
    guard let name else {
      let profiles = try TargetProfile.all()
      return try common.print(
        table(profiles), json: .object(["targets": .array(profiles.map(\.json))]), to: output)
    }
    let profile = try TargetProfile.named(name)
    let text = yaml ? try TargetProfile.text(of: name) : profile.text(width: Terminal.output.tableWidth)
    try common.print(text, json: profile.json, to: output)
  }

  private func table(_ profiles: [TargetProfile]) -> String {
    var table = Table([
      .text("target"), .text("core"), .number("MHz"), .number("flash"), .number("SRAM"), .number("arena"),
      .text("kernels"), .text("times"),
    ])
    for profile in profiles {
      table.add(
        profile.name, profile.core, profile.clock, ByteCount(bytes: profile.flash).text,
        ByteCount(bytes: profile.memory).text, ByteCount(bytes: profile.arenaMemory).text,
        profile.kernels.rawValue, profile.cost == nil ? "" : "yes")
    }
    return table.text(width: Terminal.output.tableWidth)
      + "\narena: the largest part of the SRAM that holds an arena in one piece\n"
  }
}
