import Datasets
import Reporting
import TensorMath

/// What `evaluate` prints.
struct EvaluationText {
  let result: PairedEvaluation.Result
  let workers: Workers
  /// Samples that ran together.
  let batch: Int

  var text: String {
    var rows: [(String, String)] = []
    if let metric = result.metric {
      rows.append((metric.kind.rawValue, metric.text(confidence: result.quality.confidence)))
      if metric.notFinite > 0 {
        rows.append(
          ("not finite", "\(NumberFormat.count(metric.notFinite, of: "sample")) gave NaN or infinity"))
      }
    }
    rows.append(("samples", NumberFormat.count(result.quality.samples)))
    rows.append(("speed", speed))
    rows.append(
      ("machine", "\(workers.threads) threads, \(workers.kernels.name), batches of \(batch)"))
    let widest = rows.map(\.0.count).max() ?? 0
    return rows.map { "\($0.0)\(String(repeating: " ", count: widest - $0.0.count))  \($0.1)\n" }.joined()
  }

  private var speed: String {
    let rate = result.samplesPerSecond ?? 0
    let text = rate >= 100 ? NumberFormat.count(Int(rate.rounded())) : NumberFormat.fixed(rate, digits: 2)
    return "\(text) samples/s (\(NumberFormat.duration(seconds: result.seconds.before)))"
  }
}

extension MetricResult {
  /// "87.19 % (8,719 of 10,000), 95 % interval 86.52 % to 87.83 %"
  fileprivate func text(confidence: Double) -> String {
    let scale = MetricScale(kind.rawValue)
    var text = scale.text(value)
    if let correct { text += " (\(NumberFormat.count(correct)) of \(NumberFormat.count(count)))" }
    if low.isFinite || high.isFinite {
      let ends = "\(scale.text(low)) to \(scale.text(high))"
      text += ", \(NumberFormat.confidence(confidence)) interval \(ends)"
    }
    return text
  }
}
