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

  /// Where files go that only this process needs.
  static var temporaryFolder: String {
    Terminal.environment("TMPDIR").flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
  }

  /// Processor time that this process has used, of all its threads.
  static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  /// The most memory that this process has had; 0 where the system does not say.
  static var peakMemoryByteCount: Int {
    #if canImport(Glibc)
      // getrusage() would count what the process that started this one had.
      let file = open("/proc/self/status", O_RDONLY)
      guard file >= 0 else { return 0 }
      defer { close(file) }
      var bytes = [UInt8](repeating: 0, count: 8192)
      let count = bytes.withUnsafeMutableBytes { read(file, $0.baseAddress, $0.count) }
      let lines = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self).split(separator: "\n")
      let words = lines.first { $0.hasPrefix("VmHWM:") }?.split(whereSeparator: \.isWhitespace) ?? []
      return words.count > 1 ? (Int(words[1]) ?? 0) * 1024 : 0
    #else
      var usage = rusage()
      return getrusage(RUSAGE_SELF, &usage) == 0 ? Int(usage.ru_maxrss) : 0
    #endif
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
