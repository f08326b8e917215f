import Foundation
import Images
import System
import Testing

/// The real data set, as Debian's package `dataset-fashion-mnist` installs it.
@Suite struct FashionMNISTTests {
  static let directory = "/usr/share/datasets/fashion-mnist"
  static let isInstalled = FileManager.default.fileExists(atPath: directory + "/train-images-idx3-ubyte.gz")

  @Test(.enabled(if: isInstalled, "dataset-fashion-mnist is not installed"))
  func isWhatItsAuthorsPublished() throws {
    let set = try IDXFolder.load(directory: Self.directory)
    #expect(set.training.count == 60_000)
    #expect(set.test.count == 10_000)
    #expect(set.training.extents == Extents(channels: 1, height: 28, width: 28))
    #expect(set.training.classCount == 10)
    for (part, perClass) in [(set.training, 6000), (set.test, 1000)] {
      for label in 0..<10 {
        #expect(part.labels.count { $0 == label } == perClass)
      }
    }
    #expect(set.classNames.first == "T-shirt/top")
    #expect(set.classNames.last == "Ankle boot")
    #expect(try IDXFolder.loadTest(directory: Self.directory).classNames == set.classNames)

    // Users of Fashion-MNIST commonly subtract the mean 0.2860, here times 255.
    let mean = MeanImage(of: set.training)
    let overall = mean.values.reduce(0.0) { $0 + Double($1) } / Double(mean.values.count)
    #expect(abs(overall - 72.94) < 0.005, "\(overall)")
  }
}
