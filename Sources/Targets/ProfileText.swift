import JSONText
import Reporting

extension TargetProfile {
  /// "216", "12.5"
  public var clock: String { NumberFormat.significantWhole(megahertz) }

  /// Everything about the device, for a terminal.
  public func text(width: Int = 80) -> String {
    let width = min(width, 100)
    let extensions = [
      ("floating point", hasFloatingPoint), ("DSP", hasDSP), ("vectors", hasVectors),
    ].filter(\.1).map(\.0)
    func size(_ bytes: Int) -> String { ByteCount(bytes: bytes).text }
    var rows = [
      ("name", name), ("also", aliases.joined(separator: ", ")), ("core", "\(core), \(clock) MHz"),
      ("extensions", extensions.isEmpty ? "none" : extensions.joined(separator: ", ")),
      ("flash", "\(size(flash)), \(size(reservedFlash)) of it for the firmware"),
      ("SRAM", size(memory)),
      ("arena", "at most \(size(arenaMemory)) in one piece, \(size(reservedMemory)) of it for the firmware"),
      ("kernels", kernels == .reference ? "reference" : kernels.rawValue),
    ]
    if let cost {
      func cycles(_ value: Double) -> String { NumberFormat.significant(value, digits: 3) }
      rows.append(
        (
          "cycles/MAC",
          "\(cycles(cost.convolution)) convolution, \(cycles(cost.depthwise)) depthwise, \(cycles(cost.dense)) dense; "
            + "may be off by \(NumberFormat.fixed(cost.uncertainty * 100, digits: 0)) %"
        ))
      rows.append(("source", cost.source))
    }
    rows.removeAll { $0.1.isEmpty }
    let widest = rows.map(\.0.count).max() ?? 0
    let margin = String(repeating: " ", count: widest + 2)
    let lines = rows.map { title, value in
      let room = width - margin.count
      let parts = value.printable().wrapped(to: room).split(separator: "\n").map { margin + $0 + "\n" }
      return title + parts.joined().dropFirst(title.count)
    }
    let remarks = notes.map { "- \($0)".printable().wrapped(to: width, hanging: 2) }
    return title.printable() + "\n\n" + lines.joined() + (remarks.isEmpty ? "" : "\n" + remarks.joined())
  }

  public var json: JSON {
    .object([
      "name": .string(name), "aliases": .strings(aliases), "title": .string(title), "core": .string(core),
      "clock_mhz": .number(megahertz), "flash_bytes": .integer(flash), "sram_bytes": .integer(memory),
      "arena_bytes": .integer(arenaMemory), "firmware_flash_bytes": .integer(reservedFlash),
      "firmware_sram_bytes": .integer(reservedMemory), "float": .bool(hasFloatingPoint), "dsp": .bool(hasDSP),
      "vectors": .bool(hasVectors), "kernels": .string(kernels.rawValue), "notes": .strings(notes),
      "cost": .optional(cost) { cost in
        .object([
          "cycles_per_mac": .object([
            "convolution": .number(cost.convolution), "depthwise": .number(cost.depthwise),
            "dense": .number(cost.dense),
          ]),
          "cycles_per_operator": .number(cost.perOperator), "uncertainty": .number(cost.uncertainty),
          "source": .string(cost.source),
        ])
      },
    ])
  }
}
