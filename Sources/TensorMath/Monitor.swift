#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A lock that threads can wait on. Foundation has one too, but loading Foundation takes longer than a small model.
///
///     monitor.lock()
///     while !isReady { monitor.wait() }
///     monitor.unlock()
public final class Monitor: @unchecked Sendable {
  // Unchecked: the two objects are made to be shared, and their addresses never change.
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)

  public init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_cond_destroy(condition)
    pthread_mutex_destroy(mutex)
    condition.deallocate()
    mutex.deallocate()
  }

  public func lock() { pthread_mutex_lock(mutex) }
  public func unlock() { pthread_mutex_unlock(mutex) }
  /// Lets the lock go until somebody calls ``broadcast()``; the caller holds the lock before and after.
  public func wait() { pthread_cond_wait(condition, mutex) }
  public func broadcast() { pthread_cond_broadcast(condition) }
}
