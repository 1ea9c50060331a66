/// Where something in a recipe stands.
public enum RecipePlace: Sendable, Hashable, Comparable {
  /// In the file; both are counted from 1.
  case file(line: Int, column: Int)
  /// In the override of this index.
  case override(Int)

  public static func < (first: RecipePlace, second: RecipePlace) -> Bool {
    switch (first, second) {
    case (.file(let line, let column), .file(let otherLine, let otherColumn)):
      (line, column) < (otherLine, otherColumn)
    case (.file, .override): true
    case (.override, .file): false
    case (.override(let index), .override(let other)): index < other
    }
  }
}

/// Something that is wrong with a recipe.
public struct RecipeProblem: Sendable, Hashable {
  public var place: RecipePlace
  /// What was found and what was expected, with the nearest right word where there is one.
  public var message: String

  public init(_ place: RecipePlace, _ message: String) {
    self.place = place
    self.message = message
  }
}

/// All that is wrong with a recipe.
///
///     do { recipe = try Recipe(path: "recipe.yaml", …) } catch { print(error.text) }
public struct RecipeErrors: Error, Sendable {
  /// As the user named it.
  public var path: String
  public var problems: [RecipeProblem]
  public var overrides: [RecipeOverride]

  init(path: String, problems: [RecipeProblem], overrides: [RecipeOverride] = []) {
    self.path = path
    self.overrides = overrides
    // What is said twice of one place is said once.
    var seen = Set<RecipeProblem>()
    self.problems = problems.enumerated().sorted {
      ($0.element.place, $0.offset) < ($1.element.place, $1.offset)
    }
    .map(\.element).filter { seen.insert($0).inserted }
  }

  /// A line for each problem: `recipe.yaml:3:5: …`.
  public var lines: [String] {
    problems.map { problem in
      switch problem.place {
      case .file(let line, let column): "\(path):\(line):\(column): \(problem.message)"
      case .override(let index): "--set \(overrides[index].text): \(problem.message)"
      }
    }
  }

  /// Whether the file itself is in order, and only what was set beside it is not.
  public var isOnlyInOverrides: Bool {
    problems.allSatisfy { if case .override = $0.place { true } else { false } }
  }
}
