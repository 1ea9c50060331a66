import Graph
import Testing

@testable import Targets

@Suite("Broken profiles")
struct ProfileErrorTests {
  static let sound = """
    name: board
    title: My board
    core: Cortex-M4
    clock-mhz: 80
    flash: 512k
    sram: 128k
    """

  func message(_ text: String) -> String? {
    do throws(Diagnostic) {
      _ = try TargetProfile(parsing: Array(text.utf8), path: "board.yaml")
      return nil
    } catch {
      return error.kind == .badData ? error.message : "another kind: \(error)"
    }
  }

  @Test("the shortest profile: the arena may be all the SRAM, nothing is reserved")
  func shortest() throws {
    let profile = try TargetProfile(parsing: Array(Self.sound.utf8), path: "board.yaml")
    #expect(profile.arenaMemory == 128 << 10 && profile.reservedFlash == 0 && profile.cost == nil)
    #expect(profile.kernels == .reference)
    #expect(profile.heading == "My board (Cortex-M4, 80 MHz)")
  }

  @Test(
    "each mistake is told with its line",
    arguments: [
      ("flsh: 1M", "7:1: there is no 'flsh' in a device profile; did you mean 'flash'?"),
      ("arena: 256k", "7:8: 'arena' is larger than 'sram', of which it is a part"),
      ("arena: big", "7:8: 'arena' takes a size such as 65536, 64k or 1.5M (a k is 1,024 bytes), not 'big'"),
      ("firmware-sram: 200k", "7:16: 'firmware-sram' leaves nothing of the 128k that there are"),
      ("firmware-flash: 513k", "7:17: 'firmware-flash' leaves nothing of the 512k that there are"),
      (
        "kernels: CMSIS_NN",
        "7:10: 'kernels' is one of reference, CMSIS-NN, ESP-NN, not 'CMSIS_NN'; did you mean 'CMSIS-NN'?"
      ),
      ("dsp: maybe", "7:6: 'dsp' takes true or false, not 'maybe'"),
      ("notes: one", "7:8: 'notes' takes a list of texts, such as [one, two]"),
      (
        "cost: 3",
        "7:7: 'cost' has lines of its own: convolution, depthwise, dense, per-operator, uncertainty, source"
      ),
      ("name: other", "7:1: the key 'name' appears twice"),
      ("- x", "did not find expected"),
    ])
  func mistakes(line: String, expected: String) throws {
    let found = try #require(message(Self.sound + "\n" + line))
    #expect(found.hasPrefix("board.yaml:") && found.contains(expected), "\(found)")
  }

  @Test("all mistakes at once")
  func together() {
    let found = message("name: x\ntitle: X\nclock-mhz: fast\nflash: 1M\ncost:\n  dense: -1\n  uncertainty: 2")
    #expect(
      found == """
        board.yaml:1:1: 'core' is missing
        board.yaml:3:12: 'clock-mhz' takes a number from 0.001 to 10000, not 'fast'
        board.yaml:1:1: 'sram' is missing
        board.yaml:6:3: 'convolution' is missing
        board.yaml:6:3: 'depthwise' is missing
        board.yaml:6:10: 'dense' takes a number from 0.001 to 10000, not '-1'
        board.yaml:7:16: 'uncertainty' takes a number from 0 to 1, not '2'
        board.yaml:6:3: 'source' is missing
        """)
  }

  @Test("no mapping, nothing at all", arguments: ["", "42", "[1, 2]", "# a remark"])
  func shapes(text: String) throws {
    #expect(
      try #require(message(text)).contains("lines of 'name: value'") || message(text)!.contains("is missing"))
  }
}
