import Reporting

extension TargetProfile {
  /// Whether the model fits, and by how much; nil for models that do not run on a device as they are.
  ///
  /// The whole file lies in flash. `work` gives a time where the profile has figures for one.
  public func fit(of model: Report.Model, work: Workload? = nil) -> Report.TargetFit? {
    guard let arena = model.arena else { return nil }
    return fit(flash: model.fileBytes, memory: arena.minimum, isInt8: isInt8(model), work: work)
  }

  /// The same for a file's bytes and an arena's.
  public func fit(flash fileBytes: Int, memory arena: Int, isInt8: Bool = true, work: Workload? = nil)
    -> Report.TargetFit
  {
    var fit = Report.TargetFit(
      name: name, title: heading, core: core, kernels: kernels.rawValue,
      flash: .init(available: flash, reserved: reservedFlash, used: fileBytes),
      memory: .init(available: arenaMemory, reserved: reservedMemory, used: arena))
    // Figures are those of int8 kernels.
    if let cost, let work, isInt8 {
      fit.latency = .init(
        milliseconds: cost.milliseconds(for: work, megahertz: megahertz),
        basis: "\(cost.source); may be off by \(NumberFormat.fixed(cost.uncertainty * 100, digits: 0)) %")
    }
    fit.notes = notes
    return fit
  }

  private func isInt8(_ model: Report.Model) -> Bool { !model.precision.contains("float32") }
}
