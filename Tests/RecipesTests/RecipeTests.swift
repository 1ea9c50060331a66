import Arguments
import Recipes
import Testing

/// What a recipe means.
@Suite struct RecipeTests {
  static let plain = """
    model: SampleVocabulary.swift
    stages: [shrink]
    outputs:
      model: out.tflite

    """

  @Test func optionsBecomeTheWordsOfTheVerb() throws {
    let recipe = try recipe(
      """
      model: {path: SampleVocabulary.swift}
      data: {scale: 0.5}
      stages:
        - shrink:
            keep: [a, b]
            factors: [1, 2]
            even: no
            by: 3
      outputs: {model: out.tflite, report: [a.json, a.html]}
      gates: {max-size: 64k}
      """)
    #expect(
      recipe.words(forStage: 0, model: "m.onnx") == [
        "--by=3", "--factors=1,2", "--keep=a", "--keep=b", "--no-even", "--scale=0.5", "--", "m.onnx",
      ])
    #expect(recipe.outputs.reports == ["a.json", "a.html"])
    #expect(recipe.gates.maxSize?.text == "65536")
    #expect(recipe.name == "recipe")
  }

  @Test func variablesStandAnywhere() throws {
    let text = """
      variables:
        base: out
        file: ${base}/x.tflite
      model: SampleVocabulary.swift
      stages: [shrink: {keep: '$${base}-${base}'}]
      outputs: {model: "${file}"}
      """
    let made = try recipe(text)
    #expect(made.outputs.model == "out/x.tflite")
    #expect(made.stages[0].options.first?.values == ["${base}-out"])
    #expect(try recipe(text, "base=else").outputs.model == "else/x.tflite")
    #expect(try recipe(text, "variables.file=y.tflite").outputs.model == "y.tflite")
  }

  @Test func variablesDoNotMultiplyWithoutEnd() throws {
    var lines = ["variables:", "  a0: ten letters"]
    for level in 1...40 { lines.append("  a\(level): ${a\(level - 1)}${a\(level - 1)}") }
    let found = try problems((lines + [Self.plain, "name: ${a40}"]).joined(separator: "\n"))
    #expect(found == ["recipe.yaml:11:7: the variable 'a9' comes to 5632 characters; 4096 are enough"])
  }

  @Test func overridesReachEveryKey() throws {
    let made = try recipe(
      Self.plain, "stages.shrink.by=4", "stages.0.keep=[a, b]", "data.scale=2", "outputs.report=r.md",
      "target=rp2040")
    #expect(
      made.words(forStage: 0, model: "m") == ["--by=4", "--keep=a", "--keep=b", "--scale=2", "--", "m"])
    #expect(made.outputs.reports == ["r.md"])
    #expect(made.target?.profile == "rp2040")
  }

  @Test func overridesThatMeanNothingAreRefused() throws {
    #expect(
      try problems(
        Self.plain, "stags=1", "stages.shrnk.by=1", "stages.shrink.bye=1", "outputs.modell=x",
        "model.path.x=1",
        "stages.shrink.by=two", "variables=3")
        == [
          "--set stags=1: the recipe has no variable and no key 'stags'; did you mean 'stages'?",
          "--set stages.shrnk.by=1: the recipe has no stage 'shrnk'; did you mean 'shrink'?",
          "--set stages.shrink.bye=1: unknown key 'bye'; did you mean 'by'?",
          "--set outputs.modell=x: unknown key 'modell'; did you mean 'model'?",
          "--set model.path.x=1: there is nothing below it: 'x' is too much",
          "--set stages.shrink.by=two: 'by' is 'two', expected a whole number",
          "--set variables=3: 'variables' is '3', expected a mapping of names and values",
        ])
  }

  @Test func allProblemsAreSaidAtOnceAndInOrder() throws {
    let found = try problems(
      """
      modell: SampleVocabulary.swift
      variables: {a: "${b}", b: "${a}"}
      data: {scale: big}
      stages:
        - shrink: {by: many, way: fasst, even: 1, output: x, coarse: true}
        - stretch
        - shrnk
      outputs: {model: "${c}.tflite", report: []}
      gates: {max-size: 1, max-size: 2kg}
      """)
    #expect(
      found == [
        "recipe.yaml:1:1: unknown key 'modell' in the recipe; did you mean 'model'?",
        "recipe.yaml:1:1: the recipe has no 'model': The float model, a .onnx file, and what its file leaves open.",
        "recipe.yaml:2:27: the variable 'b' is defined by itself: b → a → b",
        "recipe.yaml:3:15: 'scale' is 'big', expected a number",
        "recipe.yaml:5:18: 'by' is 'many', expected a whole number",
        "recipe.yaml:5:29: 'way' is 'fasst', expected one of fast, careful; did you mean 'fast'?",
        "recipe.yaml:5:42: 'even' is '1', expected true or false",
        "recipe.yaml:5:45: 'output' is not given in a stage; it belongs under 'outputs.model'",
        "recipe.yaml:5:56: 'even' and 'coarse' cannot be used together; keep one of them",
        "recipe.yaml:6:5: the stage 'stretch' is not available in version 9.8",
        "recipe.yaml:7:5: there is no stage 'shrnk'; did you mean 'shrink'?",
        "recipe.yaml:8:18: there is no variable 'c'; did you mean 'a'?",
        "recipe.yaml:8:41: 'report' is an empty list; give a value, or leave the key out",
        "recipe.yaml:9:22: the key 'max-size' appears twice; keep one of them",
        "recipe.yaml:9:32: 'max-size' is '2kg', expected bytes (65536, 64k, 64kB, 0.5M; k is 1,024), or a growth with its sign (+2%, +512, -1k)",
      ])
  }

  @Test(arguments: [
    "gates:\n  max-drop: 1\n  max-size: 2k\n", "gates: {max-drop: 1,\n  max-size: 2k}\n",
    "# max-drop: 7\ngates:\n  'max-drop': 1\n  max-size: 2k\n",
  ])
  func gatesHaveLinesHoweverTheyAreWritten(text: String) throws {
    var file = try RecipeFile(path: #filePath)
    file.bytes = Array(text.utf8)
    let lines = text.split(separator: "\n")
    let drop = try #require(lines.lastIndex { $0.contains("max-drop") })
    let size = try #require(lines.lastIndex { $0.contains("max-size") })
    #expect(file.gateLines == ["max-drop": drop + 1, "max-size": size + 1])
    file.bytes = Array("gates: [".utf8)
    #expect(file.gateLines.isEmpty)
  }

  @Test func optionsThatExcludeOneAnotherAreNamed() throws {
    #expect(
      try problems(Self.plain, "stages.shrink.coarse=true", "stages.shrink.even=true")
        == ["--set stages.shrink.even=true: 'even' and 'coarse' cannot be used together; keep one of them"])
  }

  @Test func theVerbsOwnRulesCountToo() throws {
    #expect(
      try problems(Self.plain, "stages.shrink.by=13")
        == ["--set stages.shrink.by=13: --by is 13, which brings bad luck; take 12"])
  }

  @Test func targetsAreDevicesFilesOrLimits() throws {
    #expect(try recipe(Self.plain, "target=stm32f746").target?.profile == "stm32f746")
    let limits = try recipe(Self.plain, "target.flash=65536").target
    #expect(limits?.flash?.bytes == 65536 && limits?.profile == nil)
    #expect(
      try problems(Self.plain, "target=stm32f747", "target.flash=many")
        == [
          "--set target=stm32f747: 'profile' is 'stm32f747', expected a device or the file of a profile; did you mean 'stm32f746'?",
          "--set target.flash=many: 'flash' is 'many', expected a whole number",
        ])
    #expect(
      try problems(Self.plain, "target=mine.yaml")
        == ["--set target=mine.yaml: 'mine.yaml' does not exist; paths are relative to the recipe"])
  }
}
