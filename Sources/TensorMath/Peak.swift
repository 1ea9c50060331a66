import CKernels
import Dispatch
import Storage

extension Workers {
  /// The most floating-point operations per second that these threads reach together with fused multiply-adds alone:
  /// what speeds are compared with.
  ///
  ///     print(Workers(threads: 2).measureFMAPeak() / 1e9, "GFLOP/s")
  public func measureFMAPeak() -> Double {
    (0..<Workers.peakTrials).map { _ in
      let start = DispatchTime.now().uptimeNanoseconds
      let operations = View<Double>(count: threads)
      DispatchQueue.concurrentPerform(iterations: threads) { thread in
        operations[thread] = kernels.table.pointee.gemm.pointee.exercise_fma(Workers.peakRounds)
      }
      let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
      return operations.array.reduce(0, +) / seconds
    }.max()!
  }

  private static let peakTrials = 20
  private static let peakRounds = 200_000
}
