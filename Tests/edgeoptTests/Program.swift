import Foundation

/// The built program, run as a user runs it.
struct ProgramRun {
  var status: Int32
  var output: String
  var error: String

  /// The repository, from where this file stands.
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let digits = root.appending(path: "Calibration/digits").path
  static let model = "\(digits)/digits_cnn.onnx"

  /// The binary lies beside the test bundle, whatever the configuration and the scratch folder.
  static let binary: URL = {
    var folder = URL(fileURLWithPath: CommandLine.arguments[0]).standardizedFileURL
      .deletingLastPathComponent()
    for argument in CommandLine.arguments where argument.hasSuffix(".xctest") {
      folder = URL(fileURLWithPath: argument).standardizedFileURL.deletingLastPathComponent()
    }
    return folder.appending(path: "edgeopt")
  }()

  init(_ arguments: String..., environment: [String: String] = [:]) throws {
    try self.init(arguments, environment: environment)
  }

  init(_ arguments: [String], environment: [String: String] = [:], in current: URL? = nil) throws {
    let process = Process()
    if let current { process.currentDirectoryURL = current }
    process.executableURL = Self.binary
    process.arguments = arguments
    var variables = ProcessInfo.processInfo.environment
    for name in ["COLUMNS", "NO_COLOR", "EDGEOPT_ISA"] { variables[name] = nil }
    process.environment = variables.merging(environment) { $1 }
    process.standardInput = FileHandle.nullDevice
    // Files instead of pipes: nothing can fill up and stall.
    let folder = try TemporaryFolder()
    let outputPath = folder.path("stdout")
    let errorPath = folder.path("stderr")
    for path in [outputPath, errorPath] { _ = FileManager.default.createFile(atPath: path, contents: nil) }
    process.standardOutput = FileHandle(forWritingAtPath: outputPath)
    process.standardError = FileHandle(forWritingAtPath: errorPath)
    try process.run()
    process.waitUntilExit()
    status = process.terminationStatus
    output = try String(contentsOfFile: outputPath, encoding: .utf8)
    error = try String(contentsOfFile: errorPath, encoding: .utf8)
  }

  func json() throws -> [String: Any] {
    try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] ?? [:]
  }

  /// Of a report: the quality of the models, and what was measured of the one before.
  func quality() throws -> [String: Any] { try json()["quality"] as? [String: Any] ?? [:] }
  func measured() throws -> [String: Any] { try quality()["before"] as? [String: Any] ?? [:] }
}

/// A folder that goes away with its owner.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appending(path: "edgeopt-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appending(path: name).path }

  func write(_ bytes: some Sequence<UInt8>, to name: String) throws -> String {
    try Data(bytes).write(to: url.appending(path: name))
    return path(name)
  }

  /// A `.npy` file of float32 values, or of zeros of what `type` names.
  func writeArray(
    _ name: String, sizes: [Int], type: String = "<f4", width: Int = 4, values: [Float]? = nil
  ) throws -> String {
    let shape = sizes.count == 1 ? "(\(sizes[0]),)" : "(\(sizes.map(String.init).joined(separator: ", ")))"
    var header = "{'descr': '\(type)', 'fortran_order': False, 'shape': \(shape), }"
    header += String(repeating: " ", count: 117 - header.utf8.count) + "\n"
    let count = sizes.reduce(width, *)
    let content =
      values.map { $0.withUnsafeBytes { Array($0) } } ?? [UInt8](repeating: 0, count: count)
    let bytes = [0x93] + Array("NUMPY".utf8) + [1, 0, 118, 0] + Array(header.utf8) + content
    return try write(bytes, to: name)
  }

  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: url.path).sorted()) ?? [] }
}
