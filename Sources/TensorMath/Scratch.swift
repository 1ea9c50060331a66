import Storage

/// Hands out aligned pieces of a scratch buffer, front to back.
struct Scratch {
  private var next: UnsafeMutableRawPointer
  private let end: UnsafeMutableRawPointer

  init(_ buffer: View<UInt8>) {
    next = buffer.base
    end = buffer.base + buffer.count
  }

  mutating func take<Element: BitwiseCopyable>(_ type: Element.Type, _ count: Int) -> UnsafeMutablePointer<
    Element
  > {
    let start = next.alignedUp(toMultipleOf: Storage.alignment)
    next = start + count * MemoryLayout<Element>.stride
    precondition(next <= end, "scratch is smaller than scratchByteCount says")
    return start.bindMemory(to: Element.self, capacity: count)
  }

  /// What `take` uses up at most.
  static func byteCount<Element: BitwiseCopyable>(_ type: Element.Type, _ count: Int) -> Int {
    count * MemoryLayout<Element>.stride + Storage.alignment
  }
}

extension View where Element == Float {
  /// For the kernels, which load and store without regard to alignment.
  var pointer: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
}

/// `value / divisor`, rounded up.
func quotient(_ value: Int, _ divisor: Int) -> Int { (value + divisor - 1) / divisor }
