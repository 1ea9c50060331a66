import CKernels
import Dispatch

/// The integer micro-kernels of an instruction set, with the processor's dot products of bytes where it has them.
/// All return the same bytes.
///
///     print(Int8Kernels.current.name)  // avx512 with dot products
public struct Int8Kernels: Sendable, Hashable {
  // A table of constant functions: the pointer never dangles and nothing behind it changes.
  nonisolated(unsafe) let table: UnsafePointer<int8_kernels>
  public let name: String

  /// The fastest ones of a kernel set on this machine.
  public init(_ set: KernelSet) { self = Int8Kernels.variants(of: set).last! }

  private init(table: UnsafePointer<int8_kernels>, name: String) {
    self.table = table
    self.name = name
  }

  /// Those of the kernel set in use.
  public static let current = Int8Kernels(KernelSet.current)

  /// The plain twins that the fast kernels are compared with.
  public static let reference = Int8Kernels(KernelSet.reference)

  /// Everything that this machine can run.
  public static var available: [Int8Kernels] { KernelSet.available.flatMap(variants) }

  private static func variants(of set: KernelSet) -> [Int8Kernels] {
    let plain = Int8Kernels(table: set.table.pointee.int8, name: set.name)
    guard let dot = set.table.pointee.int8_dot, kernel_set_has_dot_products(set.table) else { return [plain] }
    return [plain, Int8Kernels(table: dot, name: "\(set.name) with dot products")]
  }

  /// Multiply-adds of bytes per second that one thread reaches, with everything in registers: what speeds are
  /// compared with.
  public func measurePeak() -> Double {
    (0..<Int8Kernels.peakTrials).map { _ in
      let start = DispatchTime.now().uptimeNanoseconds
      let count = table.pointee.exercise(Int8Kernels.peakRounds)
      return count / (Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
    }.max()!
  }

  private static let peakTrials = 20
  private static let peakRounds = 200_000
}
