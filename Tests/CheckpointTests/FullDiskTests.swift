import Checkpoint
import Foundation
import HDF5
import TestSupport
import Testing

/// The disk is full: a limit on the size of files makes every write past it fail. In a process of its own, since the
/// limit holds for all of its files.
@Suite struct FullDiskTests {
  @Test func failedWriteLeavesNothingBehindAndTheProcessAlive() async {
    await #expect(processExitsWith: .success) {
      signal(SIGXFSZ, SIG_IGN)
      let scratch = try ScratchFolder()
      let path = scratch.file("run")
      let network = TestNetwork(seed: 1)
      var folder = try RunFolder.create(at: path)
      try folder.claim(runIdentifier: "run")
      func save(_ iteration: Int) throws {
        let state = testState(at: iteration)
        _ = try withExtendedLifetime(network) {
          try folder.save(
            tensors: network.tensors, state: state, configuration: "{}", dataFingerprint: "{}",
            provenance: testProvenance, keep: 2)
        }
      }
      func setLimit(_ bytes: Int) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        limit.rlim_cur = rlim_t(bytes)
        setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      }
      func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
      func descriptors() throws -> Int { try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count }

      try save(10)
      let size = try FileManager.default.attributesOfItem(atPath: "\(path)/checkpoint-10.h5")[.size] as? Int ?? 0
      let before = try names()
      let open = try descriptors()
      for limit in Array(stride(from: 512, to: size, by: size / 40)) + [size - 1] {
        setLimit(limit)
        expect(
          .cannotWrite,
          [
            "\(path)/checkpoint-20.h5: the checkpoint ", "File too large", "it needs ", " are free",
            ". Raise the limit of a file's size (ulimit -f). The newest checkpoint is \(path)/checkpoint-10.h5",
          ]
        ) { try save(20) }
        setLimit(Int(Int32.max))
        #expect(try names() == before, "limit \(limit)")
        #expect(HDF5Library.openIdentifiers == 0, "limit \(limit)")
        #expect(try descriptors() == open, "limit \(limit)")
      }
      try save(20)
      #expect(try folder.newestWhole().header.state.iteration == 20)
    }
  }
}
