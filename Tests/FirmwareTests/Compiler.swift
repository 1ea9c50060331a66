import Foundation

@testable import Firmware

/// Compiles and runs generated files with g++ against the stub of TFLM's headers.
struct Compiler {
  static let path = ["/usr/bin/g++", "/usr/local/bin/g++"].first(where: FileManager.default.isExecutableFile)
  private static let stub = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Stub").path

  let folder: URL

  init(_ files: [FirmwareFiles.File]) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("firmware-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for file in files { try Data(file.bytes).write(to: folder.appendingPathComponent(file.name)) }
  }

  func remove() { try? FileManager.default.removeItem(at: folder) }

  /// What the compiler says; empty when all is well.
  func compile(_ main: String) throws -> String {
    try Data(main.utf8).write(to: folder.appendingPathComponent("main.cc"))
    let sources = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter {
      $0.hasSuffix(".cc")
    }
    return try run(
      Self.path!,
      [
        "-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror", "-isystem",
        Self.stub,
      ]
        + sources.sorted() + ["-o", "main"]
    ).output
  }

  /// What the program prints.
  func execute() throws -> String { try run(folder.appendingPathComponent("main").path, []).output }

  private func run(_ program: String, _ arguments: [String]) throws -> (status: Int32, output: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self)
    return (
      process.terminationStatus,
      process.terminationStatus == 0 ? text : text + "\nexit \(process.terminationStatus)"
    )
  }
}
