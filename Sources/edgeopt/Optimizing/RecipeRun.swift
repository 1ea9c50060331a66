import Graph
import Recipes
import Reporting
import Storage
import TensorMath

/// One run of a recipe: from what earlier runs made as far as it goes, and the rest anew.
struct RecipeRun {
  let plan: RecipePlan
  private(set) var folder: RunFolder
  let workers: Workers
  var isFresh = false
  var replaces = false
  /// Gets a line for each step.
  var say: ((String) -> Void)?
  /// Whether every step came from earlier runs.
  private(set) var isCached = true
  private var steps: [Report.Run.Step] = []
  private var work: ModelWork?
  private var used: [StageCache.Entry] = []

  init(_ plan: RecipePlan, folder: RunFolder, workers: Workers) {
    self.plan = plan
    self.folder = folder
    self.workers = workers
  }

  private var recipe: Recipe { plan.recipe }

  mutating func run() throws -> Report {
    let watch = Stopwatch()
    let outputs = RecipeOutputFiles(recipe: recipe)
    try outputs.check(&folder, replaces: replaces)
    try outputs.prepare()
    var made: [(step: RecipeStep, entry: StageCache.Entry)] = []
    var input = try plan.start(&folder)
    for index in recipe.stages.indices {
      let step = try plan.step(index, from: input, &folder)
      let entry = try perform(step)
      input = plan.input(after: step, entry, from: input)
      made.append((step, entry))
    }
    let model = input.model
    var firmware = made.last?.entry
    if recipe.outputs.c != nil,
      made.last?.step.wishes.firmware != true || firmware?.files(below: StageFile.firmware).isEmpty != false
    {
      firmware = try perform(try plan.export(input, &folder))
    }
    var composition = ReportComposition(recipe, made, model: model)
    if let step = try plan.measurement(of: input, &folder) {
      composition.measured = try perform(step)
    }
    folder.digests.save()
    var (report, problem) = try composition.report()
    report.run = watch.record(workers)
    report.run.samplesPerSecond = composition.samplesPerSecond
    report.run.steps = steps
    try outputs.write(files(report, made, firmware, model: model), &folder, replaces: replaces)
    folder.digests.save()
    folder.cache.prune(keeping: used)
    if let problem { throw problem }
    return report
  }

  /// What the step made in an earlier run, or makes now.
  private mutating func perform(_ step: RecipeStep) throws -> StageCache.Entry {
    let start = ContinuousClock.now
    let cached = isFresh ? nil : folder.cache.entry(of: step.key)
    let wasThere = cached != nil
    let entry = try cached ?? make(step)
    let seconds = (ContinuousClock.now - start).inSeconds
    steps.append(.init(name: step.title, seconds: seconds, isCached: wasThere))
    say?("\(step.title): \(wasThere ? "from an earlier run" : NumberFormat.duration(seconds: seconds))")
    used.append(entry)
    return entry
  }

  private mutating func make(_ step: RecipeStep) throws -> StageCache.Entry {
    // What has been read so far need not be read again when this step is killed.
    folder.digests.save()
    if work == nil { work = try? ModelWork(recipe) }
    isCached = false
    return try folder.cache.make(
      step.key, work: work?.work(of: step.title, recipe), replaces: isFresh
    ) { try step.run(into: $0) }
  }

  /// The files to write: the model and what belongs to it, and at last the reports.
  private func files(
    _ report: Report, _ made: [(step: RecipeStep, entry: StageCache.Entry)], _ firmware: StageCache.Entry?,
    model: String
  ) throws(Diagnostic) -> RecipeOutputFiles.Files {
    var files = RecipeOutputFiles.Files()
    files.files.append((recipe.outputs.model, .copy(of: model)))
    if let qdq = recipe.outputs.qdq, let entry = made.last?.entry {
      files.files.append((qdq, .copy(of: entry.path(of: StageFile.qdq))))
    }
    if let c = recipe.outputs.c, let firmware {
      for name in firmware.files(below: StageFile.firmware) {
        files.files.append(("\(c)/\(name)", .copy(of: firmware.path(of: "\(StageFile.firmware)/\(name)"))))
      }
    }
    for path in recipe.outputs.reports {
      let text = try ReportForm(path: path).text(of: report)
      files.files.append((path, .bytes(Array(text.utf8))))
    }
    return files
  }
}
