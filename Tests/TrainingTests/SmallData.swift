import Checkpoint
import Configuration
import Foundation
import Kernels
import Network
import Training

/// A small network for images of 4×4 in a folder of IDX files.
func smallConfiguration(directory: String, classes: Int = 2, validation: Int = 1) throws -> Configuration {
  try Configuration(
    yaml: """
      model:
        input: { channels: 1, height: 4, width: 4 }
        layers:
          - convolution: { name: conv1, filters: 3, kernel: 3, padding: 1 }
          - fullyConnected: { name: fc1, outputs: \(classes) }
      data: { directory: "\(directory)", validation: \(validation) }
      augmentation: { padding: 0, mirror: false }
      training: { batch: 2, epochs: 1 }
      """, source: "small.yaml")
}

/// Writes a checkpoint of iteration 0 of a network whose parameters are zeros. Returns its path.
func writeCheckpoint(
  _ path: String, _ configuration: Configuration, input: InputDescription? = nil, dataFingerprint: String = "{}"
) throws -> String {
  let architecture = try configuration.architecture().resolved()
  let (parameters, momentum) = (
    FloatBuffer(architecture.parameterVectorLength), FloatBuffer(architecture.parameterVectorLength)
  )
  let state = TrainingState(
    iteration: 0, epoch: 0, iterationInEpoch: 0, samplesSeen: 0, seed: 1, learningRate: 0.01,
    schedule: ScheduleState(), best: nil, epochSums: EpochSums(), secondsTrained: 0, worldSize: 1, batch: 2,
    runIdentifier: "small")
  try withExtendedLifetime((parameters, momentum)) {
    _ = try CheckpointFile.write(
      to: path, tensors: checkpointTensors(architecture, TrainedVectors(parameters: parameters, momentum: momentum)),
      state: state,
      configuration: configuration.json(), dataFingerprint: dataFingerprint, input: input,
      provenance: Provenance(program: "test", commandLine: "test"))
  }
  return path
}

/// Writes a data set of two classes, with four test images.
///
/// - Parameter training: the number of training images.
func writeIDX(to folder: String, training: Int, side: UInt8 = 4) throws {
  func write(_ name: String, _ extents: [UInt8], _ values: [UInt8]) throws {
    let header: [UInt8] = [0, 0, 8, UInt8(extents.count)] + extents.flatMap { [0, 0, 0, $0] }
    try Data(header + values).write(to: URL(filePath: "\(folder)/\(name)-idx\(extents.count)-ubyte"))
  }
  for (part, count) in [("train", training), ("t10k", 4)] {
    let pixels = (0..<count * Int(side) * Int(side)).map { UInt8(truncatingIfNeeded: $0 * 37 + count) }
    try write("\(part)-images", [UInt8(count), side, side], pixels)
    try write("\(part)-labels", [UInt8(count)], (0..<count).map { UInt8($0 % 2) })
  }
}
