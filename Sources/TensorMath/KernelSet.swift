import CKernels

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The micro-kernels of one instruction set. All sets return the same bits; they differ in speed only.
///
///     let kernels = try KernelSet.chosen(named: "avx512")
///     print(kernels.name)  // avx512
public struct KernelSet: Sendable, Hashable {
  // A table of constant functions: the pointer never dangles and nothing behind it changes.
  nonisolated(unsafe) let table: UnsafePointer<kernel_set>

  public var name: String { String(cString: table.pointee.name) }

  /// Whether this machine has the instructions.
  public var runsHere: Bool { kernel_set_runs_here(table) }

  /// Every set in this build, from the plain reference to the fastest.
  public static let all: [KernelSet] = (0..<kernel_set_count()).map { KernelSet(table: kernel_set_at($0)) }

  /// The sets that this machine can run.
  public static var available: [KernelSet] { all.filter(\.runsHere) }

  /// The plain twins that the fast kernels are compared with.
  public static var reference: KernelSet { all[0] }

  /// The set in use: the one that `EDGEOPT_ISA` names, else the fastest one of this machine.
  ///
  /// A program calls ``chosen(named:)`` first, which tells what is wrong with the name or the machine.
  public static let current: KernelSet =
    (try? chosen(named: getenv(environmentVariable).map { String(cString: $0) })) ?? reference

  public static let environmentVariable = "EDGEOPT_ISA"

  /// Names that ``chosen(named:)`` knows on some machine.
  public static let knownNames = ["ref", "avx2", "avx512", "neon"]

  /// The set of that name, or the fastest one of this machine.
  public static func chosen(named name: String?) throws(KernelSetError) -> KernelSet {
    guard reference.runsHere, let fastest = available.last else { throw .machineTooOld }
    guard let name, !name.isEmpty else { return fastest }
    guard knownNames.contains(name) else { throw .unknownName(name) }
    guard let set = available.first(where: { $0.name == name }) else {
      throw .notOnThisMachine(name, available: available.map(\.name))
    }
    return set
  }
}

/// Why a kernel set could not be had.
public enum KernelSetError: Error, Hashable, CustomStringConvertible {
  case machineTooOld
  case unknownName(String)
  case notOnThisMachine(String, available: [String])

  public var description: String {
    switch self {
    case .machineTooOld:
      "this processor lacks AVX2 and FMA; edgeopt needs x86-64-v3 (2013 or newer) or arm64"
    case .unknownName(let name):
      "\(KernelSet.environmentVariable)='\(name)' is not an instruction set; "
        + "known are \(KernelSet.knownNames.joined(separator: ", "))"
    case .notOnThisMachine(let name, let available):
      "\(KernelSet.environmentVariable)='\(name)' cannot run on this processor; "
        + "it has \(available.joined(separator: ", "))"
    }
  }
}
