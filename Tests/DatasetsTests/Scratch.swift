import Graph
import Storage

@testable import Datasets

#if canImport(Glibc)
  import Glibc
#endif

/// A folder of its own for one test, removed in the end.
final class Scratch {
  let path: String

  init() {
    var template = Array("/tmp/edgeopt-tests.XXXXXX".utf8CString)
    path = template.withUnsafeMutableBufferPointer { String(cString: mkdtemp($0.baseAddress!)) }
  }

  deinit { Self.remove(path) }

  private static func remove(_ path: String) {
    if FileKind(of: path) == .folder {
      for name in (try? Folder.names(in: path)) ?? [] { remove("\(path)/\(name)") }
      rmdir(path)
    } else {
      unlink(path)
    }
  }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let target = "\(path)/\(name)"
    try Folder.create(Folder.parent(of: target))
    let file = try OutputFile(target)
    try file.write(bytes)
    try file.commit()
    return target
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  @discardableResult
  func write(_ name: String, _ value: TensorValue, as type: SourceType? = nil) throws -> String {
    let target = "\(path)/\(name)"
    try Folder.create(Folder.parent(of: target))
    try NPYFile.write(value, to: target, as: type)
    return target
  }
}

/// A `.npy` file's bytes, written by hand.
func npy(_ descr: String, fortran: Bool = false, _ shape: String, _ data: [UInt8], version: UInt8 = 1)
  -> [UInt8]
{
  let header = Array(
    "{'descr': '\(descr)', 'fortran_order': \(fortran ? "True" : "False"), 'shape': \(shape), }\n".utf8)
  let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(header.count >> (8 * $0) & 255) }
  return NPYHeader.magic + [version, 0] + length + header + data
}

func bytes<Element: BitwiseCopyable>(_ elements: [Element]) -> [UInt8] {
  View(elements).reinterpreted(as: UInt8.self).array
}

/// The diagnostic that `body` throws, or nil.
func diagnostic(_ body: () throws -> Void) -> Diagnostic? {
  do {
    try body()
    return nil
  } catch {
    return error as? Diagnostic
  }
}
