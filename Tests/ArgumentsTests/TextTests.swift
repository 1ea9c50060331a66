import Arguments
import Testing

@Suite struct HelpTextTests {
  @Test func theProgramsHelpListsItsVerbs() {
    #expect(
      HelpText(width: 60).text(for: oven) == """
        Makes cakes. They are good.

        usage: oven VERB [arguments] [options]

        verbs:
          bake                    Bakes a cake from a recipe that is
                                  long enough to need more than one
                                  line of text.
          taste                   Tastes a cake.

        options:
          -h, --help              Show this help.
          --version               Show the version.
          --version --verbose     Say more of it.

        exit codes:
          0                       done
          64                      wrong usage

        'oven help VERB' explains a verb.

        """)
  }

  @Test func aVerbsHelpShowsEverythingThatCanBeTyped() {
    #expect(
      HelpText(width: 80).text(for: Bake.self, of: oven) == """
        Bakes a cake from a recipe that is long enough to need more than one line of
        text.

        The first paragraph explains what happens over two lines.

        The second paragraph is short.

        usage: oven bake RECIPE [OTHER] --output PATH [options]

        arguments:
          RECIPE                  The recipe.
          OTHER                   A second recipe.

        options:
          -o, --output PATH       Where the cake goes.
          --flavor FLAVOR         The flavor. (one of plain, vanilla, chocolate;
                                  default: plain)
          --with NAME             Something to put in. (may be repeated)
          --heat T                Degrees. (default: 180)
          --[no-]stir             Stir while baking. (default: on)
          --microwave             No oven at all.

        common options:
          -q, --quiet             Say less.
          -v, --verbose           Say more.
          --threads N             Threads to use. (default: all)
          -h, --help              Show this help.

        examples:
          oven bake cake.txt --output cake
              Bakes the cake.

        """)
  }

  @Test(arguments: [40, 57, 80, 100]) func linesStayWithinTheWidth(width: Int) {
    let text = HelpText(width: width).text(for: Bake.self, of: oven)
    // The example's command is to be pasted and is never broken.
    for line in text.split(separator: "\n") where !line.hasPrefix("  oven ") { #expect(line.count <= width) }
  }
}

@Suite struct ManualPageTests {
  @Test func theManualPageHoldsVerbsOptionsAndTopics() {
    let page = ManualPage.text(for: oven)
    #expect(page.hasPrefix(".TH OVEN 1 \"\" \"oven 1.2.3\" \"\"\n.SH NAME\noven \\- Makes cakes\n"))
    #expect(page.contains(".SS bake\n"))
    #expect(page.contains(".TP\n.B \\-o, \\-\\-output PATH\nWhere the cake goes.\n"))
    #expect(page.contains(".SH EXIT CODES\n"))
  }
}

@Suite struct CompletionScriptTests {
  @Test(arguments: Shell.allCases) func everyOptionIsOffered(shell: Shell) {
    let script = CompletionScript.text(for: oven, shell: shell)
    for name in ["output", "flavor", "no-stir", "threads", "plate-dir"] {
      #expect(script.contains(shell == .fish ? "-l \(name)" : "--\(name)"))
    }
    #expect(script.contains("plain vanilla chocolate"))
    #expect(!script.contains("fry"))
  }
}

@Suite struct SuggestionTests {
  @Test func slipsAreFoundAndStrangersAreNot() {
    let verbs = ["inspect", "run", "evaluate", "convert"]
    #expect(Suggestion.nearest(to: "inspct", among: verbs) == "inspect")
    #expect(Suggestion.nearest(to: "rnu", among: verbs) == "run")
    #expect(Suggestion.nearest(to: "eval", among: verbs) == "evaluate")
    #expect(Suggestion.nearest(to: "Evaluate", among: verbs) == "evaluate")
    #expect(Suggestion.nearest(to: "paint", among: verbs) == nil)
    #expect(Suggestion.nearest(to: "", among: verbs) == nil)
    #expect(Suggestion.nearest(to: String(repeating: "x", count: 100_000), among: verbs) == nil)
  }
}
