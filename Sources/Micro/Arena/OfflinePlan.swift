import Graph
import Storage

/// Places in the arena that a file fixes itself: metadata `OfflineMemoryAllocation`.
public struct OfflinePlan: Sendable, Hashable {
  public static let metadataName = "OfflineMemoryAllocation"

  /// One for each tensor, over all subgraphs; nil where the interpreter chooses.
  public var offsets: [Int?]

  public init(offsets: [Int?]) { self.offsets = offsets }

  /// The file's plan; nil when it has none.
  public init?(_ model: MicroModel) throws(Diagnostic) {
    guard let bytes = model.metadata(named: Self.metadataName) else { return nil }
    let words = bytes.reinterpreted(as: Int32.self)
    let tensors = model.subgraphs.reduce(0) { $0 + $1.tensors.count }
    guard bytes.count >= 12, Int(words[2]) == tensors, words.count >= 3 + tensors else {
      let stated = bytes.count >= 12 ? Int(words[2]) : 0
      throw Diagnostic(
        .badData,
        "the metadata entry '\(Self.metadataName)' places \(stated) tensors in \(bytes.count) bytes, "
          + "the model has \(tensors)",
        hint: "the interpreter refuses such a file; write it anew without the entry")
    }
    offsets = (0..<tensors).map { words[3 + $0] < 0 ? nil : Int(words[3 + $0]) }
  }

  /// The payload: version, subgraph, count, then an offset or −1 for each tensor.
  public var payload: View<UInt8> {
    let words: [Int] = [1, 0, offsets.count] + offsets.map { $0 ?? -1 }
    return View<Int32>(words.map(Int32.init)).reinterpreted(as: UInt8.self)
  }
}

extension MicroModel {
  /// The same model with this plan, or with none.
  public func with(_ plan: OfflinePlan?) -> MicroModel {
    var model = self
    model.metadata.removeAll { $0.name == OfflinePlan.metadataName }
    if let plan { model.metadata.append(MicroMetadata(name: OfflinePlan.metadataName, bytes: plan.payload)) }
    return model
  }
}
