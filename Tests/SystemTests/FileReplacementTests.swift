import Foundation
import System
import TestSupport
import Testing

@Suite struct FileReplacementTests {
  private let folder: ScratchFolder
  private var path: String { folder.file("a") }

  init() throws {
    folder = try ScratchFolder()
    try folder.write([1], to: "a")
  }

  @Test func theOldFileStaysUntilTheNewOneIsWhole() throws {
    let replacement = FileReplacement(of: path, temporary: folder.file("a.tmp"))
    try replacement.write([2, 3], synchronizes: true)
    #expect(try folder.bytes("a") == [1] && folder.bytes("a.tmp") == [2, 3])
    try replacement.putInPlace()
    #expect(try folder.bytes("a") == [2, 3] && folder.names() == ["a"])
  }

  @Test func whatIsNotPutInPlaceIsRemoved() throws {
    struct Stopped: Error {}
    try folder.write([9], to: "a.tmp")
    #expect(throws: Stopped.self) {
      let replacement = FileReplacement(of: path, temporary: folder.file("a.tmp"))
      #expect(try folder.names() == ["a"])
      try replacement.write([2], synchronizes: false)
      throw Stopped()
    }
    #expect(try folder.bytes("a") == [1] && folder.names() == ["a"])
    try FileManager.default.createDirectory(atPath: folder.file("taken"), withIntermediateDirectories: false)
    for refusal in [FileError.Kind.cannotWrite, .cannotCreate] {
      expect(refusal, ["\(folder.file("taken")): cannot be put in place: Is a directory. Move away what has"]) {
        let replacement = FileReplacement(of: folder.file("taken"), temporary: folder.file("taken.tmp"))
        try replacement.write([2], synchronizes: false)
        try replacement.putInPlace(refusal: refusal)
      }
    }
    #expect(try folder.names() == ["a", "taken"])
  }

  @Test func linksAreReplacedAndNotFollowed() throws {
    for name in ["link", "link.tmp"] {
      try FileManager.default.createSymbolicLink(atPath: folder.file(name), withDestinationPath: "a")
    }
    try FileSystem.replace(folder.file("link"), with: "new", temporary: folder.file("link.tmp"))
    #expect(try folder.bytes("a") == [1] && folder.bytes("link") == Array("new".utf8))
    #expect(try folder.names() == ["a", "link"])
    #expect(throws: (any Error).self) {
      try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("link"))
    }
  }

  @Test func linesAreAdded() throws {
    func append(_ line: String) throws {
      try FileSystem.append(to: folder.file("table")) { end in
        let before =
          switch end {
          case .empty: "header\n"
          case .afterLineBreak: ""
          case .insideLine: "|"
          }
        return Array((before + line).utf8)
      }
    }
    for line in ["one\n", "two", "three\n"] { try append(line) }
    #expect(try String(decoding: folder.bytes("table"), as: UTF8.self) == "header\none\ntwo|three\n")
  }
}
