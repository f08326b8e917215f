import Foundation
import TestSupport
import Testing

/// Tests of errors of the file system while a folder is listed: they end the packing, because what was not told may be
/// pictures.
@Suite(.waitsForPrograms, .enabled(if: isOutsideMPI)) struct ListingFailureTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    for name in ["ant", "bee"] {
      for number in 0..<4 { try folder.copy("\(goldenPhotos)/rgb.png", to: "p/\(name)/\(number).png") }
    }
  }

  private func expectNothing(_ outcome: Program.Outcome, _ message: String) throws {
    #expect(outcome.exitCode == 74, "\(outcome.errors)")
    #expect(outcome.errors == "prelu-dist: \(message)\n", "\(outcome.errors)")
    #expect(try !folder.names().contains { $0.hasPrefix("p.h5") })
  }

  private static let advice =
    "What the system did not tell may be pictures: check the disk or the server, and run the command again."

  /// A path may have 4096 bytes; the folders in which this one lies were made one inside the other.
  @Test func aFolderThatCannotBeOpened() throws {
    let name = String(repeating: "d", count: 250)
    let script = "cd \"$0\" && for ((k = 0; k < 20; k++)); do mkdir \"$1\" && cd \"$1\" || exit; done"
    let made = try ChildProcess.capture("/bin/bash", ["-c", script, folder.file("p/bee"), name])
    // Foundation does not remove such paths.
    defer { _ = try? ChildProcess.capture("/bin/rm", ["-r", folder.file("p/bee")]) }
    try #require(made.exitCode == 0, "\(made.errors)")
    let outcome = try Program.run(["pack", "p", "-o", "p.h5", "--threads", "1"], in: folder.path)
    let deepest = "p/bee/" + Array(repeating: name, count: 17).joined(separator: "/")
    try expectNothing(
      outcome,
      "\(deepest): expected a folder of pictures, found that it cannot be opened (File name too long). \(Self.advice)")
  }

  /// A handle of a network file system goes stale in the middle of a listing.
  @Test(.enabled(if: PreloadedLibrary.canBeMade, "there is no clang")) func aListingThatBreaksOff() throws {
    let outcome = try Program.run(
      ["pack", "p", "-o", "p.h5", "--threads", "1"], variables: ["LD_PRELOAD": try Self.brokenListing(folder)],
      in: folder.path)
    try expectNothing(
      outcome,
      "p/ant: expected a folder of pictures, found that it cannot be read to its end (Stale file handle). "
        + Self.advice)
  }

  /// Where nothing is packed, no word is said of packing.
  @Test(.enabled(if: PreloadedLibrary.canBeMade, "there is no clang")) func aListingThatBreaksOffInPredict() throws {
    try folder.writePhotoRecipe(pack: "whole.h5", classes: 2, batch: 4, epochs: 1)
    let packed = try Program.run(
      ["pack", "p", "-o", "whole.h5", "--threads", "1", "--mean-side", "20", "--mean-crop", "16"], in: folder.path)
    try #require(packed.exitCode == 0, "\(packed.errors)")
    let trained = try Program.run(
      ["train", "--recipe", "own.yaml", "--run", "r", "--iterations", "1", "--threads", "1"], in: folder.path)
    try #require(trained.exitCode == 0, "\(trained.errors)")
    let outcome = try Program.run(
      ["predict", "r", "p/ant", "--threads", "1"], variables: ["LD_PRELOAD": try Self.brokenListing(folder)],
      in: folder.path)
    #expect(outcome.exitCode == 74 && !outcome.errors.contains("was packed"), "\(outcome.errors)")
    #expect(
      outcome.errors.contains(
        "p/ant: expected a folder of pictures, found that it cannot be read to its end (Stale file handle). "
          + Self.advice), "\(outcome.errors)")
  }

  /// Makes a library that lets listings break off before a file named 2.png. Returns its path.
  private static func brokenListing(_ folder: ScratchFolder) throws -> String {
    let source = """
      #define _GNU_SOURCE
      #include <dirent.h>
      #include <dlfcn.h>
      #include <errno.h>
      #include <string.h>
      struct dirent *readdir(DIR *folder) {
        struct dirent *(*next)(DIR *) = dlsym(RTLD_NEXT, "readdir");
        struct dirent *entry = next(folder);
        if (entry && strcmp(entry->d_name, "2.png") == 0) { errno = ESTALE; return NULL; }
        return entry;
      }
      struct dirent64 *readdir64(DIR *folder) { return (struct dirent64 *)readdir(folder); }
      """
    return try PreloadedLibrary.make(source, in: folder)
  }
}
