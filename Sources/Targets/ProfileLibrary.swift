import Arguments
import Graph

extension TargetProfile {
  /// The profiles that come with the program, as the texts of their files.
  static let texts: [(file: String, bytes: [UInt8])] = [
    ("cortex-m0plus.yaml", PackageResources.cortex_m0plus_yaml),
    ("rp2040.yaml", PackageResources.rp2040_yaml),
    ("stm32l4r5.yaml", PackageResources.stm32l4r5_yaml),
    ("nrf52840.yaml", PackageResources.nrf52840_yaml),
    ("arduino-nano-33-ble.yaml", PackageResources.arduino_nano_33_ble_yaml),
    ("stm32f746.yaml", PackageResources.stm32f746_yaml),
    ("stm32h743.yaml", PackageResources.stm32h743_yaml),
    ("nrf5340.yaml", PackageResources.nrf5340_yaml),
    ("stm32u575.yaml", PackageResources.stm32u575_yaml),
    ("rp2350.yaml", PackageResources.rp2350_yaml),
    ("corstone-300.yaml", PackageResources.corstone_300_yaml),
    ("ra8m1.yaml", PackageResources.ra8m1_yaml),
    ("esp32-s3.yaml", PackageResources.esp32_s3_yaml),
  ]

  /// All that come with the program, from small cores to large ones.
  public static func all() throws(Diagnostic) -> [TargetProfile] {
    var profiles: [TargetProfile] = []
    for text in texts { profiles.append(try TargetProfile(parsing: text.bytes, path: text.file)) }
    return profiles
  }

  /// The profile of that name or alias, whatever its case; a path (with a slash, or ending in .yaml) is read as a
  /// profile of one's own.
  public static func named(_ name: String) throws(Diagnostic) -> TargetProfile {
    let lowered = name.lowercased()
    if name.contains("/") || lowered.hasSuffix(".yaml") || lowered.hasSuffix(".yml") {
      return try TargetProfile(path: name)
    }
    let profiles = try all()
    let plain = { (text: String) in text.lowercased().filter { $0 != "-" && $0 != "_" && $0 != " " } }
    if let found = profiles.first(where: { ([$0.name] + $0.aliases).map(plain).contains(plain(name)) }) {
      return found
    }
    let near = Suggestion.nearest(to: name, among: profiles.flatMap { [$0.name] + $0.aliases })
    throw Diagnostic(
      .usage, "there is no target '\(name)'",
      hint: near.map { "did you mean '\($0)'?" }
        ?? "targets: \(profiles.map(\.name).joined(separator: ", ")); or the path of a profile, NAME.yaml")
  }

  /// The text of a profile's file, to begin one's own with.
  public static func text(of name: String) throws(Diagnostic) -> String {
    let profile = try named(name)
    let file = texts.first { $0.file == profile.name + ".yaml" }
    return file.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
  }
}
