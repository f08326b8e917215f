import Foundation
import TestSupport

private let whole = "/usr/share/datasets/fashion-mnist"

/// Whether the files of Debian's dataset-fashion-mnist are installed.
let hasFashionMNIST = FileManager.default.fileExists(atPath: "\(whole)/train-images-idx3-ubyte.gz")

/// Writes the first images of Fashion-MNIST with their labels to a folder inside `folder`, uncompressed.
func writeFashionMNIST(training: Int, test: Int, to name: String, in folder: ScratchFolder) throws {
  for (part, count) in [("train", training), ("t10k", test)] {
    for (kind, header, size) in [("images-idx3", 16, 784), ("labels-idx1", 8, 1)] {
      let file = "\(part)-\(kind)-ubyte"
      let unpacked = folder.file(".unpacked")
      let outcome = try ChildProcess.capture("/bin/sh", ["-c", "gzip -dc '\(whole)/\(file).gz' >'\(unpacked)'"])
      guard outcome.exitCode == 0 else { throw CocoaError(.fileReadUnknown) }
      var content = Array(try folder.bytes(".unpacked").prefix(header + count * size))
      // The first four bytes are the magic number, the next four the count.
      content.replaceSubrange(4..<8, with: withUnsafeBytes(of: UInt32(count).bigEndian, Array.init))
      try folder.write(content, to: "\(name)/\(file)")
      try FileManager.default.removeItem(atPath: unpacked)
    }
  }
}

/// A recipe for 6000 training and 1000 test images: a program has them at once, and an epoch ends after 39 iterations.
/// The epochs do not end before a test wants it.
func smallFashion() throws -> String { "\(try smallFashionFolder.path)/small.yaml" }

private let smallFashionFolder = PreparedFolder { folder in
  try writeFashionMNIST(training: 6000, test: 1000, to: "images", in: folder)
  let recipe = """
    recipe: fashion
    data: { directory: \(folder.file("images")), validation: 1000 }
    training: { epochs: 1000 }
    """
  try folder.write(Array(recipe.utf8), to: "small.yaml")
}
