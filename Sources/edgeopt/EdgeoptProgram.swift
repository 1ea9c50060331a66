import Arguments

let programVersion = "0.1.0"

/// The verbs, and what the help and the manual page say beside them.
let edgeopt = Program(
  name: "edgeopt",
  summary:
    "Makes a float ONNX model fit a microcontroller: an int8 .tflite for TensorFlow Lite Micro, with its accuracy, "
    + "memory and C++ sources.",
  version: programVersion,
  commands: [
    InspectCommand.self, RunCommand.self, EvaluateCommand.self, CompareCommand.self, QuantizeCommand.self,
    CalibrateCommand.self, ConvertCommand.self, ExportCommand.self, ReproduceCommand.self, CheckCommand.self,
    BaselineCommand.self, ReportCommand.self,
    OptimizeCommand.self, RecipeCommand.self, OpsCommand.self, TargetsCommand.self,
    CompletionsCommand.self, ManualCommand.self, HelpCommand.self,
  ],
  announcedVerbs: [
    "diff", "prune", "factorize", "distill",
    "explain", "finetune",
  ],
  topics: [
    Program.Topic(
      "exit codes",
      [
        ("0", "done"),
        ("1", "a gate did not hold: accuracy, size or memory"),
        ("2", "the work failed"),
        ("64", "wrong usage"),
        ("65", "bad input data"),
        ("66", "an input file is missing"),
        ("69", "the model cannot be expressed for the target"),
        ("74", "reading or writing failed"),
        ("130", "interrupted; no temporary file is left"),
      ]),
    Program.Topic(
      "environment",
      [
        ("EDGEOPT_ISA", "Forces an instruction set: ref, avx2, avx512 or neon. Results do not depend on it."),
        ("NO_COLOR", "Set to anything: no color, even on a terminal."),
        ("COLUMNS", "Columns of the terminal, for help texts and tables."),
      ]),
  ],
  versionDetails: [
    ("verbose", "Also name the instruction set in use, and the threads."),
    ("peak", "Also measure the peak of fused multiply-adds (a second)."),
  ])
