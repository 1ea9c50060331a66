import Arguments

enum Flavor: String, CaseIterable, ArgumentValue { case plain, vanilla, chocolate }

struct SampleOptions: ArgumentGroup {
  @Flag("Say less.", short: "q", conflicts: ["verbose"]) var quiet = false
  @Flag("Say more.", short: "v") var verbose = false
  @Option("Threads to use.", value: "N", defaultText: "all") var threads: Int?
}

struct Bake: Command {
  static let declaration = CommandDeclaration(
    name: "bake",
    summary: "Bakes a cake from a recipe that is long enough to need more than one line of text.",
    discussion: """
      The first paragraph explains what happens
      over two lines.

      The second paragraph is short.
      """,
    examples: [.init("oven bake cake.txt --output cake", "Bakes the cake.")])

  @Argument("The recipe.", value: "RECIPE", completion: .file(["txt", "md"])) var recipe: String
  @Argument("A second recipe.", value: "OTHER") var other: String?
  @Option("Where the cake goes.", short: "o", value: "PATH") var output: String
  @Option("The flavor.", value: "FLAVOR") var flavor = Flavor.plain
  @Option("Something to put in.", name: "with", value: "NAME") var ingredients: [String] = []
  @Option("Degrees.", value: "T", conflicts: ["microwave"]) var heat = 180.0
  @Flag("Stir while baking.", invertible: true) var stir = true
  @Flag("No oven at all.") var microwave = false
  @OptionGroup("common options") var common: SampleOptions

  func validate() throws(UsageError) {
    if heat > 400 { throw UsageError("the oven does not reach \(heat)", hint: "stay below 400") }
  }
  func run() {}
}

struct Taste: Command {
  static let declaration = CommandDeclaration(name: "taste", summary: "Tastes a cake.")
  @Argument("The verb to try.", value: "VERB", completion: .verb) var verb: String
  @Option("Where the plates are.", value: "DIR", completion: .directory) var plateDir: String?
  func run() {}
}

let oven = Program(
  name: "oven", summary: "Makes cakes. They are good.", version: "1.2.3", commands: [Bake.self, Taste.self],
  announcedVerbs: ["fry"],
  topics: [Program.Topic("exit codes", [("0", "done"), ("64", "wrong usage")])],
  versionDetails: [("verbose", "Say more of it.")])

/// What reading the words fails with; nil when it succeeds.
func misuse(_ words: String...) -> UsageError? {
  do throws(Program.Misuse) {
    _ = try oven.interpret(words)
    return nil
  } catch {
    return error.error
  }
}
