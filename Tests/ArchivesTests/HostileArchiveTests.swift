import Archives
import Foundation
import Images
import TestSupport
import Testing

/// The messages about archives that are damaged, or made to do harm.
@Suite struct HostileArchiveTests {
  private let folder: ScratchFolder
  private var path: String { folder.file("a.tar") }

  init() throws { folder = try ScratchFolder() }

  /// Returns the error of an archive without its path; empty if it is taken.
  private func problem(_ bytes: [UInt8]) throws -> String {
    try folder.write(bytes, to: "a.tar")
    do throws(DataError) {
      _ = try ArchiveIndex(ArchiveFile(path), isPicture: { $0.hasSuffix(".jpg") })
      return ""
    } catch {
      #expect(error.kind == .invalid && error.description.hasPrefix(path), "\(error)")
      return String(error.description.dropFirst(path.count))
    }
  }

  private func archive(_ names: String..., format: TestArchive.Format = .gnu) throws -> [UInt8] {
    var archive = TestArchive()
    for name in names { archive.add(name, [UInt8](repeating: 1, count: 700)) }
    return try archive.bytes(format)
  }

  @Test(arguments: [TestArchive.Format.gnu, .tarGzip, .zip]) func namesThatLeadElsewhere(
    format: TestArchive.Format
  ) throws {
    let advice = "Unpacked, it would lie somewhere else. Make the archive again from a folder."
    #expect(
      try problem(archive("a.jpg", "../b.jpg", format: format))
        == ": expected members that lie below the archive, found \"../b.jpg\", a path that leads upwards. \(advice)")
    #expect(
      try problem(archive("cat/../../b.jpg", format: format))
        == ": expected members that lie below the archive, found \"cat/../../b.jpg\", a path that leads upwards. "
        + advice)
    #expect(
      try problem(archive("/etc/b.jpg", format: format))
        == ": expected members that lie below the archive, found \"/etc/b.jpg\", an absolute path. \(advice)")
    #expect(
      try problem(archive("C:\\data\\b.jpg", format: format))
        == ": expected members that lie below the archive, found \"C:/data/b.jpg\", an absolute path. \(advice)")
    #expect(try problem(archive("..jpg", "a..b/c...jpg", ".../d.jpg", format: format)) == "")
  }

  @Test func namesInsideArchivesInside() throws {
    var outer = TestArchive()
    outer.add("n01.tar", try archive("../b.jpg"))
    #expect(
      try problem(outer.bytes(.gnu)).hasPrefix("/n01: expected members that lie below the archive, found \"../b.jpg\""))
  }

  @Test func longNames() throws {
    #expect(
      try problem(archive(String(repeating: "a/", count: 300) + "b.jpg")) == """
        : expected names of at most 4096 bytes and 256 folders, found 605 bytes in a name with 301 parts.
        """)
    #expect(try problem(archive(String(repeating: "a", count: 5000) + ".jpg")).contains("found 5,004 bytes in a name"))
  }

  @Test func aFileThatIsAFolder() throws {
    #expect(
      try problem(archive("a.jpg", "a.jpg/b.jpg")) == """
        : expected members of different names, found "a.jpg" as a file and as a folder.
        """)
    #expect(try problem(archive("a/b.jpg", "a")).contains("found \"a\" as a file and as a folder"))
  }

  /// Nothing is allocated by what a header says.
  @Test func absurdSizes() throws {
    let end = [UInt8](repeating: 0, count: 1024)
    let mark = Array("words".utf8) + [UInt8](repeating: 0, count: 507)
    for size in ["77777777777", "00010000000"] {
      let message = try problem(TestArchive.header("a.jpg", size: size) + mark + end)
      #expect(message.hasPrefix(": expected a whole archive, found damage ("), "\(message)")
      #expect(message.contains("is said to have") && message.hasSuffix("Copy or download it again."), "\(message)")
    }
    // Base 256 holds larger numbers than octal digits.
    var header = TestArchive.header("a.jpg", size: "0")
    for offset in 124..<136 { header[offset] = 0xFF }
    header[124] = 0x80
    for (offset, byte) in zip(128..<136, [0x7F] + [UInt8](repeating: 0xFF, count: 7)) { header[offset] = byte }
    for offset in 125..<128 { header[offset] = 0 }
    for offset in 148..<156 { header[offset] = 0x20 }
    let digits = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
    for (offset, byte) in zip(148..., Array(digits.utf8)) { header[offset] = byte }
    #expect(try problem(header + mark + end).hasPrefix(": expected a whole archive, found damage ("))
  }

  @Test(arguments: [TestArchive.Format.gnu, .pax, .tarGzip, .tarZstandard, .zip]) func archivesThatAreCutShort(
    format: TestArchive.Format
  ) throws {
    let whole = try archive("a.jpg", "b.jpg", "c.jpg", format: format)
    // A tar file's zeros behind the mark of the end say nothing, nor do a ZIP archive's last ones.
    let end =
      switch format {
      case .gnu, .pax: whole.count - 1024
      case .zip: whole.count - 22
      default: whole.count - 1
      }
    for length in Set([600, 1024, 1536, whole.count / 2, end]) where length <= end && length < whole.count {
      let message = try problem(Array(whole.prefix(length)))
      #expect(message.hasPrefix(": expected a whole archive, found damage ("), "\(length): \(message)")
    }
    #expect(try problem(whole) == "")
  }

  @Test func aCopyThatBrokeOffBetweenTwoMembers() throws {
    let whole = try archive("a.jpg", "b.jpg")
    #expect(
      try problem(Array(whole.prefix(1536))) == """
        : expected a whole archive, found damage (it ends without the mark of its end). Copy or download it again.
        """)
    let zip = try archive("a.jpg", "b.jpg", format: .zipStored)
    let second = try #require(zip.indices.dropLast(4).last { zip[$0..<$0 + 4].elementsEqual([0x50, 0x4B, 3, 4]) })
    #expect(try problem(Array(zip.prefix(second))).hasPrefix(": expected a whole archive, found damage (it ends "))
  }

  @Test func otherFiles() throws {
    for bytes in [Array("no archive at all, but some words".utf8), [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]] {
      #expect(try problem(bytes).hasPrefix(": expected a whole archive, found damage (libarchive: "))
    }
    let missing = #expect(throws: DataError.self) { try ArchiveFile("nowhere.tar") }
    #expect(
      missing?.description == """
        nowhere.tar: expected an archive: .tar, .tar.gz, .tar.zst or .zip, found that it cannot be opened (No such \
        file or directory).
        """)
  }

  @Test func linksAndDevicesAreNamed() throws {
    var archive = TestArchive()
    archive.add("a.jpg", [1])
    archive.add("b.jpg", .symbolicLink("/etc/passwd"))
    archive.add("c.jpg", .hardLink("a.jpg"))
    try folder.write(archive.bytes(.gnu), to: "a.tar")
    let index = try ArchiveIndex(ArchiveFile(path), isPicture: { $0.hasSuffix(".jpg") })
    let others = try #require(index.entries(of: "")).sorted { $0.name < $1.name }.map(\.other)
    #expect(others == [nil, "a link to \"/etc/passwd\"", "a link to \"a.jpg\""])
    #expect(index.files == ["a.jpg"] && index.place("b.jpg", archive: 0) == nil)
  }

  /// A rank must not read another file than the one whose members were listed.
  @Test func anArchiveThatChanges() throws {
    try folder.write(archive("a.jpg"), to: "a.tar")
    let identity = try ArchiveFile(path).identity
    try folder.write(archive("a.jpg", "b.jpg"), to: "a.tar")
    let error = #expect(throws: DataError.self) { try ArchiveFile(identity) }
    #expect(error?.kind == .failed)
    #expect(
      error?.description == """
        \(path): expected the archive as it was when its members were listed, found another size or time. Run the \
        same command again once nobody changes it.
        """)
  }
}
