import Foundation
import TestSupport
import Testing

/// Tests of a rank that hangs before the first step: a library that is loaded before the program never returns from a
/// call there.
@Suite(.waitsForPrograms, .enabled(if: hasFashionMNIST && isOutsideMPI && PreloadedLibrary.canBeMade))
struct StartHangTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws { folder = try ScratchFolder() }

  /// Starts a training on two ranks, of which rank 1 hangs in a call.
  ///
  /// - Parameter call: a function of C with at most four parameters.
  private func train(hangingIn call: String) throws -> (status: Int32, errors: String) {
    let source = """
      #define _GNU_SOURCE
      #include <dlfcn.h>
      #include <stdlib.h>
      #include <string.h>
      #include <unistd.h>
      typedef int Call(void *, void *, void *, void *);
      int \(call)(void *a, void *b, void *c, void *d) {
        const char *rank = getenv("OMPI_COMM_WORLD_RANK");
        while (rank && !strcmp(rank, "1")) pause();
        return ((Call *)dlsym(RTLD_NEXT, "\(call)"))(a, b, c, d);
      }
      """
    let library = try PreloadedLibrary.make(source, in: folder)
    let (process, _, errors) = try Program.mpirun(
      [
        "-np", "2", "-x", "LD_PRELOAD=\(library)", Program.path, "train", "--data",
        "/usr/share/datasets/fashion-mnist", "--width", "4", "--threads", "1", "--run", "r", "--iterations", "2",
        "--stall-warning", "2", "--stall-limit",
        "6",
      ], in: directory)
    process.waitUntilExit()
    return (process.terminationStatus, try String(contentsOf: errors, encoding: .utf8))
  }

  /// Rank 0 waits for it inside MPI.
  @Test func aRankThatDoesNotReachMPIEndsTheJob() throws {
    let outcome = try train(hangingIn: "MPI_Init_thread")
    #expect(outcome.status == 75, "\(outcome)")
    #expect(
      outcome.errors.contains(
        #/warning: host \S+: MPI has not started for \d+ s, because a rank has not arrived or a host cannot be reached/#
      ), "\(outcome.errors)")
    #expect(outcome.errors.contains("the job ends after 6 s (--stall-limit)"), "\(outcome.errors)")
    #expect(outcome.errors.contains("The job ends here: look at its hosts"), "\(outcome.errors)")
  }

  /// Rank 0 waits for it in a message.
  @Test func aRankThatHangsWithItsDataEndsTheJob() throws {
    let outcome = try train(hangingIn: "gzread")
    #expect(outcome.status == 75, "\(outcome)")
    #expect(outcome.errors.contains("waits: rank 1 on host "), "\(outcome.errors)")
    #expect(outcome.errors.contains(", at the opening of the data"), "\(outcome.errors)")
    #expect(outcome.errors.contains("The job ends here"), "\(outcome.errors)")
  }
}
