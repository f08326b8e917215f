import Foundation
import Glibc
import TestSupport
import Testing

/// Tests of packs that cannot be made or written.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct PackFailureTests {
  private let folder: ScratchFolder
  private var directory: String { folder.path }

  init() throws {
    folder = try ScratchFolder()
    // Bytes behind a picture in its file are stored with it. They are many, since MPI has files of its own of 4 MB.
    for name in ["ant", "bee"] {
      for number in 0..<12 {
        let file = try folder.copy("\(goldenPhotos)/rgb-420.jpg", to: "photos/\(name)/\(number).jpg")
        #expect(truncate(file, 1 << 20) == 0)
      }
    }
  }

  private let options = ["--mean-side", "20", "--mean-crop", "16", "--threads", "1"]

  @Test func noWholePicture() throws {
    for name in ["a/1.jpg", "b/2.png"] {
      try folder.write(Array("no picture".utf8), to: "broken/\(name)")
    }
    let outcome = try Program.run(["pack", "broken", "-o", "a.h5", "--on-error", "skip"] + options, in: directory)
    #expect(outcome.exitCode == 65)
    #expect(
      outcome.errors.contains(
        """
        broken: expected pictures to train on, found none that is whole, of 2. Leave out --on-error skip: the message \
        then says what is wrong with the first one.
        """), "\(outcome.errors)")
  }

  @Test func aWorkFolderThatCannotBe() throws {
    try Data().write(to: URL(filePath: "\(directory)/a.h5.work"))
    let file = try Program.run(["pack", "photos", "-o", "a.h5"] + options, in: directory)
    #expect(
      file.exitCode == 73
        && file.errors.contains(
          "a.h5.work: expected a work folder, found a file. Move it away, or choose another --output"),
      "\(file.errors)")
    let nowhere = try Program.run(["pack", "photos", "-o", "none/a.h5"] + options, in: directory)
    #expect(
      nowhere.exitCode == 73
        && nowhere.errors.contains(
          "none/a.h5.work: the work folder cannot be created: No such file or directory. Make the folder first"),
      "\(nowhere.errors)")
  }

  /// Gives each rank a folder of its own under one name, as hosts have them that share no folder.
  @Test func ranksThatDoNotSeeTheSameFolder() throws {
    let elsewhere = try ScratchFolder()
    try FileManager.default.createDirectory(
      atPath: "\(elsewhere.path)/a.h5.work", withIntermediateDirectories: false)
    func rank(in folder: String) -> [String] {
      ["-np", "1", "-wdir", folder, Program.path, "pack", "\(directory)/photos", "-o", "a.h5"] + options
    }
    // MPI's variables in this process's environment are not meant for another mpirun.
    let outcome = try ChildProcess.capture(
      "/usr/bin/env",
      [
        "-i", "PATH=/usr/bin:/bin", "OMPI_ALLOW_RUN_AS_ROOT=1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1", "mpirun",
        "--oversubscribe", "--bind-to", "none",
      ] + rank(in: directory) + [":"] + rank(in: elsewhere.path))
    #expect(outcome.exitCode == 65, "\(outcome.errors)")
    #expect(
      outcome.errors.contains(
        """
        a.h5.work/block-1: expected a block that was finished, found none, or one that is not whole. All ranks must \
        see the same work folder. Run the same command again: it makes the block again
        """), "\(outcome.errors)")
  }

  /// A limit on the size of files stands in for a full disk. Below the size of a block it stops the blocks; above it,
  /// it stops the pack itself. The same command without the limit continues.
  @Test func aFullDisk() throws {
    func pack(kibibytes: Int) throws -> Program.Outcome {
      try ChildProcess.capture(
        "/bin/bash",
        [
          "-c", "cd \"$0\" && ulimit -f \(kibibytes) && exec \"$@\"", directory, Program.path, "pack", "photos", "-o",
          "a.h5",
        ] + options)
    }
    let words = "cannot be written: File too large"
    let advice = "Raise the limit of a file's size (ulimit -f). The same command continues from there"
    let block = try pack(kibibytes: 6 << 10)
    #expect(block.exitCode == 74, "\(block.errors)")
    #expect(
      block.errors.contains("a.h5.work/block-0.tmp: \(words); ") && block.errors.contains(" are free. \(advice)"),
      "\(block.errors)")
    // A block has eight pictures of 1 MB, the pack has 24.
    let whole = try pack(kibibytes: 12 << 10)
    #expect(whole.exitCode == 74 && whole.errors.contains("a.h5.tmp: \(words). \(advice)"), "\(whole.errors)")
    let rest = try Program.run(["pack", "photos", "-o", "a.h5"] + options, in: directory)
    #expect(rest.exitCode == 0 && rest.output.contains("24 pictures are done already"), "\(rest.output)")
  }

  /// Some network file systems and those of user space answer the syncing of a folder with one of these codes.
  @Test(.enabled(if: PreloadedLibrary.canBeMade, "there is no clang"), arguments: [EINVAL, EOPNOTSUPP, ENOSYS, EBADF])
  func aFolderThatCannotBeSyncedCostsAWarning(code: Int32) throws {
    let source = """
      #include <errno.h>
      #include <sys/stat.h>
      #include <sys/syscall.h>
      #include <unistd.h>
      int fsync(int file) {
        struct stat status;
        if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) { errno = \(code); return -1; }
        return syscall(SYS_fsync, file);
      }
      """
    let outcome = try Program.run(
      ["pack", "photos", "-o", "a.h5"] + options,
      variables: ["LD_PRELOAD": try PreloadedLibrary.make(source, in: folder)], in: directory)
    #expect(outcome.exitCode == 0)
    #expect(
      outcome.errors == """
        prelu-dist: warning: .: expected a file system that syncs folders, found one that syncs files only: after a \
        power loss the pack may be missing, not damaged

        """, "\(outcome.errors)")
    #expect(try folder.names().contains("a.h5"))
  }
}
