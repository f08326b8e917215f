import Checkpoint
import Configuration
import Foundation
import Weights

/// The whole files that mutation starts from.
enum Corpus {
  /// Six images of 5×4 (magic, extents, values), the same gzipped, and six labels.
  static let idx: [[UInt8]] = [
    [0, 0, 8, 3, 0, 0, 0, 6, 0, 0, 0, 5, 0, 0, 0, 4] + (0..<120).map { UInt8(truncatingIfNeeded: $0 * 37 + 11) },
    decoded(
      "H4sIAAAAAAACAwGIAHf/AAAIAwAAAAYAAAAFAAAABAswVXqfxOkOM1h9osfsETZbgKXK7xQ5XoOozfIXPGGGq9D1Gj9kia7T+B1C"
        + "Z4yx1vsgRWqPtNn+I0htkrfcASZLcJW63wQpTnOYveIHLFF2m8DlCi9UeZ7D6A0yV3yhxusQNVp/pMnuEzhdgqfM8RY7YIWqz/QZ"
        + "Ph6l/CuIAAAA"
    ),
    [0, 0, 8, 1, 0, 0, 0, 6, 0, 1, 2, 0, 1, 9],
  ]

  /// JPEG in color and in gray, PNG (Pillow 9.4), and the three kinds of PNM.
  static let images: [[UInt8]] =
    [colorJPEG, grayJPEG, colorPNG].map(decoded)
    + [
      Array("P6 5 4 255\n".utf8) + (0..<60).map { UInt8($0 * 4) }, Array("P5\n# gray\n5 4 255\n".utf8) + (0..<20),
      Array("P2 3 2 15 0 1 2 3 4 15\n".utf8),
    ]

  /// The default recipe, and a network of one's own.
  static func texts() throws -> [[UInt8]] {
    try [
      Array(Configuration.load().yaml().utf8),
      Array(
        """
        recipe: fashion
        model:
          activation: prelu-shared
          input: { channels: 1, height: 28, width: 28 }
          layers:
            - convolution: { name: conv1, filters: 24, kernel: 5, padding: 2, stride: 2 }
            - maxPooling: { name: pool1, size: 3, stride: 2 }
            - averagePooling: { name: pool2, size: 2, stride: 1 }
            - spatialPyramidPooling: { name: spp, levels: [4, 2, 1] }
            - fullyConnected: { name: fc1, outputs: 128, dropout: 0.5 }
            - fullyConnected: { name: fc2, outputs: 10 }
        schedule: { kind: plateau, patience: 2, threshold: 0.01 }
        training: { epochs: 4, seed: 18446744073709551615 }
        """.utf8),
    ]
  }

  /// One file as this program writes it, and one with other types of values.
  static func safetensors(in folder: String) throws -> [[UInt8]] {
    let path = "\(folder)/whole.safetensors"
    defer { unlink(path) }
    let values: [Float] = (0..<24).map { Float($0) / 4 }
    try values.withUnsafeBufferPointer { values in
      try SafetensorsFile.write(
        to: path,
        tensors: [
          .init(name: "conv1.weight", shape: [4, 1, 3, 2], values: values),
          .init(name: "conv1.bias", shape: [4], values: UnsafeBufferPointer(rebasing: values[..<4])),
        ], metadata: ["format": "pt", "classes": #"["a","b"]"#])
    }
    let header =
      #"{"h":{"dtype":"F16","shape":[2,2],"data_offsets":[0,8]},"d":{"dtype":"F64","shape":[],"#
      + #""data_offsets":[8,16]},"b":{"dtype":"BF16","shape":[3],"data_offsets":[16,22]}}"#
    return [
      [UInt8](try Data(contentsOf: URL(filePath: path))),
      [UInt8(header.utf8.count), 0, 0, 0, 0, 0, 0, 0] + Array(header.utf8) + (0..<22).map { UInt8($0) },
    ]
  }

  /// A checkpoint with all that one has.
  static func checkpoint(in folder: String) throws -> [UInt8] {
    let network = SmallTensors()
    let path = "\(folder)/whole.h5"
    try withExtendedLifetime(network) {
      _ = try CheckpointFile.write(
        to: path, tensors: network.tensors, state: state, configuration: #"{"model":"small"}"#,
        dataFingerprint: #"{"images":60000}"#,
        input: InputDescription(meanShape: [1, 2, 3], mean: [0, 1, 2, 3, 4, 5], classNames: ["a", "b"]),
        provenance: Provenance(program: "prelu-dist 0.1.0", commandLine: "prelu-dist"))
    }
    defer { unlink(path) }
    return [UInt8](try Data(contentsOf: URL(filePath: path)))
  }

  /// A pack with pictures of all three parts' kinds, made by the program beside this one.
  static func pack(in folder: String) throws -> [UInt8] {
    let tree = "\(folder)/photos"
    for (number, bytes) in images.prefix(3).enumerated() {
      for name in ["cat", "dog"] {
        try FileManager.default.createDirectory(atPath: "\(tree)/\(name)", withIntermediateDirectories: true)
        try Data(bytes).write(to: URL(filePath: "\(tree)/\(name)/\(number).\(number == 2 ? "png" : "jpg")"))
      }
    }
    let path = "\(folder)/photos.h5"
    let process = Process()
    process.executableURL = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "prelu-dist")
    process.arguments = [
      "pack", tree, "--output", path, "--hold-out", "2", "--mean-side", "6", "--mean-crop", "4", "--threads", "1",
      "--quiet",
    ]
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
    defer {
      unlink(path)
      try? FileManager.default.removeItem(atPath: tree)
    }
    return [UInt8](try Data(contentsOf: URL(filePath: path)))
  }

  /// Lists of pictures, with numbers and with names.
  static let lists: [[UInt8]] = [
    Array("a/1.jpg 0\nb/two words.jpg\t1\nc.png 2\n".utf8),
    Array("# a comment\nx/1.jpg cat\nx/2.jpg dog\nx/3.jpg cat\n".utf8),
  ]

  private static let state = TrainingState(
    iteration: 1234, epoch: 3, iterationInEpoch: 17, samplesSeen: 157_952, seed: 7, learningRate: 0.1,
    schedule: ScheduleState(), best: BestResult(validationTop1Error: 8.5, iteration: 1100), epochSums: EpochSums(),
    secondsTrained: 4567.25, worldSize: 8, batch: 128, runIdentifier: "run-1")

  private static func decoded(_ base64: String) -> [UInt8] { [UInt8](Data(base64Encoded: base64) ?? Data()) }

  private static let colorJPEG = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQ\
    Ew8QEBD/2wBDAQMDAwQDBAgEBAgQCwkLEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBD/wAARCAAGAAkD\
    ASIAAhEBAxEB/8QAFgABAQEAAAAAAAAAAAAAAAAAAAIH/8QAIRAAAQMBCQAAAAAAAAAAAAAAAAEDBdEGCBghI0FCUpL/xAAVAQEBAAAAAAAAAAAA\
    AAAAAAAEB//EAB4RAAAFBQEAAAAAAAAAAAAAAAACBQYVAQcjJEGx/9oADAMBAAIRAxEAPwC7C3dYDTzZ24rQ0zDpAdmfK0AJm/XYtStdk3Q+0zlV\
    oEuc3PB//9k=
    """

  private static let grayJPEG = """
    /9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgICAgMCAgIDAwMDBAYEBAQEBAgGBgUGCQgKCgkICQkKDA8MCgsOCwkJDRENDg8QEBEQCgwSExIQ\
    Ew8QEBD/wAALCAAGAAkBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAAAgf/xAAhEAAABAUFAAAAAAAAAAAAAAAAAQMFBggYIdEjQUJSkv/aAAgBAQAA\
    PwBwLLqwad0duJ4FMp0YOyPk8D//2Q==
    """

  private static let colorPNG = """
    iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAIAAAASFvFNAAAAHElEQVR4nGMUkTshyfBNkuEbC4PyNwaGbwwM3wA4qwYjrRTMYgAAAABJRU5ErkJg\
    gg==
    """
}

/// The tensors of the corpus's checkpoint, and memory to read it into.
final class SmallTensors {
  let tensors: [CheckpointTensor]

  init() {
    let shapes: [(layer: String, blob: Int, shape: [Int])] = [
      ("conv1", 0, [4, 1, 3, 3]), ("conv1", 1, [4]), ("conv1_prelu", 0, []), ("fc", 0, [2, 36]), ("fc", 1, [2]),
    ]
    tensors = shapes.map { shape in
      func values() -> UnsafeMutableBufferPointer<Float> {
        let buffer = UnsafeMutableBufferPointer<Float>.allocate(capacity: shape.shape.reduce(1, *))
        for index in buffer.indices { buffer.initializeElement(at: index, to: Float(index) * 0.37 - 1) }
        return buffer
      }
      return CheckpointTensor(
        layer: shape.layer, blob: shape.blob, shape: shape.shape, values: values(), momentum: values())
    }
  }

  deinit {
    for tensor in tensors {
      tensor.values.deallocate()
      tensor.momentum?.deallocate()
    }
  }
}
