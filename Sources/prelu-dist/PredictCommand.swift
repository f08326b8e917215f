import ArgumentParser
import Foundation
import Images
import Kernels
import Network
import Training

/// The likeliest classes of single pictures.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict", abstract: "The five likeliest classes of pictures (JPEG, PNG, PGM, PPM).")

  @Argument(help: ArgumentHelp("A checkpoint, or a run folder: its best one.", valueName: "checkpoint|run"))
  var checkpoint: String

  @Argument(help: "Pictures; resized to the network's input.")
  var images: [String] = []

  @Option(help: ArgumentHelp("Test images of the run's data set, by number from 0.", valueName: "number"))
  var testImage: [Int] = []

  @Option(help: ArgumentHelp("A pack, or the folder of the IDX files (default: the run's own data).", valueName: "dir"))
  var data: String?

  @Flag(help: "Print one JSON object a picture, with all scores.")
  var json = false

  func validate() throws {
    guard !images.isEmpty || !testImage.isEmpty else {
      throw ValidationError("Name at least one picture, or a test image by --test-image.")
    }
  }

  private struct Picture {
    let name: String
    let values: [Float]
    let label: Int?
  }

  func run() throws {
    do {
      try predict()
    } catch {
      Console.complain("\(error)")
      Foundation.exit(Training.ExitCode.of(error))
    }
  }

  private func predict() throws {
    let trained = try TrainedNetwork(checkpoint)
    let pictures = try load(trained)
    let inference = Inference(trained.network, on: ThreadPool(threads: 1))
    let classes = trained.network.head.classes
    let sizes = stride(from: 0, to: pictures.count, by: Inference.groupSize).map {
      min(Inference.groupSize, pictures.count - $0)
    }
    inference.scores(sizes: sizes) { group, index, target in
      let values = pictures[group * Inference.groupSize + index].values
      for (place, value) in values.enumerated() { target[place] = value }
    } use: { group, scores in
      for index in 0..<sizes[group] {
        show(pictures[group * Inference.groupSize + index], scores + index * classes, trained)
      }
    }
  }

  private func load(_ trained: TrainedNetwork) throws -> [Picture] {
    var pictures = try images.map { path in
      Picture(name: path, values: try trained.input(ofPicture: path), label: nil)
    }
    guard !testImage.isEmpty else { return pictures }
    let directory = data ?? trained.configuration.data.directory
    let loader = try trained.samples(.test, data: data)
    for number in testImage {
      guard (0..<loader.count).contains(number) else {
        throw TrainingError(
          Training.ExitCode.usage,
          "\(directory): there is no test image \(number); they have numbers from 0 to \(loader.count - 1)")
      }
      var values = [Float](repeating: 0, count: loader.extents.count)
      try values.withUnsafeMutableBufferPointer { try loader.loadPlain(sample: number, into: $0.baseAddress!) }
      pictures.append(Picture(name: "test image \(number)", values: values, label: Int(loader.labels[number])))
    }
    return pictures
  }

  private func show(_ picture: Picture, _ scores: UnsafePointer<Float>, _ trained: TrainedNetwork) {
    let probabilities = softmax(scores, classes: trained.classNames.count)
    let best = probabilities.indices.sorted { (probabilities[$0], -$0) > (probabilities[$1], -$1) }.prefix(5)
    guard json else {
      let truth = picture.label.map { "  (labelled \(trained.classNames[$0]))" } ?? ""
      Console.say("\(picture.name)\(truth)")
      for index in best {
        Console.say(String(format: "  %6.2f %%  %@", 100 * probabilities[index], trained.classNames[index]))
      }
      return
    }
    var object: [String: Any] = [
      "image": picture.name, "scores": (0..<probabilities.count).map { Double(scores[$0]) },
      "top5": best.map {
        ["class": $0, "name": trained.classNames[$0], "probability": probabilities[$0]] as [String: Any]
      },
    ]
    if let label = picture.label { object["label"] = label }
    Console.sayJSON(object)
  }
}
