// swift-tools-version: 6.0
import PackageDescription

/// Every C file is optimized even in debug builds: an unoptimized micro-kernel makes the tests crawl.
let kernelFlags: [CSetting] = [
  .unsafeFlags(["-O2", "-ffp-contract=off", "-fno-math-errno", "-Wall", "-Wextra", "-Wno-unused-parameter"])
]

/// All test targets, or those that `EDGEOPT_TESTS=GraphTests,MicroTests` names, for a quick loop.
func tests() -> [Target] {
  let all: [Target] = [
    .testTarget(name: "StorageTests", dependencies: ["Storage"]),
    .testTarget(name: "StatisticsTests", dependencies: ["Statistics", "Storage"]),
    .testTarget(name: "TensorMathTests", dependencies: ["TensorMath", "CKernels", "Storage"]),
    .testTarget(name: "PassesTests", dependencies: ["Passes", "ONNXFormat", "Runtime", "Graph", "Storage"]),
    .testTarget(
      name: "DatasetsTests", dependencies: ["Datasets", "Graph", "Statistics", "Storage", "YAML"],
      exclude: ["Fixtures"]),
    .testTarget(name: "RuntimeTests", dependencies: ["Runtime", "Graph", "Storage", "TensorMath"]),
    .testTarget(
      name: "ONNXFormatTests", dependencies: ["ONNXFormat", "Graph", "Passes", "Runtime", "Storage"]),
    .testTarget(name: "GraphTests", dependencies: ["Graph", "Storage"]),
    .testTarget(
      name: "edgeoptTests", dependencies: ["edgeopt", "Graph", "JSONText", "Micro", "Storage"],
      exclude: ["Snapshots", "BrokenRecipes"]),
    .testTarget(name: "ArgumentsTests", dependencies: ["Arguments"]),
    .testTarget(
      name: "RecipesTests", dependencies: ["Recipes", "Arguments", "Graph", "JSONText", "Reporting"]),
    .testTarget(
      name: "ReportingTests", dependencies: ["Reporting", "JSONText", "Graph", "Micro", "Storage"]),
    .testTarget(name: "JSONTextTests", dependencies: ["JSONText", "Graph"]),
    .testTarget(name: "TargetsTests", dependencies: ["Targets", "Reporting", "Graph"]),
    .testTarget(
      name: "MicroTests", dependencies: ["Micro", "TFLiteFormat", "Graph", "Storage"],
      exclude: ["arenas.csv"]),
    .testTarget(
      name: "TFLiteFormatTests", dependencies: ["TFLiteFormat", "Micro", "MicroRuntime", "Graph", "Storage"]),
    .testTarget(
      name: "MicroRuntimeTests",
      dependencies: ["MicroRuntime", "TFLiteFormat", "Micro", "Datasets", "TensorMath", "Graph", "Storage"],
      exclude: ["Vectors"]),
    .testTarget(
      name: "FirmwareTests", dependencies: ["Firmware", "JSONText", "Micro", "Graph", "Storage"],
      exclude: ["Stub"]),
    .testTarget(
      name: "LoweringTests",
      dependencies: [
        "Lowering", "Micro", "MicroRuntime", "ONNXFormat", "Passes", "Runtime", "TFLiteFormat", "Graph",
        "Storage",
      ]),
    .testTarget(
      name: "QuantizationTests",
      dependencies: [
        "Quantization", "Lowering", "Micro", "MicroRuntime", "Datasets", "Passes", "Runtime", "Graph",
        "Storage",
      ]),
  ]
  guard let chosen = Context.environment["EDGEOPT_TESTS"]?.split(separator: ",").map(String.init) else {
    return all
  }
  return all.filter { chosen.contains($0.name) }
}

let package = Package(
  name: "edgeopt",
  products: [.executable(name: "edgeopt", targets: ["edgeopt"])],
  targets: [
    // Bytes: aligned or mapped memory and typed views of it.
    .target(name: "Storage"),
    // The waist: tensors, operators, shapes, verification.
    .target(name: "Graph", dependencies: ["Storage"]),
    // The tensor core and its micro-kernels.
    .target(name: "CKernels", cSettings: kernelFlags),
    .target(name: "TensorMath", dependencies: ["Storage", "CKernels"]),
    // Formats.
    .systemLibrary(
      name: "CProtobufC", pkgConfig: "libprotobuf-c", providers: [.apt(["libprotobuf-c-dev"])]),
    .target(name: "CONNX", dependencies: ["CProtobufC"], cSettings: [.unsafeFlags(["-O2"])]),
    .target(name: "ONNXFormat", dependencies: ["Graph", "Storage", "CONNX"]),
    // Graph to Graph.
    .target(name: "Passes", dependencies: ["Graph", "Storage"]),
    // Executors.
    .target(name: "Runtime", dependencies: ["Graph", "Storage", "TensorMath"]),
    // The device's form of a model: its value, the operators that TFLM has, the arena.
    .target(name: "Micro", dependencies: ["Graph", "Storage"]),
    .target(
      name: "CTFLite",
      cxxSettings: [.unsafeFlags(["-O2", "-fno-exceptions", "-fno-rtti", "-Wall", "-Wextra"])]),
    .target(name: "TFLiteFormat", dependencies: ["Micro", "Graph", "Storage", "CTFLite"]),
    .target(name: "MicroRuntime", dependencies: ["Micro", "Graph", "Storage", "TensorMath"]),
    .target(name: "Firmware", dependencies: ["Micro", "Graph", "JSONText", "Storage"]),
    // Graph to device: legal operators, then one operator after another.
    .target(name: "Lowering", dependencies: ["Micro", "Graph", "Passes", "Storage"]),
    // Data sets.
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "CCodecs", dependencies: ["CPNG", "CJPEG", "CZlib"],
      cSettings: [.unsafeFlags(["-O2", "-ffp-contract=off"])]),
    .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .target(name: "YAML", dependencies: ["CYAML"]),
    // JSON documents, and values as such.
    .target(name: "JSONText", dependencies: ["Graph"]),
    // What measured numbers are worth: intervals and tests.
    .target(name: "Statistics", dependencies: ["Storage"]),
    .target(name: "Datasets", dependencies: ["Graph", "Statistics", "Storage", "CCodecs", "YAML"]),
    // Calibration, ranges, and the plan of a quantized model.
    .target(
      name: "Quantization",
      dependencies: ["Datasets", "Graph", "Lowering", "Micro", "Passes", "Runtime", "Storage", "TensorMath"]),
    // What people read and type.
    .target(
      name: "Reporting", dependencies: ["Graph", "JSONText", "Micro", "Statistics", "Storage"],
      resources: [.embedInCode("Page/report.css"), .embedInCode("Page/report.js")]),
    .target(name: "Arguments"),
    // What to do to a model, as a file: read, checked, described to editors.
    .target(
      name: "Recipes",
      dependencies: ["Arguments", "YAML", "JSONText", "Graph", "Storage", "Reporting", "Targets"]),
    // Devices, and whether a model fits them.
    .target(
      name: "Targets", dependencies: ["Arguments", "Graph", "JSONText", "Reporting", "Storage", "YAML"],
      resources: [
        .embedInCode("Profiles/arduino-nano-33-ble.yaml"),
        .embedInCode("Profiles/corstone-300.yaml"),
        .embedInCode("Profiles/cortex-m0plus.yaml"),
        .embedInCode("Profiles/esp32-s3.yaml"),
        .embedInCode("Profiles/nrf52840.yaml"),
        .embedInCode("Profiles/nrf5340.yaml"),
        .embedInCode("Profiles/ra8m1.yaml"),
        .embedInCode("Profiles/rp2040.yaml"),
        .embedInCode("Profiles/rp2350.yaml"),
        .embedInCode("Profiles/stm32f746.yaml"),
        .embedInCode("Profiles/stm32h743.yaml"),
        .embedInCode("Profiles/stm32l4r5.yaml"),
        .embedInCode("Profiles/stm32u575.yaml"),
      ]),
    .executableTarget(
      name: "edgeopt",
      dependencies: [
        "Arguments", "Datasets", "Firmware", "Graph", "JSONText", "Lowering", "Micro", "MicroRuntime",
        "ONNXFormat",
        "Passes",
        "Quantization", "Recipes", "Reporting", "Runtime", "Statistics", "Storage", "TFLiteFormat", "Targets",
        "TensorMath",
      ]),
  ] + tests(),
  swiftLanguageModes: [.v6],
  cLanguageStandard: .gnu11
)
