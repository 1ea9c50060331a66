import Arguments
import Graph

/// One run of the program: reads the words, does the work, and says with which code to leave.
struct CommandLineRun {
  var arguments: [String]

  func perform() -> ExitCode {
    do throws(Program.Misuse) {
      let interpretation = try edgeopt.interpret(arguments)
      return try perform(interpretation)
    } catch {
      return report(error)
    }
  }

  private func perform(_ interpretation: Program.Interpretation) throws(Program.Misuse) -> ExitCode {
    switch interpretation {
    case .help(let command?):
      Terminal.output.write(HelpText(width: Terminal.output.width).text(for: command, of: edgeopt))
    case .help(nil): Terminal.output.write(HelpText(width: Terminal.output.width).text(for: edgeopt))
    case .version(let details): return run { try VersionReport(details: details).print() }
    case .run(let command):
      Interruption.prepare()
      do {
        _ = try Machine.kernels()
        try command.run()
      } catch let error as UsageError {
        throw Program.Misuse(error: error, command: type(of: command))
      } catch {
        return report(error)
      }
    }
    return .success
  }

  private func run(_ body: () throws -> Void) -> ExitCode {
    do {
      try body()
      return .success
    } catch {
      return report(error)
    }
  }

  private func report(_ misuse: Program.Misuse) -> ExitCode {
    Terminal.error.writeError(misuse.error.message, hint: misuse.error.hint)
    if let command = misuse.command {
      let usage = HelpText(width: Terminal.error.width).usage(of: command, in: edgeopt)
      Terminal.error.write(usage.joined(separator: "\n") + "\n")
      Terminal.error.write("'\(edgeopt.name) help \(command.declaration.name)' explains the options\n")
    } else {
      Terminal.error.write("usage: \(edgeopt.name) VERB [arguments] [options]\n")
      Terminal.error.write("'\(edgeopt.name) help' lists the verbs\n")
    }
    return .usage
  }

  private func report(_ error: any Error) -> ExitCode {
    if let failure = error as? GateFailure {
      Terminal.error.writeError(failure.message, hint: nil)
      return .gateFailed
    }
    // The verb has said what differs.
    if error is DifferentBytes { return .gateFailed }
    guard let diagnostic = error as? Diagnostic else {
      Terminal.error.writeError("\(error)", hint: nil)
      return .failed
    }
    Terminal.error.writeError(diagnostic.message, hint: diagnostic.hint)
    return ExitCode(diagnostic.kind)
  }
}

/// What the process tells its caller; the numbers of `sysexits.h` where they fit.
enum ExitCode: Int32 {
  case success = 0
  case gateFailed = 1
  case failed = 2
  case usage = 64
  case badData = 65
  case missingInput = 66
  case unsupported = 69
  case inputOutput = 74

  init(_ kind: Diagnostic.Kind) {
    self =
      switch kind {
      case .failed: .failed
      case .usage: .usage
      case .badData: .badData
      case .missing: .missingInput
      case .unsupported: .unsupported
      case .inputOutput: .inputOutput
      }
  }
}
