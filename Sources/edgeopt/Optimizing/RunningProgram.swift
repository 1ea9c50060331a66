import Recipes
import Storage

/// The program as it is built: the same version may compute otherwise while it is being worked on.
///
///     let key = StageKey("quantize", version: RunningProgram.identity(&folder.digests))
enum RunningProgram {
  private static let path = "/proc/self/exe"

  /// The version and what tells the program from other builds of it; the version alone where the system does not say
  /// which file runs.
  static func identity(_ digests: inout DigestBook) -> String {
    let file = Folder.resolved(path)
    guard file != path else { return edgeopt.version }
    #if DEBUG
      // Without optimization the digest of so large a file takes longer than the recipe.
      return edgeopt.version + (FileIdentity(of: file).map { " \($0.byteCount) \($0.modified)" } ?? "")
    #else
      return edgeopt.version + ((try? digests.digest(of: file)).map { " \($0)" } ?? "")
    #endif
  }
}
