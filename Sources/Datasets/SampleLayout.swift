import Graph

/// How the samples arrange their axes; the batch axis N is the one that counts them.
public enum SampleLayout: String, Sendable, Hashable, CaseIterable {
  case nhwc, nchw, nwc, ncw

  public var isChannelsLast: Bool { self == .nhwc || self == .nwc }
  /// Axes of a sample.
  var rank: Int { self == .nhwc || self == .nchw ? 3 : 2 }
}

/// How a sample as stored becomes a sample as the model takes it: read with the sizes `view`, then permuted.
struct Arrangement: Sendable, Hashable {
  /// The sizes under which the stored elements are seen.
  var view: [Int]
  /// Axis `i` of the model's sample is axis `permutation[i]` of `view`; nil when the order of elements agrees.
  var permutation: [Int]?
  /// Where `view` has its channels, when that is known.
  var channelAxis: Int?
}

/// Finds the arrangement for one input. `stored` are the sizes of a stored sample, `taken` those that the model
/// takes, without the batch axis.
struct LayoutMatch {
  var stored: [Int]
  var taken: [Int]
  /// The layout of the data, when the user or the form of the data tells.
  var dataLayout: SampleLayout?
  /// The layout of the model, when it is known.
  var modelLayout: SampleLayout?

  enum Failure: Error, Equatable {
    case differentCount
    case differentShape
    case ambiguous
  }

  func arrangement() throws(Failure) -> Arrangement {
    guard Shape.elementCount(stored) == Shape.elementCount(taken) else { throw .differentCount }
    let direct = directArrangement()
    let permuted = permutedArrangements()
    // Two axes of the same size are only in question when the model convolves along one of them.
    if let direct, taken.count == 2, modelLayout == nil { return direct }
    if let dataLayout { return try chosen(dataLayout, direct, permuted) }
    // A permutation that moves only unit axes changes nothing and is no second reading.
    let different = permuted.filter { Self.movesElements($0) }
    switch (direct, different.count) {
    case (let direct?, 0): return direct
    case (nil, 1): return different[0]
    case (nil, 0):
      if let harmless = permuted.first { return harmless }
      throw .differentShape
    default: throw .ambiguous
    }
  }

  /// The elements in stored order: sizes agree up to unit axes and merged neighbors.
  private func directArrangement() -> Arrangement? {
    let core = stored.filter { $0 != 1 }
    let takenCore = taken.filter { $0 != 1 }
    guard Self.merges(core, into: takenCore) || Self.merges(takenCore, into: core) else { return nil }
    // The finer of the two keeps the channel axis apart.
    let view = core.count >= takenCore.count ? stored : taken
    return Arrangement(view: view, permutation: nil, channelAxis: channelAxis(of: view))
  }

  private func channelAxis(of view: [Int]) -> Int? {
    guard view.count > 1 else { return view.isEmpty ? nil : 0 }
    if let layout = view == stored ? (dataLayout ?? modelLayout) : modelLayout {
      return layout.isChannelsLast ? view.count - 1 : max(0, view.count - layout.rank)
    }
    return nil
  }

  /// Channels moved from last to first or from first to last.
  private func permutedArrangements() -> [Arrangement] {
    var sizes = stored
    while sizes.count > taken.count, sizes.first == 1 { sizes.removeFirst() }
    guard sizes.count == taken.count, sizes.count == 2 || sizes.count == 3 else { return [] }
    let rank = sizes.count
    let toFirst = [rank - 1] + Array(0..<(rank - 1))
    let toLast = Array(1..<rank) + [0]
    var found: [Arrangement] = []
    if toFirst.map({ sizes[$0] }) == taken {
      // Of two axes that change places, either may be the channels.
      found.append(Arrangement(view: sizes, permutation: toFirst, channelAxis: rank == 2 ? nil : rank - 1))
    }
    if toLast.map({ sizes[$0] }) == taken, rank == 3 {
      found.append(Arrangement(view: sizes, permutation: toLast, channelAxis: 0))
    }
    return found
  }

  /// The reading under a layout that is told. A model whose layout is open is taken as channels-first where both
  /// readings fit, as ONNX defines its operators.
  private func chosen(_ layout: SampleLayout, _ direct: Arrangement?, _ permuted: [Arrangement])
    throws(Failure)
    -> Arrangement
  {
    let modelIsLast = modelLayout?.isChannelsLast
    if layout.isChannelsLast, stored.filter({ $0 != 1 }).count <= 1, taken.count == layout.rank,
      modelIsLast != true
    {
      // A flattened channels-last sample for a channels-first model.
      let view = Array(taken.dropFirst()) + [taken[0]]
      let permutation = [view.count - 1] + Array(0..<(view.count - 1))
      return Arrangement(view: view, permutation: permutation, channelAxis: view.count - 1)
    }
    var fitting = permuted.first { $0.view.count == 2 || ($0.channelAxis != 0) == layout.isChannelsLast }
    if let rank = fitting?.view.count { fitting?.channelAxis = layout.isChannelsLast ? rank - 1 : 0 }
    if let direct, fitting == nil || (modelIsLast ?? false) == layout.isChannelsLast { return direct }
    if let fitting { return fitting }
    throw .differentShape
  }

  static func movesElements(_ arrangement: Arrangement) -> Bool {
    guard let permutation = arrangement.permutation else { return false }
    let moved = permutation.filter { arrangement.view[$0] != 1 }
    return moved != moved.sorted()
  }

  /// Whether each size of `coarse` is the product of neighbors in `fine`, in order.
  static func merges(_ fine: [Int], into coarse: [Int]) -> Bool {
    var rest = fine[...]
    for size in coarse {
      var product = 1
      while product < size, let next = rest.first {
        product *= next
        rest.removeFirst()
      }
      if product != size { return false }
    }
    return rest.isEmpty
  }
}
