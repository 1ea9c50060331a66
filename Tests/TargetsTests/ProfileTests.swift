import Graph
import Reporting
import Testing

@testable import Targets

@Suite("Device profiles")
struct ProfileTests {
  @Test("each profile is complete and sane, and its file is named after it")
  func library() throws {
    let profiles = try TargetProfile.all()
    #expect(profiles.count >= 13)
    for (profile, text) in zip(profiles, TargetProfile.texts) {
      #expect(text.file == profile.name + ".yaml")
      #expect(!profile.title.isEmpty && !profile.core.isEmpty && !profile.notes.isEmpty)
      #expect((16...1000).contains(profile.megahertz), "\(profile.name)")
      #expect(profile.flash >= 256 << 10 && profile.memory >= 32 << 10, "\(profile.name)")
      #expect(profile.arenaMemory <= profile.memory && profile.reservedMemory < profile.arenaMemory)
      #expect(profile.reservedFlash > 0 && profile.reservedFlash < profile.flash)
      // Cores without a DSP extension have none of the wider ones.
      if profile.core.hasPrefix("Cortex-M0") { #expect(!profile.hasDSP && !profile.hasFloatingPoint) }
      if profile.core == "Cortex-M55" || profile.core == "Cortex-M85" { #expect(profile.hasVectors) }
      guard let cost = profile.cost else { continue }
      #expect(cost.source.count > 40, "\(profile.name) names no source")
      #expect(cost.uncertainty > 0 && cost.convolution <= cost.depthwise, "\(profile.name)")
    }
  }

  @Test(
    "the devices that are promised are there",
    arguments: [
      ("cortex-m0+", "Cortex-M0+"), ("stm32l4", "Cortex-M4F"), ("nrf52840", "Cortex-M4F"),
      ("nano33ble", "Cortex-M4F"), ("stm32f746", "Cortex-M7"), ("H743", "Cortex-M7"), ("m33", "Cortex-M33"),
      ("m55", "Cortex-M55"), ("m85", "Cortex-M85"), ("ESP32S3", "Xtensa LX7"), ("rp2040", "Cortex-M0+"),
      ("pico2", "Cortex-M33"), ("Nano 33_BLE", "Cortex-M4F"),
    ])
  func named(name: String, core: String) throws {
    #expect(try TargetProfile.named(name).core == core)
  }

  @Test("no name stands for two devices")
  func distinctNames() throws {
    var owner: [String: String] = [:]
    for profile in try TargetProfile.all() {
      for name in [profile.name] + profile.aliases {
        let key = name.lowercased().filter { $0 != "-" && $0 != "_" }
        #expect((owner[key] ?? profile.name) == profile.name, "\(name)")
        owner[key] = profile.name
      }
    }
  }

  @Test("an unknown name gets the nearest one")
  func unknown() throws {
    let slip = #expect(throws: Diagnostic.self) { try TargetProfile.named("stm32f764") }
    #expect(slip?.kind == .usage)
    #expect(slip?.message == "there is no target 'stm32f764'")
    #expect(slip?.hint == "did you mean 'stm32f746'?")
    let far = #expect(throws: Diagnostic.self) { try TargetProfile.named("toaster") }
    #expect(far?.hint?.contains("stm32l4r5") == true)
    let file = #expect(throws: Diagnostic.self) { try TargetProfile.named("./absent.yaml") }
    #expect(file?.kind == .missing)
  }

  @Test("a profile is printed as its file has it, and read again")
  func yaml() throws {
    let text = try TargetProfile.text(of: "nano33ble")
    let again = try TargetProfile(parsing: Array(text.utf8), path: "board.yaml")
    #expect(try again == TargetProfile.named("arduino-nano-33-ble"))
  }

  @Test("the details fit 80 columns")
  func details() throws {
    for profile in try TargetProfile.all() {
      let lines = profile.text(width: 80).split(separator: "\n")
      #expect(lines.allSatisfy { $0.count <= 80 }, "\(profile.name)")
    }
  }
}
