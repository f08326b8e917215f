import Foundation
import Images
import Packs
import System
import TestSupport
import Testing

/// The messages about packs that are damaged or incomplete, and about files that are not packs.
@Suite struct PackMessageTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private func problem(_ path: String) -> FileError? {
    #expect(throws: FileError.self) { try Pack(path) }
  }

  struct Case: CustomTestStringConvertible, Sendable {
    let problem: String
    let alter: @Sendable (inout ForgedPack) -> Void

    init(_ problem: String, _ alter: @escaping @Sendable (inout ForgedPack) -> Void) {
      self.problem = problem
      self.alter = alter
    }

    var testDescription: String { problem }
  }

  @Test(arguments: [
    Case("expected a shard from 0 on, below a number of shards of 1 to 100000, found 3 of 3") {
      ($0.shard, $0.shards) = (3, 3)
    },
    Case("expected a shard from 0 on, below a number of shards of 1 to 100000, found 0 of 0") { $0.shards = 0 },
    Case("it has 2 class names and 3 class folders") { $0.classFolders.append("cat") },
    Case("it has 0 class names and 0 class folders") { ($0.classNames, $0.classFolders) = ([], []) },
    Case("expected its colors' statistics to be finite numbers, found others") { $0.covariance[8] = .nan },
    Case("expected a mean image of 3 planes of at most 16384×16384, found the extents [1, 4, 3]") {
      $0.meanShape = [1, 4, 3]
    },
    Case("expected a mean image of 3 planes of at most 16384×16384, found the extents [12]") { $0.meanShape = [12] },
    Case("expected a mean image of values from 0 to 255, found others") { $0.mean[11] = 255.5 },
    Case("/training has 2 labels and 3 names") { $0.names.append("cat/3.jpg") },
    Case("/training/offsets has the extents [2] instead of [3]") { $0.offsets = [0, 8] },
    Case("/training: its offsets do not reach from 0 to 8") { $0.offsets[2] = 7 },
    Case("/training: its offsets do not reach from 0 to 8") { $0.offsets[0] = 1 },
    Case("/training: picture 1 has no bytes or too many") { $0.offsets[1] = 8 },
    Case("/training: picture 0 has no bytes or too many") { $0.offsets[1] = 1 << 40 },
    Case("/training: picture 1 has the label 2, of 2 classes") { $0.labels[1] = 2 },
    Case("/training: picture 0 has the label -1, of 2 classes") { $0.labels[0] = -1 },
    Case("/training: picture 1 has no pixels") { $0.sizes[2] = 0 },
    Case("the index of /training does not have the digest that was written") { $0.indexDigest = "0123456789abcdef" },
    Case("it has no pictures to train on") { $0.part = "validation" },
  ])
  func damageIsNamed(_ one: Case) throws {
    let path = folder.file("a.h5")
    var pack = ForgedPack()
    one.alter(&pack)
    try pack.write(to: path)
    let error = problem(path)
    #expect(error?.kind == .damaged)
    #expect(
      error?.description == "\(path): the pack is damaged: \(one.problem). Make it again with `prelu-dist pack`")
  }

  @Test(arguments: [
    Case(
      """
      this is an HDF5 file, but not a pack of this program. Make one with `prelu-dist pack`; a checkpoint is evaluated \
      and resumed by its own name, not by --data
      """
    ) { $0.conventions = nil },
    Case("the pack has format version 3, this program reads 1 to 2. Make it again with `prelu-dist pack`") {
      $0.version = 3
    },
  ])
  func otherFilesAreNamed(_ one: Case) throws {
    let path = folder.file("a.h5")
    var pack = ForgedPack()
    one.alter(&pack)
    try pack.write(to: path)
    let error = problem(path)
    #expect(error?.kind == .wrongKind && error?.description == "\(path): \(one.problem)")
  }

  @Test func shardsThatDoNotBelongTogether() throws {
    let (first, second, alone) = (folder.file("a-1-of-2.h5"), folder.file("a-2-of-2.h5"), folder.file("b.h5"))
    var pack = ForgedPack(shards: 2)
    try pack.write(to: first)
    try pack.write(to: alone)
    pack.shard = 1
    try pack.write(to: second)
    #expect(try Pack(first).images(.training)?.count == 4)

    let renamed = problem(alone)
    #expect(renamed?.kind == .mismatch)
    #expect(
      renamed?.description
        == "\(alone): it is shard 1 of 2, so its name must contain -1-of-2. Give all shards the names that they had")

    unlink(second)
    pack.fingerprint = "fedcba9876543210"
    try pack.write(to: second)
    let other = problem(first)
    #expect(other?.kind == .mismatch)
    #expect(
      other?.description == """
        \(second): the shard belongs to another pack than \(first). Copy all shards of one packing, or pack again
        """)
  }

  /// A change to a file after it was opened is reported with the picture.
  @Test func picturesThatCannotBeRead() throws {
    let path = folder.file("a.h5")
    let place = try ForgedPack().write(to: path)
    let images = try #require(try Pack(path).images(.training))
    func problem(_ index: Int) -> String {
      var bytes = [UInt8](repeating: 0, count: images.byteCount(of: index))
      do throws(DataError) {
        try bytes.withUnsafeMutableBufferPointer { bytes throws(DataError) in
          try images.read(index, into: bytes.baseAddress!)
        }
        return "\(bytes)"
      } catch {
        return "\(error)"
      }
    }
    let name = "\(path): /training, picture 1 (bee/2.jpg): expected"
    #expect(problem(1) == "[21, 22, 23, 24]")
    let file = try FileHandle(forUpdating: URL(filePath: path))
    try file.seek(toOffset: UInt64(place + 7))
    try file.write(contentsOf: [25])
    #expect(
      problem(1)
        == "\(name) the bytes that were packed, found bytes of another checksum. The pack is damaged: copy it again.")
    try file.truncate(atOffset: UInt64(place + 6))
    #expect(
      problem(1)
        == "\(name) 4 bytes of a picture, found the end of the file. The pack is truncated: copy it again.")
    #expect(problem(0) == "[11, 12, 13, 14]")

    // The descriptor is replaced by a folder's, from which the system reads nothing, to imitate a device that fails.
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { CInt($0) }
    let own = try #require(
      descriptors.first {
        $0 != file.fileDescriptor
          && (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
      })
    let other = open(folder.path, O_RDONLY)
    dup2(other, own)
    close(other)
    #expect(
      problem(0) == """
        \(path): /training, picture 0 (of unknown name): expected 4 bytes of a picture, found that they cannot be read \
        (Is a directory).
        """)
    try file.close()
  }
}
