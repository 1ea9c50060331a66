import Graph
import Quantization
import Reporting
import Storage

/// What `quantize` makes, in memory.
///
///     let made = try command.make(.init(tellsLayers: true))
///     store(made.file, made.report)
struct QuantizedModel {
  /// The `.tflite` file.
  var file: View<UInt8>
  /// The model as it is read back from it.
  var device: DeviceModel
  /// What ranges came of calibration, or were given.
  var ranges: RangeTable
  /// What the work did; ``Report/outputs`` is empty as long as nothing is written.
  var report: Report
  var arena: ArenaReport
  /// What `--qdq` and `--c` ask for.
  var qdq: QDQModel?
  var firmware: FirmwareFolder?

  /// What to find out beside making the model.
  struct Wishes {
    /// Whether to measure the model before and after on the samples of `--data`.
    var measures = true
    /// Whether the report tells of each layer, which takes time.
    var tellsLayers = false
    /// What is to be made again: as the version that it names, and with samples prepared as the options alone say.
    var reproduces: Lineage?
  }
}
