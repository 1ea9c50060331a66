import YAML

extension RecipeFile {
  /// The line of each gate that the file declares, for annotations beside it.
  ///
  ///     let line = try RecipeFile(path: "recipe.yaml").gateLines["max-drop"]
  public var gateLines: [String: Int] {
    guard let document = try? YAMLNode(parsing: bytes) else { return [:] }
    var lines: [String: Int] = [:]
    for entry in RecipeNode(document)["gates"]?.entries ?? [] {
      if case .file(let line, _) = entry.place { lines[entry.key] = line }
    }
    return lines
  }
}
