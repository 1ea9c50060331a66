import Foundation
import Testing

/// `targets`, and whether models fit.
@Suite struct TargetsTests {
  private func int8(in folder: TemporaryFolder) throws -> String {
    let path = folder.path("digits.tflite")
    let run = try ProgramRun(
      "quantize", ProgramRun.model, "--calib", "\(ProgramRun.digits)/calib_x.npy", "--scale", "1/16", "-o",
      path, "-q")
    #expect(run.status == 0, "\(run.error)")
    return path
  }

  @Test func theTableFitsATerminal() throws {
    let run = try ProgramRun("targets", environment: ["COLUMNS": "80"])
    #expect(run.status == 0)
    let lines = run.output.split(separator: "\n")
    #expect(lines.count >= 15 && lines.allSatisfy { $0.count <= 80 })
    let json = try ProgramRun("targets", "--json").json()
    #expect((json["targets"] as? [[String: Any]])?.count == lines.count - 3)
  }

  @Test func oneDeviceInDetail() throws {
    let run = try ProgramRun("targets", "nano33ble")
    #expect(run.status == 0 && run.output.contains("MLPerf Tiny v0.5"))
    let json = try ProgramRun("targets", "nano33ble", "--json").json()
    #expect(json["name"] as? String == "arduino-nano-33-ble" && json["flash_bytes"] as? Int == 1 << 20)
    let slip = try ProgramRun("targets", "stm32f764")
    #expect(slip.status == 64 && slip.error.contains("did you mean 'stm32f746'?"))
    #expect(try ProgramRun("targets", "--yaml").status == 64)
  }

  @Test func aProfileOfOnesOwn() throws {
    let folder = try TemporaryFolder()
    let model = try int8(in: folder)
    let path = folder.path("board.yaml")
    #expect(try ProgramRun("targets", "nrf52840", "--yaml", "-o", path).status == 0)
    let text = try String(contentsOfFile: path, encoding: .utf8).replacing(
      "name: nrf52840", with: "name: mine"
    )
    .replacing("sram: 256k", with: "sram: 16k").replacing("arena: 256k", with: "arena: 16k")
    try text.replacing("firmware-sram: 16k", with: "firmware-sram: 8k").write(
      toFile: path, atomically: true, encoding: .utf8)
    let fit = try #require(
      try ProgramRun("inspect", model, "--target", path, "--json").json()["target"] as? [String: Any])
    #expect(fit["name"] as? String == "mine")
    let memory = try #require(fit["memory"] as? [String: Any])
    #expect(memory["available"] as? Int == 16384 && memory["reserved"] as? Int == 8192)
    let used = try #require(memory["used"] as? Int)
    #expect(memory["fits"] as? Bool == (used <= 8192))
    try "flash: lots\ncolour: red\n".write(toFile: path, atomically: true, encoding: .utf8)
    let broken = try ProgramRun("inspect", model, "--target", path)
    #expect(broken.status == 65)
    #expect(
      broken.error.contains("\(path):1:8: 'flash' takes a size")
        && broken.error.contains(":2:1: there is no 'colour'"))
  }

  @Test func whatDoesNotFitIsSaid() throws {
    let folder = try TemporaryFolder()
    let model = try int8(in: folder)
    let run = try ProgramRun(
      "inspect", model, "--target", "stm32f746", "--flash", "10k", environment: ["COLUMNS": "80"])
    #expect(run.status == 0 && run.output.contains("TOO LARGE") && run.output.contains("STM32F746"))
    let size = try #require(
      try FileManager.default.attributesOfItem(atPath: model)[.size] as? Int)
    let exact = try ProgramRun("inspect", model, "--flash", "\(size)")
    #expect(exact.output.contains("fits") && !exact.output.contains("TOO LARGE"))
    #expect(try ProgramRun("inspect", model, "--flash", "\(size - 1)").output.contains("TOO LARGE"))
    let float = try ProgramRun("inspect", ProgramRun.model, "--target", "stm32f746")
    #expect(float.status == 64 && float.error.contains("edgeopt quantize"))
  }

  @Test func compareTellsOfTheModelAfter() throws {
    let folder = try TemporaryFolder()
    let model = try int8(in: folder)
    let fit = try #require(
      try ProgramRun("compare", ProgramRun.model, model, "--target", "m4", "--json").json()["target"]
        as? [String: Any])
    #expect(fit["name"] as? String == "stm32l4r5")
    let time = try #require((fit["latency"] as? [String: Any])?["milliseconds"] as? Double)
    #expect((10...60).contains(time))
    #expect(try ProgramRun("compare", model, ProgramRun.model, "--target", "m4").status == 64)
  }

  @Test func quantizePutsItIntoTheReport() throws {
    let folder = try TemporaryFolder()
    let report = folder.path("r.json")
    let run = try ProgramRun(
      "quantize", ProgramRun.model, "--calib", "\(ProgramRun.digits)/calib_x.npy", "--scale", "1/16", "-o",
      folder.path("m.tflite"), "--target", "nucleo-l4r5zi", "--report", report)
    #expect(run.status == 0 && run.output.contains("STM32L4R5"))
    let document =
      try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: report))) as! [String: Any]
    let fit = try #require(document["target"] as? [String: Any])
    #expect(fit["kernels"] as? String == "CMSIS-NN")
    let after = try #require(document["after"] as? [String: Any])
    #expect((fit["flash"] as? [String: Any])?["used"] as? Int == after["file_bytes"] as? Int)
    // 360,000 multiply-accumulates of convolutions and a few depthwise ones at 120 MHz.
    let time = try #require((fit["latency"] as? [String: Any])?["milliseconds"] as? Double)
    #expect((10...60).contains(time))
  }
}
