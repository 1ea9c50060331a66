import Graph
import Testing
import YAML

@testable import Datasets

@Suite struct SettingsTests {
  private func parse(_ text: String) throws -> DataSettings {
    try DataSettings(parsing: Array(text.utf8), path: "data.yaml")
  }

  @Test func allSettingsAreRead() throws {
    let settings = try parse(
      """
      # how the pictures were prepared
      mean: [0.485, 0.456, 0.406]
      std: 0.5
      scale: 1/255
      label-scale: 2
      label-mean: 1
      label-std: [3]
      resize: 256
      crop: 320x240
      color: bgr
      data-layout: nchw
      label-column: -1
      classes: [cat, "1"]
      samples: 10
      skip: 3
      seed: 7
      """)
    #expect(settings.mean == [0.485, 0.456, 0.406] && settings.standardDeviation == [0.5])
    #expect(settings.scale == DataScale(numerator: 1, denominator: 255))
    #expect(settings.labelScale == DataScale(numerator: 2) && settings.labelMean == [1])
    #expect(settings.labelStandardDeviation == [3])
    #expect(settings.resize == PictureSize(width: nil, height: 256))
    #expect(settings.crop == PictureSize(width: 320, height: 240))
    #expect(settings.color == .bgr && settings.layout == .nchw && settings.labelColumn == "-1")
    #expect(
      settings.classes == ["cat", "1"] && settings.samples == 10 && settings.skip == 3 && settings.seed == 7)
    #expect(try parse("") == DataSettings())
  }

  @Test func mistakesAreExplained() {
    let cases: [(String, String)] = [
      ("scale: 0", "line 1: 'scale' takes a number"), ("mean: red", "'mean' takes a number or a list"),
      ("scal: 1", "there is no setting 'scal'"), ("a: [1", "line 2"), ("x: &a 1", "anchors"),
      ("x: *a", "aliases"),
      ("x: !t 1", "tags"), ("seed: 1\nseed: 2", "line 2: the key 'seed' appears twice"),
      ("\n- 1", "line 2: settings are expected"), ("color: pink", "one of rgb, bgr, gray, not 'pink'"),
      ("seed: -1", "a whole number"), ("a: 1\n---\nb: 2", "second document"),
    ]
    for (text, expected) in cases {
      let found = diagnostic { _ = try parse(text) }
      #expect(found?.message.contains(expected) == true, "\(text): \(found?.message ?? "nothing")")
    }
    let deep = String(repeating: "[", count: 100) + String(repeating: "]", count: 100)
    #expect(diagnostic { _ = try parse(deep) }?.message.contains("nested too deeply") == true)
  }

  @Test func scalesAndSizes() {
    #expect(DataScale("1/255")?.denominator == 255 && DataScale("0.5")?.numerator == 0.5)
    for text in ["", "1/0", "a", "1/2/3", "inf", "/2", "nan"] { #expect(DataScale(text) == nil) }
    for text in ["", "0", "1x", "x1", "1x2x3", "99999", "-1"] { #expect(PictureSize(text) == nil) }
    #expect(DataSettings.numbers("1, 2.5") == [1, 2.5] && DataSettings.numbers("1,") == nil)
  }
}
