import Storage

extension View {
  /// Where the elements begin. Valid while the view lives.
  var elementPointer: UnsafeMutablePointer<Element> { base.assumingMemoryBound(to: Element.self) }
}

extension View {
  /// The same memory as bytes.
  var bytes: View<UInt8> { reinterpreted(as: UInt8.self) }
}
