import Arguments

exitProcess(CommandLineRun(arguments: Array(CommandLine.arguments.dropFirst())).perform())
