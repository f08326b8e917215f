import Archives
import Images
import TestSupport
import Testing

/// Tests of what archives hold: all formats give the same files, at places or in a stream.
@Suite struct ArchiveIndexTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func isPicture(_ name: String) -> Bool { name.hasSuffix(".jpg") }

  private func index(_ bytes: [UInt8], _ name: String = "a.tar") throws -> ArchiveIndex {
    try ArchiveIndex(ArchiveFile(folder.write(bytes, to: name)), isPicture: isPicture)
  }

  /// Returns the bytes of a file, read as a packing reads them.
  private func contents(_ path: String, _ index: ArchiveIndex) throws -> [UInt8] {
    let place = try #require(index.place(path, archive: 7))
    #expect(place.archive == 7)
    guard index.isStream else { return try index.file.contents(at: place) }
    let stream = ArchiveStream(index.file, opensInner: index.opensInner)
    return try stream.contents(number: place.position, limit: 1 << 20, name: path)
  }

  private let files: [(String, [UInt8])] = [
    ("cat/1.jpg", Array("one".utf8)),
    ("cat/\(String(repeating: "long", count: 30)).jpg", (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }),
    ("d ö g/2.jpg", []),
    ("top.jpg", [UInt8](repeating: 9, count: 512)),
    ("notes.txt", Array("words".utf8)),
  ]

  @Test(arguments: TestArchive.Format.allCases) func everyFormatHoldsTheSameFiles(format: TestArchive.Format) throws {
    // A name of more than 100 bytes fits the oldest format if a slash divides it.
    let files = format == .ustar ? files.map { ($0.0.replacing("longlonglong", with: "longlong/"), $0.1) } : files
    var archive = TestArchive()
    archive.add("cat", .folder)
    for (name, bytes) in files { archive.add("./\(name)", bytes) }
    let index = try index(archive.bytes(format), "a.\(format.ending)")
    #expect(index.isStream == ![.ustar, .pax, .gnu].contains(format))
    #expect(index.files == files.map(\.0))
    for (name, bytes) in files { #expect(try contents(name, index) == bytes, "\(name)") }
    #expect(try index.contents("notes.txt", limit: 100) == Array("words".utf8))
    #expect(try index.contents("nothing.txt", limit: 100) == nil)
    let top = try #require(index.entries(of: ""))
    #expect(top.filter(\.isFolder).map(\.name).sorted() == ["cat", "d ö g"])
    #expect(top.filter { !$0.isFolder }.map(\.name).sorted() == ["notes.txt", "top.jpg"])
    #expect(index.isFolder("d ö g") && !index.isFolder("cat/1.jpg") && index.isFile("cat/1.jpg"))
    #expect(index.entries(of: "elsewhere") == nil)
  }

  /// A stream may be asked in any order, and says what is no longer there.
  @Test func streamsAreReadInAnyOrder() throws {
    var archive = TestArchive()
    for (name, bytes) in files { archive.add(name, bytes) }
    let index = try index(archive.bytes(.tarZstandard))
    let stream = ArchiveStream(index.file, opensInner: index.opensInner)
    for (name, bytes) in files.reversed() + files {
      let place = try #require(index.place(name, archive: 0))
      #expect(try stream.contents(number: place.position, limit: 1 << 20, name: name) == bytes)
    }
    #expect(throws: DataError.self) { try stream.contents(number: 99 << 32, limit: 10, name: "x") }
    let place = try #require(index.place(files[1].0, archive: 0))
    let error = #expect(throws: DataError.self) {
      try stream.contents(number: place.position, limit: 1000, name: "x.jpg")
    }
    #expect(error?.description.hasSuffix("expected a member of at most 1,000 bytes, found more.") == true, "\(error!)")
  }

  /// ImageNet's training set is an archive of one archive for each class.
  @Test(arguments: TestArchive.Format.allCases) func archivesInsideAreFolders(inner: TestArchive.Format) throws {
    for outer in [TestArchive.Format.gnu, .tarGzip, .zip] {
      var whole = TestArchive()
      for name in ["n01", "n02"] {
        var part = TestArchive()
        for number in 1...3 { part.add("\(name)_\(number).jpg", Array("\(name) \(number)".utf8)) }
        whole.add("\(name).\(inner.ending)", try part.bytes(inner))
      }
      whole.add("readme.txt", Array("none".utf8))
      let index = try index(whole.bytes(outer), "\(outer).\(outer.ending)")
      #expect(index.opensInner)
      #expect(index.isStream == (outer != .gnu || ![.ustar, .pax, .gnu].contains(inner)), "\(outer)")
      for name in ["n01", "n02"] {
        for number in 1...3 {
          #expect(try contents("\(name)/\(name)_\(number).jpg", index) == Array("\(name) \(number)".utf8), "\(outer)")
        }
      }
      #expect(index.files.count == 7)
    }
  }

  @Test func anArchiveBesidePicturesIsAFile() throws {
    var inner = TestArchive()
    inner.add("cat/1.jpg", [1])
    for pictureIsFirst in [true, false] {
      var outer = TestArchive()
      if pictureIsFirst { outer.add("cat/1.jpg", [2]) }
      outer.add("backup.zip", try inner.bytes(.zip))
      if !pictureIsFirst { outer.add("cat/1.jpg", [2]) }
      let index = try index(outer.bytes(.gnu))
      #expect(!index.opensInner && index.files.sorted() == ["backup.zip", "cat/1.jpg"])
      #expect(try contents("cat/1.jpg", index) == [2])
    }
  }

  /// The later one counts, as in unpacking.
  @Test func aLaterMemberReplacesAnEarlierOne() throws {
    for format in [TestArchive.Format.gnu, .tarGzip] {
      var archive = TestArchive()
      archive.add("a.jpg", [1])
      archive.add("b.jpg", [2])
      archive.add("./a.jpg", [3])
      let index = try index(archive.bytes(format))
      #expect(index.replaced == 1 && index.files.sorted() == ["a.jpg", "b.jpg"])
      #expect(try contents("a.jpg", index) == [3])
    }
  }

  /// Most programs stop at the mark of the first one's end, and say nothing.
  @Test(arguments: [TestArchive.Format.gnu, .pax, .tarGzip]) func joinedArchivesCountWhole(
    format: TestArchive.Format
  ) throws {
    var parts: [[UInt8]] = []
    for (name, bytes) in files {
      var archive = TestArchive()
      archive.add(name, bytes)
      parts.append(try archive.bytes(format))
    }
    let index = try index(Array(parts.joined()), "a.\(format.ending)")
    #expect(index.files == files.map(\.0))
    for (name, bytes) in files { #expect(try contents(name, index) == bytes, "\(name)") }
    // What follows compressed bytes is not read.
    guard format != .tarGzip else { return }
    let behind = #expect(throws: DataError.self) {
      try self.index(parts[0] + [UInt8](repeating: 7, count: 1024), "b.\(format.ending)")
    }
    #expect(behind?.kind == .invalid)
  }
}
