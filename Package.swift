// swift-tools-version: 6.1

import PackageDescription

/// The processor that the kernels are compiled for: `native`, or what `clang -march=` takes.
let march = Context.environment["PRELU_MARCH"] ?? "native"

/// Every target gets it: an inlined fused multiply-add does not link in a target that lacks the instruction.
let settings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .unsafeFlags(["-Xcc", "-march=\(march)"]),
]

// MARK: - C libraries

/// The MPI library: `openmpi`, or `mpich` for MPICH and those that share its ABI.
let mpi = Context.environment["PRELU_MPI"] ?? "openmpi"

let libraries: [Target] = [
  mpi == "mpich"
    ? .systemLibrary(name: "CMPI", pkgConfig: "mpich", providers: [.apt(["libmpich-dev"])])
    : .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
  .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
  .systemLibrary(name: "CHDF5", pkgConfig: "hdf5", providers: [.apt(["libhdf5-dev"])]),
  .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
  .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
  .systemLibrary(name: "CWebP", pkgConfig: "libwebp", providers: [.apt(["libwebp-dev"])]),
  .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
  .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
  .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
  .systemLibrary(name: "CProcessor"),
  .systemLibrary(name: "CTiles"),
  .systemLibrary(name: "CLinux"),
]

/// `FileDescriptor`, `Errno` and `Stat`, for those who name what `System` throws.
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")

// MARK: - The house: arrows point down only

func target(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let house: [Target] = [
  target("System", ["CLinux", systemPackage]),
  target("Hashing", ["System", "CCrypto"]),
  target("Randomness", ["System"]),
  target("Kernels", ["System", "COpenBLAS", "CProcessor", "CTiles"]),
  target("Network", ["System", "Kernels", "Randomness"]),
  target("Configuration", ["System", "Kernels", "Randomness", "Network", .product(name: "Yams", package: "Yams")]),
  target("Communication", ["System", "CMPI"]),
  target("Images", ["System", systemPackage, "CJPEG", "CPNG", "CWebP", "CZlib", "Randomness"]),
  target("Archives", ["System", "Images", "CArchive"]),
  target("HDF5", ["System", systemPackage, "CHDF5"]),
  target("Checkpoint", ["System", systemPackage, "Hashing", "HDF5"]),
  target(
    "Weights",
    [
      "System", systemPackage, "Hashing", "Network", "Configuration", "HDF5", "Checkpoint",
      .product(name: "SwiftProtobuf", package: "swift-protobuf"),
    ],
    exclude: ["Export/onnx.proto"]),
  target("Packs", ["System", systemPackage, "Images", "Archives", "HDF5", "Communication", "Kernels", "CZlib"]),
  target(
    "Reports",
    [
      "System", systemPackage, "Network", "Checkpoint", "HDF5", "Images", "CPNG",
      .product(name: "SwiftProtobuf", package: "swift-protobuf"),
    ],
    exclude: ["TensorBoard/event.proto"]),
  target("Diagnostics", ["System", systemPackage, "Hashing", "Kernels", "Communication", "HDF5"]),
  target("Datasets", ["System", "Kernels", "Network", "Configuration", "Images", "Packs"]),
  target("Tracing", ["System", systemPackage, "Communication"]),
  target("Step", ["System", "Kernels", "Network", "Communication"]),
  target(
    "Evaluation",
    ["System", "Kernels", "Network", "Configuration", "Communication", "Images", "Checkpoint", "Packs", "Datasets"]),
  target(
    "Training",
    [
      "System", "Kernels", "Network", "Configuration", "Communication", "Images", "Checkpoint", "Weights", "Datasets",
      "Tracing", "Step", "Evaluation",
    ]),
  target(
    "Recording",
    ["System", "Kernels", "Configuration", "Images", "Packs", "Datasets", "Evaluation", "Reports", "Step", "Training"]),
  target(
    "Benchmarks",
    [
      "System", "Kernels", "Randomness", "Network", "Configuration", "Communication", "Images", "Checkpoint", "Packs",
      "Datasets", "Tracing", "Step", "Training", "Diagnostics", "Reports",
    ]),
  .executableTarget(
    name: "prelu-dist",
    dependencies: [
      "System", "Kernels", "Network", "Configuration", "Communication", "Images", "Checkpoint", "Weights", "Packs",
      "Reports", "Diagnostics", "Datasets", "Evaluation", "Tracing", "Training", "Recording", "Benchmarks",
      .product(name: "ArgumentParser", package: "swift-argument-parser"),
    ],
    swiftSettings: settings),
]

// MARK: - Tests

func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

let bundles: [Target] = [
  .target(name: "TestSupport", dependencies: ["CArchive"], path: "Tests/TestSupport", swiftSettings: settings),
  .target(
    name: "RankTestSupport", dependencies: ["Communication"], path: "Tests/RankTestSupport", swiftSettings: settings),
  tests("HouseTests", ["Network", "TestSupport"]),
  tests("SystemTests", ["System", systemPackage, "TestSupport"]),
  tests("HashingTests", ["Hashing"]),
  tests("RandomnessTests", ["Randomness"]),
  tests("KernelTests", ["System", "Kernels", "Randomness", "TestSupport"]),
  tests("NetworkTests", ["System", "Kernels", "Network", "Randomness", "TestSupport"]),
  tests("ConfigurationTests", ["System", "Network", "Configuration", "TestSupport"]),
  tests("CommunicationTests", ["System", "Communication", "RankTestSupport"]),
  tests("ImagesTests", ["System", "Images", "Randomness", "CJPEG", "CPNG", "CZlib", "TestSupport"]),
  tests("WeightsTests", ["System", "Network", "Configuration", "Weights", "TestSupport"]),
  tests("ArchivesTests", ["Images", "Archives", "TestSupport"]),
  tests("PacksTests", ["System", "HDF5", "Images", "Packs", "TestSupport"]),
  tests("CheckpointTests", ["System", "Hashing", "HDF5", "CHDF5", "Checkpoint", "TestSupport"]),
  tests("ReportsTests", ["System", "Network", "Images", "Reports", "CPNG", "TestSupport"]),
  tests("DiagnosticsTests", ["System", "Kernels", "Diagnostics", "TestSupport"]),
  tests("DatasetsTests", ["System", "Images", "Datasets"]),
  tests(
    "EvaluationTests", ["System", "Kernels", "Network", "Communication", "Images", "Evaluation", "RankTestSupport"]),
  tests("TracingTests", ["System", "Communication", "Tracing", "RankTestSupport", "TestSupport"]),
  tests(
    "StepTests",
    ["System", "Kernels", "Network", "Communication", "Tracing", "Step", "RankTestSupport", "TestSupport"]),
  tests(
    "TrainingTests",
    [
      "System", "Kernels", "Network", "Configuration", "Communication", "Images", "Checkpoint", "Evaluation",
      "Training", "RankTestSupport", "TestSupport",
    ]),
  tests(
    "RecordingTests",
    [
      "System", "Configuration", "Communication", "Reports", "Training", "Recording", "RankTestSupport", "TestSupport",
    ]),
  tests("BenchmarksTests", ["Kernels", "Network", "Benchmarks", "TestSupport"]),
  tests("CommandTests", ["System", "Images", "Packs", "prelu-dist", "TestSupport"]),
  .executableTarget(
    name: "prelu-fuzz",
    dependencies: [
      "System", "Randomness", "Network", "Configuration", "Images", "Archives", "Checkpoint", "Weights", "Packs",
      "Reports",
    ],
    path: "Tests/Fuzz", swiftSettings: settings),
]

let package = Package(
  name: "prelu-dist",
  products: [.executable(name: "prelu-dist", targets: ["prelu-dist"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.30.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.7.0"),
  ],
  targets: libraries + house + bundles
)
