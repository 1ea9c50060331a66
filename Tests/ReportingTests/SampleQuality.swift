import Reporting

/// The accuracy in ``SampleReport``: 597 samples of ten classes, all counted from the two confusion matrices.
enum SampleQuality {
  private static let names: [String?] = [
    "yes", "no", "up", "down", "left", "right", "on", "off", "stop", SampleReport.hostileName,
  ]
  private static let samples = [60, 62, 58, 61, 63, 59, 64, 66, 63, 41]

  /// The class that is, the one that the model says, how often.
  private typealias Mistake = (wanted: Int, found: Int, count: Int)
  private static let mistakesBefore: [Mistake] = [
    (1, 9, 4), (1, 3, 1), (2, 7, 3), (3, 1, 3), (4, 0, 1), (5, 4, 1), (6, 7, 2), (7, 2, 4), (8, 2, 1),
    (9, 1, 6),
  ]
  private static let mistakesAfter: [Mistake] = [
    (1, 9, 5), (1, 3, 1), (2, 7, 2), (3, 1, 4), (4, 0, 1), (5, 4, 1), (6, 7, 2), (7, 2, 3), (8, 2, 1),
    (9, 1, 8),
  ]
  private static let broken = [0, 1, 0, 1, 0, 0, 0, 0, 0, 2]
  private static let mended = [0, 0, 1, 0, 0, 0, 0, 1, 0, 0]

  private static func confusion(_ mistakes: [Mistake]) -> [[Int]] {
    var counts = samples.indices.map { wanted in
      samples.indices.map { wanted == $0 ? samples[wanted] : 0 }
    }
    for mistake in mistakes {
      counts[mistake.wanted][mistake.found] += mistake.count
      counts[mistake.wanted][mistake.wanted] -= mistake.count
    }
    return counts
  }

  static var quality: Report.Quality {
    let before = confusion(mistakesBefore)
    let after = confusion(mistakesAfter)
    var quality = Report.Quality()
    quality.metric = "top1"
    quality.data = ["data/test.npz"]
    quality.samples = samples.reduce(0, +)
    quality.before = Report.Measurement(value: 571.0 / 597, low: 0.9370, high: 0.9701, correct: 571)
    quality.after = Report.Measurement(value: 569.0 / 597, low: 0.9330, high: 0.9673, correct: 569)
    quality.difference = Report.Difference(
      value: -2.0 / 597, low: -0.0117, high: 0.0050, pValue: 0.6875, test: "McNemar, exact",
      isSignificant: false, leastPValue: 0.03125,
      broken: broken.reduce(0, +), mended: mended.reduce(0, +))
    quality.agreement = Report.Share(value: 589.0 / 597, low: 0.9738, high: 0.9932, count: 589)
    quality.outputSqnr = 34.0
    quality.outputSqnrSamples = 500
    quality.classes = names.indices.map { index in
      Report.ClassAccuracy(
        index: index, name: names[index], samples: samples[index], correctBefore: before[index][index],
        correctAfter: after[index][index], broken: broken[index], mended: mended[index])
    }
    quality.confusion = Report.Confusion(before: before, after: after)
    // 569 of 597 are right: digits with four bits, but for the last 28 samples.
    quality.outcomes = Report.Outcomes(
      samplesSha256: SampleReport.digest("aa"),
      right: String(repeating: "f", count: 142) + "8" + String(repeating: "0", count: 7))
    return quality
  }
}
