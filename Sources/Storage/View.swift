/// Typed elements inside a ``Storage``, kept alive by the view. Copying a view shares the elements.
///
/// Elements may be unaligned (a mapped file promises nothing), so access goes through unaligned loads.
///
///     let numbers = Storage(byteCount: 16).view(of: Float.self)
///     numbers[3] = 2
public struct View<Element: BitwiseCopyable>: @unchecked Sendable {
  // Unchecked for the reason given at Storage.

  public let storage: Storage
  @usableFromInline package let base: UnsafeMutableRawPointer
  public let count: Int

  @usableFromInline
  package init(storage: Storage, base: UnsafeMutableRawPointer, count: Int) {
    self.storage = storage
    self.base = base
    self.count = count
  }

  /// A view of new, zeroed memory.
  public init(count: Int) {
    self = Storage(byteCount: count * MemoryLayout<Element>.stride).view()
  }

  /// A view of new memory that holds these elements.
  public init(_ elements: some Collection<Element>) {
    self.init(count: elements.count)
    let isCopied: Void? = elements.withContiguousStorageIfAvailable { source in
      if let start = source.baseAddress {
        base.copyMemory(from: start, byteCount: source.count * MemoryLayout<Element>.stride)
      }
    }
    if isCopied != nil { return }
    var index = 0
    for element in elements {
      self[index] = element
      index += 1
    }
  }

  /// Where in the storage the first element is.
  public var byteOffset: Int { base - storage.base }

  @inlinable
  public subscript(index: Int) -> Element {
    @inline(__always) get {
      precondition(index >= 0 && index < count, "index out of bounds")
      return base.loadUnaligned(fromByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }
    @inline(__always) nonmutating set {
      precondition(index >= 0 && index < count, "index out of bounds")
      base.storeBytes(of: newValue, toByteOffset: index &* MemoryLayout<Element>.stride, as: Element.self)
    }
  }

  /// The elements in `range`, sharing memory with this view.
  public subscript(range: Range<Int>) -> View {
    precondition(range.lowerBound >= 0 && range.upperBound <= count, "range out of bounds")
    return View(
      storage: storage, base: base + range.lowerBound * MemoryLayout<Element>.stride, count: range.count)
  }

  /// The same bytes seen as elements of another type.
  public func reinterpreted<Other: BitwiseCopyable>(as type: Other.Type) -> View<Other> {
    View<Other>(
      storage: storage, base: base, count: count * MemoryLayout<Element>.stride / MemoryLayout<Other>.stride)
  }

  /// The elements as an array of their own.
  public var array: [Element] {
    [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      if count > 0 {
        UnsafeMutableRawPointer(buffer.baseAddress!).copyMemory(
          from: base, byteCount: count * MemoryLayout<Element>.stride)
      }
      initialized = count
    }
  }

  /// Tells views of the same bytes from views of others; only good for comparing.
  public var address: UInt { UInt(bitPattern: base) }

  /// Tells the system that the mapped pages under these elements will not be needed soon.
  public func release() {
    storage.release(byteOffset: base - storage.base, byteCount: count * MemoryLayout<Element>.stride)
  }

  /// Sets every element.
  public func fill(_ value: Element) {
    for index in 0..<count { self[index] = value }
  }

  /// Copies all elements of `source` to the front of this view.
  public func copy(from source: View<Element>) {
    precondition(source.count <= count, "copy out of bounds")
    if source.count > 0 {
      base.copyMemory(from: source.base, byteCount: source.count * MemoryLayout<Element>.stride)
    }
  }
}
