import Graph
import TensorMath

/// What `--version` prints; with `--verbose` also how this machine is used.
struct VersionReport {
  var isVerbose: Bool

  func print() throws {
    var text = "\(edgeopt.name) \(edgeopt.version)\n"
    if isVerbose {
      let kernels = try Machine.kernels()
      text += "instruction set: \(kernels.name)\n"
      text += "available here: \(KernelSet.available.map(\.name).joined(separator: ", "))\n"
      text += "threads: \(Machine.processorCount)\n"
    }
    Terminal.output.write(text)
  }
}
