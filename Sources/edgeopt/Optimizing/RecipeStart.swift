import Datasets
import Graph
import Reporting
import Storage
import Targets
import TensorMath

/// A recipe to begin with: the model, the data that lie beside it, and comments that say what to look at.
///
///     let start = try RecipeStart(model: "model.onnx", recipe: "recipe.yaml", workers: workers)
///     print(start.text)
struct RecipeStart {
  let text: String
  /// What was found, in a sentence.
  let summary: String

  /// `recipe` is where it will stand, as paths in it are relative to it; nil for the current folder.
  init(model path: String, recipe: String?, workers: Workers) throws(Diagnostic) {
    let home = recipe.map(Folder.parent) ?? "."
    var problem: Diagnostic?
    var model: RunnableModel?
    do throws(Diagnostic) {
      model = try RunnableModel(path: path, ModelOptions())
    } catch {
      // What the file leaves open is the user's to say; anything else is an error here as well.
      guard error.kind != .missing, error.hint?.contains("--") == true else { throw error }
      problem = error
    }
    let search = DataSearch(
      model: path, inputs: model?.dataInputs ?? [], output: model?.ownOutputs.first?.sizes ?? [])
    let writer = try RecipeWriter(
      model: path, home: home, search: search, problem: problem,
      guess: model.map { model throws(Diagnostic) in try PreparationGuess(model, search, workers: workers) })
    text = writer.text
    summary =
      search.calibration == nil
      ? "no data that the model takes were found beside it: fill in the paths under 'data'"
      : "data were found beside the model; look at the guesses under 'data'"
  }
}

/// Writes the lines of a recipe to begin with.
private struct RecipeWriter {
  let model: String
  let home: String
  let search: DataSearch
  let problem: Diagnostic?
  let guess: PreparationGuess?

  private func path(_ path: String) -> String { Self.plain(Folder.relative(path, to: home)) }

  /// As YAML takes it.
  private static func plain(_ text: String) -> String {
    let text = text.replacing("${", with: "$${")
    let isPlain = text.allSatisfy { $0.isLetter || $0.isNumber || "_./-+@".contains($0) } && text.first != "-"
    return isPlain ? text : "'\(text.replacing("'", with: "''"))'"
  }

  private func comment(_ text: String, indented: Int = 0) -> String {
    let margin = String(repeating: " ", count: indented)
    return text.wrapped(to: 116 - indented).split(separator: "\n").map { "\(margin)# \($0)\n" }.joined()
  }

  var text: String {
    let name = ModelFormat.stem(of: model)
    return comment("What to do to \(name). Run it with 'edgeopt optimize', look first with --dry-run.")
      + comment("Paths are relative to this file; 'edgeopt recipe schema' describes all keys.") + "\n"
      + nameLines(name) + modelLines + "\n"
      + dataLines + "\n" + targetLines + "\n" + stageLines + "\n" + outputLines(name) + "\n" + gateLines
  }

  /// The file's name says little: recipes in several folders may all be called recipe.yaml.
  private func nameLines(_ stem: String) -> String {
    let name = String(
      stem.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" })
    guard name.contains(where: { $0.isLetter || $0.isNumber }) else { return "" }
    return comment("What reports and lock files call the work.") + "name: \(Self.quoted(name))\n"
  }

  /// A name that YAML would take for something else is text all the same.
  private static func quoted(_ name: String) -> String {
    name.first == "-" || name == "null" ? "'\(name)'" : name
  }

  private var modelLines: String {
    guard let problem else { return "model: \(path(model))\n" }
    return comment("The file leaves something open: \(problem.message).")
      + comment(problem.hint.map { "\($0), which is a key here, without the dashes." } ?? "")
      + "model:\n  path: \(path(model))\n"
  }

  private var dataLines: String {
    var text = "data:\n"
    if let found = search.calibration {
      text += comment("The ranges of activations are chosen on these \(found.count) samples.", indented: 2)
      if found.path == search.evaluation?.path {
        text += comment(
          "They are test samples, as no others were found: the accuracy below will look a little better than it is.",
          indented: 2)
      }
      text += "  calibration: \(path(found.path))\n"
    } else {
      text += comment(
        "No samples that the model takes were found beside it. Some hundred of what it will really see are enough: a "
          + ".npy, .npz or .csv file, or a folder of pictures, arrays or sounds.", indented: 2)
      text += "  calibration: PATH\n"
    }
    if let found = search.evaluation, found.isLabeled {
      text += comment("Labeled samples to measure on, before and after.", indented: 2)
      text += "  evaluation:\n    path: \(path(found.path))\n"
      if let labels = found.labels { text += "    labels: \(path(labels))\n" }
    } else if let found = search.evaluation {
      text += comment(
        "Samples to compare both models on; with 'labels: PATH' also their accuracy.", indented: 2)
      text += "  evaluation:\n    path: \(path(found.path))\n"
    } else {
      text += comment("Labeled samples to measure on, before and after:", indented: 2)
      text += "  # evaluation:\n  #   path: PATH\n  #   labels: PATH\n"
    }
    text += comment(
      "How stored values become what the model was trained on: (x * scale - mean) / std.", indented: 2)
    if let guess, !guess.reason.isEmpty { text += comment(guess.reason, indented: 2) }
    let lines = guess?.lines ?? []
    return text + (lines.isEmpty ? "  # scale: 1/255\n" : lines.map { "  \($0)\n" }.joined())
  }

  private var targetLines: String {
    let names = ((try? TargetProfile.all()) ?? []).map(\.name)
    return comment("The device, which says whether the model fits: \(names.joined(separator: ", ")).")
      + comment("Or limits of your own: {flash: 256k, memory: 64k}.")
      + "# target: \(names.first ?? "rp2040")\n"
  }

  private var stageLines: String {
    comment("What is done, in this order; 'edgeopt help quantize' explains the options.")
      + "stages:\n  - quantize:\n"
      + comment("Put activations where they need the least memory.", indented: 6)
      + "      memory-plan: best\n"
  }

  private func outputLines(_ name: String) -> String {
    func file(_ file: String) -> String { Self.plain("out/\(name)/\(file)") }
    return "outputs:\n  model: \(file("\(name)_int8.tflite"))\n  report:\n    - \(file("report.html"))\n"
      + "    - \(file("report.json"))\n" + comment("C++ sources for the firmware:", indented: 2)
      + "  # c: \(file("firmware"))\n"
  }

  private var gateLines: String {
    var text =
      comment("Limits to keep; the program leaves with 1 when one does not hold, so that CI fails.")
      + "gates:\n"
    if guess?.hasClasses == true {
      text += comment(
        "Percentage points of accuracy that may be lost, more than chance explains.", indented: 2)
      text += "  max-drop: 1\n  significant: true\n"
    } else if search.evaluation != nil {
      text += comment("Signal to noise of the outputs beside the float model's.", indented: 2)
      text += "  min-sqnr: 15\n"
    } else {
      text += comment(
        "A file that is not even a tenth smaller is no int8 model. With samples to measure on: max-drop: 1",
        indented: 2)
      text += "  max-size: -10%\n"
    }
    return text + comment("Also: max-arena: 64k, max-flash: 256k, fits-target: true", indented: 2)
  }
}
