import Arguments
import Recipes

extension RecipeVocabulary {
  /// What recipes of this program may say: the options of its own verbs.
  static let edgeopt = RecipeVocabulary(
    stages: [ConvertCommand.self, CalibrateCommand.self, QuantizeCommand.self],
    plannedStages: ["prune", "factorize", "distill", "finetune"], version: programVersion,
    model: OptionCatalog(ModelOptions.self),
    calibration: OptionCatalog(CalibrationOptions.self).keeping(["samples", "skip"]),
    evaluation: OptionCatalog(CompareCommand.self).keeping([
      "labels", "metric", "metric-output", "samples", "skip",
    ]),
    preparation: OptionCatalog(PreparationOptions.self),
    target: OptionCatalog(TargetOptions.self).keeping(["flash", "memory"]))
}
