import Graph

extension OperatorRegistry {
  static let attention: [OperatorEntry] = []
}
