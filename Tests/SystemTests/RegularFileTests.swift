import Foundation
import System
import SystemPackage
import TestSupport
import Testing

/// Paths from outside may lead to anything: what is not a regular file is refused and not waited for.
@Suite struct RegularFileTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    try folder.write([1, 2, 3], "a")
  }

  private func reason(_ path: String, limit: Int = 10) -> String {
    do throws(RegularFileError) {
      return "\(try RegularFile.contents(of: path, limit: limit))"
    } catch {
      return FileError(error, path: "it", expected: "a text of at most \(limit) bytes").description
    }
  }

  @Test func wholeFiles() throws {
    try folder.write([], "empty")
    #expect(reason(folder.file("a"), limit: 3) == "[1, 2, 3]")
    #expect(reason(folder.file("empty"), limit: 0) == "[]")
    #expect(reason(folder.file("a"), limit: 2) == "it: expected a text of at most 2 bytes, found 3 bytes")
    #expect(reason(folder.file("none")) == "it: cannot be opened: No such file or directory")
    #expect(reason("\(folder.file("a"))/b") == "it: cannot be opened: Not a directory")
  }

  /// A test that hangs here waits for somebody to write to the pipe.
  @Test func pipesDevicesAndFolders() throws {
    let pipe = folder.file("pipe")
    #expect(mkfifo(pipe, 0o600) == 0)
    for path in [pipe, "/dev/zero", "/dev/null"] {
      #expect(reason(path) == "it: expected a text of at most 10 bytes, found a pipe or a device")
    }
    #expect(reason(folder.path) == "it: expected a text of at most 10 bytes, found a folder")
    expect(.wrongKind, ["\(pipe): expected a file, found a pipe or a device"]) {
      _ = try FileSystem.beginning(of: pipe, limit: 1)
    }
  }

  @Test func anyPlace() throws {
    let file = try RegularFile(folder.file("a"))
    #expect(file.size == 3)
    var bytes = [UInt8](repeating: 0, count: 2)
    #expect(bytes.withUnsafeMutableBytes { file.fills($0, at: 1) } && bytes == [2, 3])
    #expect(!bytes.withUnsafeMutableBytes { file.fills($0, at: 2) })
    #expect(try file.withMapped { Array($0) } == [1, 2, 3])
    #expect(try FileSystem.beginning(of: folder.file("a"), limit: 2) == [1, 2])
    #expect(try FileSystem.beginning(of: folder.file("a"), limit: 9) == [1, 2, 3])
    try folder.write([], "empty")
    #expect(try RegularFile(folder.file("empty")).withMapped { $0.count } == 0)
  }

  /// Linux says that they have 0 bytes.
  @Test func filesThatTheSystemMakesUp() {
    #expect(processStatus("Pid") == "\(getpid())")
    #expect(processStatus("VmHWM")?.hasSuffix(" kB") == true)
    #expect(processStatus("NoSuchThing") == nil)
  }
}
