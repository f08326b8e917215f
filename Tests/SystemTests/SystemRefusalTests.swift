import Foundation
import System
import SystemPackage
import TestSupport
import Testing

/// The messages about a file that the system refuses: its words, and what usually helps.
@Suite struct SystemRefusalTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.write([1], to: "a")
  }

  @Test func namesThatAreInTheWay() throws {
    let (file, none, taken) = (folder.file("a"), folder.file("none"), folder.file("taken"))
    try FileManager.default.createDirectory(atPath: taken, withIntermediateDirectories: false)
    expect(.cannotCreate, ["\(none)/b: cannot be created: No such file or directory. Make the folder first"]) {
      try FileSystem.replace("\(none)/b", with: "", temporary: "\(none)/c")
    }
    expect(.cannotWrite, ["\(taken): cannot be put in place: Is a directory. Move away what has that name now"]) {
      try FileSystem.rename(file, to: taken)
    }
    expect(.cannotWrite, ["\(taken): cannot be removed: Is a directory. Move away what has that name now"]) {
      try FileSystem.remove(taken)
    }
    expect(.missing, ["\(none): cannot be listed: No such file or directory"]) { _ = try FileSystem.names(in: none) }
    expect(.cannotRead, ["\(file): cannot be listed: Not a directory"]) { _ = try FileSystem.names(in: file) }
    expect(.missing, ["\(none): cannot be opened: No such file or directory"]) {
      _ = try FileSystem.beginning(of: none, limit: 1)
    }
    expect(.cannotWrite, ["\(none): cannot be opened to sync it: No such file or directory. Make the folder first"]) {
      try FileSystem.synchronize(none)
    }
    expect(.cannotCreate, ["\(none)/: expected the name of a file, found a folder"]) {
      try FileSystem.checkWritable("\(none)/")
    }
    #expect(try folder.names() == ["a", "taken"])
  }

  @Test func linksAndDevices() throws {
    let loop = folder.file("loop")
    try FileManager.default.createSymbolicLink(atPath: loop, withDestinationPath: "loop")
    let words = "Too many levels of symbolic links. A symbolic link leads back to itself"
    expect(.cannotRead, ["\(loop): cannot be opened: \(words)"]) { _ = try FileSystem.beginning(of: loop, limit: 1) }
    expect(.cannotRead, ["\(loop): cannot be examined: \(words)"]) { _ = try FileSystem.status(loop) }
    // Nothing is at this process's address 0.
    let memory = "/proc/self/mem"
    let failure = "Input/output error. The device or the network behind it fails"
    expect(.cannotRead, ["\(memory): cannot be read: \(failure)"]) {
      _ = try FileSystem.beginning(of: memory, limit: 1)
    }
  }

  /// The test runs in a process of its own, since rights hold for all threads.
  @Test func rights() async {
    await #expect(processExitsWith: .success) {
      let folder = try ScratchFolder()
      let (file, other) = (folder.file("a"), folder.file("b"))
      try folder.write([1], to: "a")
      chmod(file, 0)
      chmod(folder.path, 0o555)
      let user = geteuid()
      // The superuser may do all.
      if user == 0 { #expect(seteuid(65534) == 0) }
      expect(.cannotRead, ["\(file): cannot be opened: Permission denied. Change its permissions"]) {
        _ = try FileSystem.beginning(of: file, limit: 1)
      }
      expect(
        .cannotCreate,
        ["\(other): cannot be created: Permission denied. Change its permissions, or choose another place"]
      ) { try FileSystem.replace(other, with: "", temporary: folder.file("c")) }
      #expect(seteuid(user) == 0)
      chmod(folder.path, 0o755)
    }
  }

  /// The test runs in a process of its own, since limits hold for all threads.
  @Test func limits() async {
    await #expect(processExitsWith: .success) {
      let folder = try ScratchFolder()
      let (file, other) = (folder.file("a"), folder.file("b"))
      try folder.write([1], to: "a")
      func limited(_ resource: __rlimit_resource, to value: rlim_t, _ body: () -> Void) {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        let before = limit
        limit.rlim_cur = value
        setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
        body()
        limit = before
        setrlimit(__rlimit_resource_t(resource.rawValue), &limit)
      }
      signal(SIGXFSZ, SIG_IGN)
      limited(RLIMIT_FSIZE, to: 10) {
        expect(
          .cannotWrite,
          ["\(other): cannot be written: File too large. Raise the limit of a file's size (ulimit -f)"]
        ) { try FileSystem.replace(other, with: "more than ten bytes", temporary: folder.file("c")) }
      }
      limited(RLIMIT_NOFILE, to: 0) {
        expect(
          .cannotRead,
          ["\(file): cannot be opened: Too many open files. Raise the limit of open files (ulimit -n)"]
        ) { _ = try FileSystem.beginning(of: file, limit: 1) }
      }
      #expect(try folder.names() == ["a"])
    }
  }

  /// The advice that no test can bring about.
  @Test(
    arguments: [
      (.readOnlyFileSystem, true, "Choose a place that can be written"), (.diskQuotaExceeded, true, "Make room there"),
      (.staleNFSFileHandle, false, "The device or the network behind it fails"),
      (.tooManyOpenFilesInSystem, false, "Raise the limit of open files"), (.isDirectory, false, ""),
      (.noSuchFileOrDirectory, false, ""), (.invalidArgument, true, ""),
    ] as [(Errno, Bool, String)])
  func otherErrors(code: Errno, writing: Bool, advice: String) {
    let found = code.advice(writing: writing)
    #expect(advice.isEmpty ? found.isEmpty : found.hasPrefix(advice), "\(code): \(found)")
  }
}

/// Expects a `FileError` of a kind, whose message has all of `words`.
func expect(
  _ kind: FileError.Kind, _ words: [String], sourceLocation: SourceLocation = #_sourceLocation,
  _ body: () throws -> Void
) {
  let error = #expect(throws: FileError.self, sourceLocation: sourceLocation) { try body() }
  #expect(error?.kind == kind, sourceLocation: sourceLocation)
  for word in words {
    #expect(error?.description.contains(word) == true, sourceLocation: sourceLocation)
  }
}
