import Graph

extension Legalization {
  /// Unrolls every LSTM in ``observation``.
  mutating func observeCellStates() throws(Diagnostic) {
  }
}
