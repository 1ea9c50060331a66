import Graph
import TensorMath

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The processor that does the work.
enum Machine {
  /// Processors that this process may use.
  static var processorCount: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }

  /// Processor time that this process has used, of all its threads.
  static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The kernels in use, or a clear word when the processor is too old or `EDGEOPT_ISA` asks for what it lacks.
  static func kernels() throws(Diagnostic) -> KernelSet {
    do throws(KernelSetError) {
      return try KernelSet.chosen(named: Terminal.environment(KernelSet.environmentVariable))
    } catch {
      switch error {
      case .machineTooOld: throw Diagnostic(.failed, error.description)
      case .unknownName, .notOnThisMachine:
        throw Diagnostic(
          .usage, error.description, hint: "unset \(KernelSet.environmentVariable) to use the fastest one")
      }
    }
  }

  static func workers(threads: Int?) throws(Diagnostic) -> Workers {
    Workers(threads: threads ?? processorCount, kernels: try kernels())
  }
}
