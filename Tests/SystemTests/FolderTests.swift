import Foundation
import System
import SystemPackage
import TestSupport
import Testing

@Suite struct FolderTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  @Test func entriesAreListed() throws {
    try folder.write([], "a")
    try FileManager.default.createDirectory(atPath: folder.file("b"), withIntermediateDirectories: false)
    try FileManager.default.createSymbolicLink(atPath: folder.file("c"), withDestinationPath: "b")
    let latin = Array(folder.file("d").utf8) + [0xE9, 0]
    #expect(mkdir(latin.map { CChar(bitPattern: $0) }, 0o700) == 0)
    let stream = try FolderStream(folder.path)
    var found: [String] = []
    while let entry = try stream.next() {
      found.append("\(entry.name) \(entry.isUTF8) \(entry.isFolder.map { "\($0)" } ?? "-")")
    }
    #expect(found.sorted() == ["a true false", "b true true", "c true -", "d\u{FFFD} false true"])
    #expect(try FileSystem.names(in: folder.path).sorted() == ["a", "b", "c", "d\u{FFFD}"])
  }

  /// A file system may fail in the middle. Here the descriptor is a file's from then on, in which the system finds no
  /// names.
  @Test func aFailureIsNotTakenForTheEnd() throws {
    try folder.write([], "a")
    let stream = try FolderStream(folder.path)
    let descriptors = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { CInt($0) }
    let own = try #require(
      descriptors.first {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == folder.path
      })
    let other = open(folder.file("a"), O_RDONLY)
    dup2(other, own)
    close(other)
    do throws(Errno) {
      let entry = try stream.next()
      Issue.record("found \(entry.map(\.name) ?? "the end")")
    } catch {
      #expect(error == .notDirectory)
    }
  }

  @Test func foldersAreMadeWithThoseAbove() throws {
    let deep = folder.file("a/b//c/")
    try FileSystem.makeFolders(deep)
    try FileSystem.makeFolders(deep)
    try FileSystem.makeFolders("/")
    try FileSystem.makeFolders("\(folder.path)/a/../a/.")
    #expect(FileSystem.isFolder(folder.file("a/b/c")))
    try FileSystem.makeFolder(folder.file("a/b/c/d"))
    try FileSystem.makeFolder(folder.file("a/b/c/d"))
    #expect(FileSystem.isFolder(folder.file("a/b/c/d")) && !FileSystem.isRegularFile(folder.file("a/b/c/d")))
    FileSystem.removeFolder(folder.file("a"))
    #expect(try folder.names() == ["a"])
  }

  @Test func whatIsInTheWay() throws {
    try folder.write([], "file")
    func obstacle(_ make: () throws(FolderError) -> Void) -> String {
      do throws(FolderError) {
        try make()
        return "nothing"
      } catch {
        switch error {
        case .isFile: return "a file"
        case .refused(let code, let place): return "\(place): \(code)"
        }
      }
    }
    let (file, below) = (folder.file("file"), folder.file("file/below/it"))
    #expect(obstacle { () throws(FolderError) in try FileSystem.makeFolders(file) } == "a file")
    #expect(obstacle { () throws(FolderError) in try FileSystem.makeFolder(file) } == "a file")
    #expect(obstacle { () throws(FolderError) in try FileSystem.makeFolders("") } == "a file")
    #expect(
      obstacle { () throws(FolderError) in try FileSystem.makeFolders(below) } == "\(file)/below: Not a directory")
    let deep = folder.file("none/below")
    #expect(
      obstacle { () throws(FolderError) in try FileSystem.makeFolder(deep) } == "\(deep): No such file or directory")
  }

  @Test(arguments: [
    ("a/b.h5", "a", "b.h5"), ("b.h5", ".", "b.h5"), ("/b.h5", "/", "b.h5"), ("/", "/", ""), ("a/b/", "a", "b"),
    ("./b", ".", "b"), ("../b", "..", "b"), ("", ".", ""),
  ])
  func partsOfPaths(path: String, folder: String, name: String) {
    #expect(FileSystem.folder(of: path) == folder && FileSystem.name(of: path) == name)
  }

  @Test func pathsAreJoined() {
    #expect(FileSystem.path("b", in: "a") == "a/b" && FileSystem.path("b", in: "a/") == "a/b")
    #expect(FileSystem.path("b", in: "/") == "/b" && FileSystem.path("b", in: ".") == "./b")
    #expect(FileSystem.path("b/c.jpg", in: "/x/y") == "/x/y/b/c.jpg")
  }

  @Test func freeBytesAreThoseOfTheFileSystem() throws {
    #expect(try #require(FileSystem.freeBytes(folder.path)) > 0)
    #expect(FileSystem.freeBytes(folder.file("none")) == nil)
    // It has no blocks.
    #expect(FileSystem.freeBytes("/proc") == nil)
  }
}
