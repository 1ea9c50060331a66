import Arguments
import Testing

@Suite struct ParsingTests {
  @Test func valuesReachTheirProperties() throws {
    let bake = try Bake.parse([
      "a.txt", "-o", "x", "--flavor=vanilla", "--with", "salt", "b.txt", "--with=sugar", "--no-stir",
      "--heat", "99.5",
      "-v", "--threads", "3",
    ])
    #expect(bake.recipe == "a.txt")
    #expect(bake.other == "b.txt")
    #expect(bake.output == "x")
    #expect(bake.flavor == .vanilla)
    #expect(bake.ingredients == ["salt", "sugar"])
    #expect(!bake.stir)
    #expect(bake.heat == 99.5)
    #expect(bake.common.verbose && !bake.common.quiet)
    #expect(bake.common.threads == 3)
  }

  @Test func defaultsHoldWhenNothingIsTyped() throws {
    let bake = try Bake.parse(["a.txt", "--output=x"])
    #expect(
      bake.other == nil && bake.ingredients.isEmpty && bake.stir && bake.heat == 180 && bake.flavor == .plain)
    #expect(bake.common.threads == nil)
  }

  @Test func twoParsesDoNotShareValues() throws {
    let first = try Bake.parse(["a", "-o", "x", "--with", "salt"])
    let second = try Bake.parse(["b", "-o", "y"])
    #expect(first.recipe == "a" && first.ingredients == ["salt"])
    #expect(second.recipe == "b" && second.ingredients.isEmpty)
  }

  @Test func twoDashesEndTheOptions() throws {
    let bake = try Bake.parse(["-o", "x", "--", "--odd-name.txt", "-h"])
    #expect(bake.recipe == "--odd-name.txt" && bake.other == "-h")
  }

  @Test func valuesMayBeNegativeNumbersDashesAndContainEqualSigns() throws {
    #expect(try Bake.parse(["a", "-o=x", "--heat", "-5"]).heat == -5)
    #expect(try Bake.parse(["a", "-o=x", "--heat", "-.5"]).heat == -0.5)
    #expect(try Bake.parse(["a", "-o", "-"]).output == "-")
    #expect(try Bake.parse(["a", "-o=k=v=w"]).output == "k=v=w")
    #expect(try Bake.parse(["a", "--output="]).output == "")
  }

  @Test func shortFlagsCluster() {
    #expect(misuse("bake", "a", "-o", "x", "-vq")?.message == "'-q' and '-v' cannot be used together")
    #expect(misuse("bake", "a", "-vo", "x") == nil)
    #expect(misuse("bake", "a", "-ov", "x")?.message.contains("takes a value") == true)
  }
}

@Suite struct MisuseTests {
  @Test func unknownVerbsAndOptionsGetASuggestion() {
    #expect(misuse("bka")?.message == "unknown verb 'bka'")
    #expect(misuse("bkae")?.hint == "did you mean 'bake'?")
    #expect(misuse("xyzzy")?.hint == "verbs: bake, taste")
    #expect(misuse("bake", "a", "-o", "x", "--flavour", "plain")?.hint == "did you mean '--flavor'?")
    #expect(misuse("bake", "a", "-o", "x", "--no-stri")?.hint == "did you mean '--no-stir'?")
    #expect(misuse("bake", "a", "-output", "x")?.hint == "did you mean '--output'?")
    #expect(misuse("bake", "a", "-z")?.message == "unknown option '-z'")
    #expect(
      misuse("bake", "a", "-o", "x", "--flavor", "vanila")?.message.hasSuffix("did you mean 'vanilla'?")
        == true)
  }

  @Test func announcedVerbsAreAnsweredButNotOffered() {
    #expect(misuse("fry")?.message == "'fry' is not available in version 1.2.3")
    #expect(misuse("fyr")?.hint == "verbs: bake, taste")
  }

  @Test func missingAndExtraWordsAreNamed() {
    #expect(misuse("bake")?.message == "RECIPE is missing")
    #expect(misuse("bake", "a")?.message == "--output PATH is missing")
    #expect(misuse("bake", "a", "b", "c", "-o", "x")?.message == "unexpected argument 'c'")
    #expect(misuse("bake", "a", "-o")?.message == "'-o' needs a value: -o PATH")
    #expect(
      misuse("bake", "a", "-o", "--stir")?.hint == "for a value that begins with a dash write '-o=--stir'")
  }

  @Test func wrongValuesSayWhatWasExpected() {
    #expect(
      misuse("bake", "a", "-o", "x", "--heat", "warm")?.message
        == "'warm' does not fit --heat: expected a number")
    #expect(misuse("bake", "a", "-o", "x", "--heat", "nan") != nil)
    #expect(misuse("bake", "a", "-o", "x", "--stir=yes")?.message == "'--stir' takes no value")
    #expect(misuse("bake", "a", "-o", "x", "--heat", "500")?.hint == "stay below 400")
  }

  @Test func contradictionsAreRefused() {
    #expect(misuse("bake", "a", "-o", "x", "-o", "y")?.message == "'-o' is given twice")
    #expect(
      misuse("bake", "a", "-o", "x", "--stir", "--no-stir")?.message
        == "'--stir' and '--no-stir' contradict each other")
    #expect(
      misuse("bake", "a", "-o", "x", "--heat", "5", "--microwave")?.message
        == "'--heat' and '--microwave' cannot be used together")
    #expect(misuse("bake", "a", "-o", "x", "-v", "-v") == nil)
  }

  @Test func optionsBeforeTheVerbAreExplained() {
    #expect(misuse("-v", "bake", "a")?.hint == "write 'oven bake -v …'")
    #expect(misuse("--hepl")?.hint == "did you mean '--help'?")
    #expect(misuse("--version", "extra") != nil)
  }
}

@Suite struct InterpretationTests {
  @Test func helpAndVersionAreFoundAnywhere() throws {
    guard case .help(nil) = try oven.interpret([]) else { return #expect(Bool(false)) }
    guard case .help(nil) = try oven.interpret(["-h"]) else { return #expect(Bool(false)) }
    guard case .help(.some) = try oven.interpret(["bake", "--wrong", "--help"]) else {
      return #expect(Bool(false))
    }
    guard case .version(let details) = try oven.interpret(["--version", "--verbose"]) else {
      return #expect(Bool(false))
    }
    guard case .version(let none) = try oven.interpret(["--version"]) else { return #expect(Bool(false)) }
    #expect(details == ["verbose"] && none.isEmpty)
  }
}
