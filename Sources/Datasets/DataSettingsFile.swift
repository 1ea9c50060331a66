import Graph
import Storage

extension DataSettings {
  /// What a `data.yaml` beside the data says: in the folder itself, or next to the file. Nothing without one.
  init(beside path: String) throws(Diagnostic) {
    self.init()
  }
}
