import Graph

extension Pass {
  public static func layout(_ layout: DataLayout, keepsPortLayout: Bool) -> Pass {
    Pass(name: "layout", summary: "") { _ throws(Diagnostic) in PassSummary() }
  }
}
