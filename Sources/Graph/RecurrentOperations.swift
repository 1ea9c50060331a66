/// LSTM, GRU and plain RNN over a whole sequence.
///
/// Inputs: data `[T, N, I]`, weights `[D, G·H, I]`, recurrence `[D, G·H, H]`, bias `[D, 2·G·H]`?, sequence lengths
/// `[N]` int32?, initial hidden state `[D, N, H]`?, initial cell state `[D, N, H]`? (LSTM), peepholes `[D, 3·H]`? (LSTM);
/// gate order as in ONNX: LSTM i, o, f, c; GRU z, r, h. Outputs: all hidden states `[T, D, N, H]`?, last hidden state
/// `[D, N, H]`?, last cell state `[D, N, H]`? (LSTM). With `batchMajor` (ONNX layout 1): data `[N, T, I]`, states
/// `[N, D, H]`, all hidden states `[N, T, D, H]`.
public struct Recurrent: Hashable, Sendable {
  public enum Kind: Hashable, Sendable {
    case lstm(couplesInputForget: Bool)
    case gru(linearBeforeReset: Bool)
    case plain

    public var gateCount: Int {
      switch self {
      case .lstm: 4
      case .gru: 3
      case .plain: 1
      }
    }
  }
  public enum Direction: String, Hashable, Sendable {
    case forward, reverse, bidirectional
    public var count: Int { self == .bidirectional ? 2 : 1 }
  }
  public var kind: Kind
  public var direction: Direction
  public var hiddenSize: Int
  /// Per direction: LSTM f, g, h; GRU f, g; RNN f.
  public var activations: [Unary]
  /// Clamps the gate inputs to ±clip.
  public var clip: Float?
  public var batchMajor: Bool

  public init(
    kind: Kind, direction: Direction, hiddenSize: Int, activations: [Unary], clip: Float? = nil,
    batchMajor: Bool = false
  ) {
    self.kind = kind
    self.direction = direction
    self.hiddenSize = hiddenSize
    self.activations = activations
    self.clip = clip
    self.batchMajor = batchMajor
  }
}
