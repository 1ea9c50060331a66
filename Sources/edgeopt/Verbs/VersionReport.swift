import Graph
import Reporting
import TensorMath

/// What `--version` prints: with `verbose` also how this machine is used, with `peak` also how fast it could be.
struct VersionReport {
  var details: Set<String>

  func print() throws {
    var text = "\(edgeopt.name) \(edgeopt.version)\n"
    if details.contains("verbose") {
      let kernels = try Machine.kernels()
      text += "instruction set: \(kernels.name)\n"
      text += "available here: \(KernelSet.available.map(\.name).joined(separator: ", "))\n"
      text += "threads: \(Machine.processorCount)\n"
    }
    if details.contains("peak") {
      for threads in Set([1, Machine.processorCount]).sorted() {
        let peak = try Machine.workers(threads: threads).measureFMAPeak() / 1e9
        text += "fma peak, \(threads) threads: \(NumberFormat.fixed(peak, digits: 1)) GFLOP/s\n"
      }
    }
    Terminal.output.write(text)
  }
}
