import Graph

/// The range of every tensor whose range may be chosen: what was seen, what was chosen, and why.
///
///     let table = try RangeChooser(graph, method: .mse).choose(observations)
///     print(table.entries[0].lower)
public struct RangeTable: Sendable, Hashable {
  public struct Entry: Sendable, Hashable {
    /// The tensor's name; the same for every tensor that shares the range.
    public var tensor: String
    /// Others that share the range because they share their numbers.
    public var sharing: [String]
    /// The least and the greatest number that were seen.
    public var least: Float
    public var greatest: Float
    /// The ends of the chosen range; zero lies between them.
    public var lower: Float
    public var upper: Float
    public var choice: RangeChoice
    /// Why, where there was a choice: "31.2 dB behind 'conv2', minmax 29.9 dB".
    public var reason: String

    public init(
      tensor: String, sharing: [String] = [], least: Float, greatest: Float, lower: Float, upper: Float,
      choice: RangeChoice, reason: String = ""
    ) {
      self.tensor = tensor
      self.sharing = sharing
      self.least = least
      self.greatest = greatest
      self.lower = lower
      self.upper = upper
      self.choice = choice
      self.reason = reason
    }

    var range: RealRange { RealRange(Double(lower), Double(upper)) }
  }

  /// In the order of the graph.
  public var entries: [Entry]
  /// Samples that were seen.
  public var sampleCount: Int

  public init(entries: [Entry] = [], sampleCount: Int = 0) {
    self.entries = entries
    self.sampleCount = sampleCount
  }
}
