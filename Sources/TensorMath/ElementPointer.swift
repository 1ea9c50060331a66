import Storage

extension View {
  /// Where the elements begin. Valid while the view lives.
  var elementPointer: UnsafeMutablePointer<Element> { base.assumingMemoryBound(to: Element.self) }
}
