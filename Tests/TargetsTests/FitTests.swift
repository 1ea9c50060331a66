import Reporting
import Testing

@testable import Targets

@Suite("Whether a model fits")
struct FitTests {
  var board: TargetProfile {
    var board = TargetProfile(
      name: "board", title: "Board", core: "Cortex-M4", megahertz: 100, flash: 100_000, memory: 50_000,
      arenaMemory: 40_000)
    board.reservedFlash = 20_000
    board.reservedMemory = 5_000
    return board
  }

  @Test(
    "to the byte",
    arguments: [(80_000, 35_000, true, true), (80_001, 35_000, false, true), (1, 35_001, true, false)])
  func border(flash: Int, memory: Int, fitsFlash: Bool, fitsMemory: Bool) {
    let fit = board.fit(flash: flash, memory: memory)
    #expect(fit.flash.fits == fitsFlash && fit.memory.fits == fitsMemory)
    #expect(fit.flash.left == 80_000 - flash && fit.memory.left == 35_000 - memory)
    #expect(fit.fits == (fitsFlash && fitsMemory))
    #expect(fit.title == "Board (Cortex-M4, 100 MHz)" && fit.kernels == "reference")
    #expect(fit.latency == nil)
  }

  @Test("limits are what the model may take: nothing is reserved of them")
  func limits() {
    let fit = TargetProfile(flash: ByteCount("256k"), memory: nil).fit(flash: 262_144, memory: 1 << 30)
    #expect(fit.flash.fits && fit.flash.left == 0 && fit.flash.available == 262_144)
    #expect(fit.memory.fits && fit.memory.available == 1 << 32)
    #expect(fit.notes == ["no limit was given for memory: all that 32-bit addresses reach"])
    var tight = board
    tight.limit(flash: nil, memory: ByteCount("8k"))
    #expect(tight.fit(flash: 80_000, memory: 8192).fits)
    #expect(!tight.fit(flash: 80_000, memory: 8193).fits)
  }

  @Test("times are cycles over the clock, by kind, for int8 only")
  func time() throws {
    var board = board
    board.cost = CostModel(
      convolution: 2, depthwise: 10, dense: 4, perOperator: 100, uncertainty: 0.25, source: "a bench")
    var work = Workload()
    work.add("CONV_2D", macs: 1000)
    work.add("DEPTHWISE_CONV_2D", macs: 100)
    work.add("FULLY_CONNECTED", macs: 50)
    work.add("RESHAPE", macs: 0)
    let latency = try #require(board.fit(flash: 1, memory: 1, work: work).latency)
    // 2,000 + 1,000 + 200 + 400 cycles at 100 MHz.
    #expect(abs(latency.milliseconds - 0.036) < 1e-12)
    #expect(latency.basis == "a bench; may be off by 25 %")
    #expect(board.fit(flash: 1, memory: 1, isInt8: false, work: work).latency == nil)
  }

  /// The published runs that the figures come from: MACs of the reference models by kind, and inferences a second.
  @Test(
    "the Cortex-M4's figures give the published times back",
    arguments: [
      ("ad", 0, 0, 264_192, 99.487), ("ic", 12_500_992, 0, 640, 1.420),
      ("kws", 2_368_000, 288_000, 768, 5.497), ("vww", 6_690_816, 798_336, 512, 1.665),
    ])
  func published(name: String, convolution: Int, depthwise: Int, dense: Int, rate: Double) throws {
    let profile = try TargetProfile.named("nucleo-l4r5zi")
    var work = Workload()
    (work.convolution, work.depthwise, work.dense) = (convolution, depthwise, dense)
    let cost = try #require(profile.cost)
    let ratio = cost.milliseconds(for: work, megahertz: profile.megahertz) * rate / 1000
    #expect(abs(ratio - 1) <= cost.uncertainty, "\(name): \(ratio)")
  }

  @Test("a model without an arena has no fit")
  func float() {
    let model = Report.Model(
      path: "m.onnx", format: "onnx", sha256: "", precision: "float32", fileBytes: 1, compressedBytes: 1,
      parameters: 1, macs: 1, operators: 1, weightBytes: 1, graphBytes: 0)
    #expect(board.fit(of: model) == nil)
  }
}
