import Checkpoint
import Configuration
import Foundation
import Images
import Network
import Packs
import Reports
import Synchronization
import System
import Weights

/// A kind of file that comes from outside: what to begin with, and who reads it.
struct Format: Sendable {
  let name: String
  let corpus: @Sendable (_ folder: String) throws -> [[UInt8]]
  /// Reads all of the file. Throws the reader's own error where it refuses it.
  let read: @Sendable (_ path: String) throws -> Void
  /// Whether one byte after the other is altered by one bit, instead of the file at random.
  var flipsBytes = false

  /// A new format is one entry here.
  static let all: [Format] =
    mutated + [
      flipping("checkpoint", CheckpointContent.init), flipping("pack", PackContent.init),
    ]

  /// A format whose files are altered byte by byte. Each is refused, or read as what was written: anything else ends
  /// the process.
  private static func flipping<Content: Equatable & Sendable>(
    _ name: String, _ content: @escaping @Sendable (_ path: String) throws -> Content
  ) -> Format {
    let format = mutated.first { $0.name == name }!
    let unaltered = Mutex<Content?>(nil)
    return Format(name: "\(name)-bytes") { folder in
      let corpus = try format.corpus(folder)
      try Data(corpus[0]).write(to: URL(filePath: "\(folder)/unaltered"))
      return corpus
    } read: { path in
      let folder = URL(filePath: path).deletingLastPathComponent().path
      let whole = try unaltered.withLock { whole in
        let known = try whole ?? content("\(folder)/unaltered")
        whole = known
        return known
      }
      guard try content(path) == whole else { fatalError("read as other than was written") }
    }.flipping
  }

  /// The same format, whose files are altered byte by byte.
  private var flipping: Format {
    var format = self
    format.flipsBytes = true
    return format
  }

  private static let mutated: [Format] = [
    Format(name: "checkpoint") {
      [try Corpus.checkpoint(in: $0)]
    } read: { path in
      _ = try CheckpointContent(path)
    },
    Format(name: "idx") { _ in
      Corpus.idx
    } read: { path in
      // Labels where it says so, otherwise images.
      if try Data(contentsOf: URL(filePath: path)).dropFirst(3).first == 1 {
        _ = try IDXFile.readLabels(path: path)
      } else {
        _ = try IDXFile.readImages(path: path)
      }
    },
    Format(name: "image") { _ in
      Corpus.images
    } read: { path in
      _ = try ImageDecoder.decode(path: path, channels: 3)
    },
    Format(name: "yaml") { _ in
      try Corpus.texts()
    } read: { path in
      _ = try Configuration.load(recipe: path).validated()
    },
    Format(name: "metrics") { _ in
      let header = MetricsFile.header
      return [Array("\(header)\n1,429,0.01,1.25,45.5,22.25,0.5,3000.5,17.25,0.5\n2,859,0.01,0.5,20,,,3e3,34,1\n".utf8)]
    } read: { path in
      _ = try MetricsFile(path: path).rows()
      try MetricsFile(path: path).truncate(afterIteration: 500)
    },
    Format(name: "report") { _ in
      RunTables.corpus
    } read: { path in
      try RunTables.report(path)
    },
    Format(name: "pack") {
      [try Corpus.pack(in: $0)]
    } read: { path in
      _ = try PackContent(path)
    },
    Format(name: "archive") { _ in
      ArchiveCorpus.files
    } read: { path in
      try ArchiveCorpus.read(path)
    },
    Format(name: "list") {
      try Corpus.lists(in: $0)
    } read: { path in
      _ = try PackInput(source: path).listing()
    },
    Format(name: "devkit") {
      try ImageNetKit(in: $0).files
    } read: { path in
      try ImageNetKit(in: URL(filePath: path).deletingLastPathComponent().path).read(path)
    },
    Format(name: "safetensors") {
      try Corpus.safetensors(in: $0)
    } read: { path in
      let file = try SafetensorsFile(path)
      for tensor in file.tensors where tensor.type.isRead {
        let values = UnsafeMutableBufferPointer<Float>.allocate(capacity: tensor.count)
        defer { values.deallocate() }
        values.initialize(repeating: .nan)
        try file.read(tensor, into: values)
        guard values.allSatisfy(\.isFinite) else { fatalError("\(tensor.name) was not read whole") }
      }
    },
    Format(name: "classes") { _ in
      [Array("\(ClassErrorsFile.header)\n0,cat,50,3,0\n1,\"dog, large\",50,7,1\n".utf8)]
    } read: { path in
      _ = try ClassErrorsFile.read(path)
    },
  ]

  /// Returns the bit that is altered in input `number`: one of every byte, and then the next one of every byte, or one
  /// of some bytes at equal distances where there are fewer inputs than bytes.
  func alteration(_ number: Int, of total: Int, bytes: Int, seed: UInt64) -> (place: Int, mask: UInt8) {
    let place = total >= bytes ? number % bytes : number * bytes / total
    return (place, 1 << UInt8((UInt64(place + number / bytes) &+ seed) % 8))
  }

  /// Whether an error is a reader's own: it names the file on one line.
  static func isRefusal(_ error: any Error, path: String) -> Bool {
    let known = error is FileError || error is DataError || error is ConfigurationError
    let text = "\(error)"
    return known && text.contains(path) && !text.contains("\n")
  }
}
