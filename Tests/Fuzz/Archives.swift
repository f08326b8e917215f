import Archives
import Foundation

/// Archives to begin with, and what reads them.
enum ArchiveCorpus {
  /// A tar file, one in which another one lies, a gzipped one, and a ZIP archive.
  static let files: [[UInt8]] = [
    tar([("cat/1.jpg", picture), ("./dog/2.jpg", Array(picture.prefix(5))), ("labels.txt", Array("cat\n".utf8))]),
    tar([("n01.tar", tar([("1.jpg", picture), ("2.jpg", picture)]))]),
    decoded(
      "H4sIAAAAAAACA+3VQQqDMBCF4Vl7Ck+go6bNeWIabIugxBE8qrfR4KbQro2FvG8zYTZZ/Yw1UlbFe+zoPBzclTpm8D2Zq/rzPva6"
        + "UZpypgjmSYwPX1KatnUbX1Zm7wgS9Bi6sr68f/7p/8boP1L/gzydRwlp6k3r+qmQRf6qf93g/kdhjWThBmQoAQAgLTsGDO98ABAA"
        + "AA=="
    ),
    decoded(
      "UEsDBBQAAAAIAAAAIQBH+AyJDwAAACgAAAAJAAAAY2F0LzEuanBn+3/jf0FmcklpUep/vCwAUEsDBBQAAAAIAAAAIQCEc2AQDQAA"
        + "ACAAAAAJAAAAZG9nLzIuanBn+3/jf35JRmrRfxw0AFBLAQIUAxQAAAAIAAAAIQBH+AyJDwAAACgAAAAJAAAAAAAAAAAAAACAAQAA"
        + "AABjYXQvMS5qcGdQSwECFAMUAAAACAAAACEAhHNgEA0AAAAgAAAACQAAAAAAAAAAAAAAgAE2AAAAZG9nLzIuanBnUEsFBgAAAAAC"
        + "AAIAbgAAAGoAAAAAAA=="
    ),
  ]

  private static let picture: [UInt8] = [0xFF, 0xD8, 0xFF] + Array("picture".utf8)

  private static func decoded(_ text: String) -> [UInt8] { Array(Data(base64Encoded: text)!) }

  private static func tar(_ members: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    var archive: [UInt8] = []
    for (name, bytes) in members {
      var header = [UInt8](repeating: 0, count: 512)
      let octal = String(bytes.count, radix: 8)
      let size = String(repeating: "0", count: 11 - octal.count) + octal
      let fields = [
        (name, 0), ("0000644", 100), (size, 124), ("        ", 148), ("0", 156), ("ustar", 257), ("00", 263),
      ]
      for (text, offset) in fields { header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8) }
      let sum = String(header.reduce(0) { $0 + Int($1) }, radix: 8)
      header.replaceSubrange(148..<155, with: (String(repeating: "0", count: 6 - sum.count) + sum + "\0").utf8)
      archive += header + bytes + [UInt8](repeating: 0, count: (512 - bytes.count % 512) % 512)
    }
    return archive + [UInt8](repeating: 0, count: 1024)
  }

  /// Reads the index and all files of an archive.
  static func read(_ path: String) throws {
    let index = try ArchiveIndex(ArchiveFile(path), isPicture: { $0.hasSuffix(".jpg") })
    let stream = ArchiveStream(index.file, opensInner: index.opensInner)
    for file in index.files {
      guard let place = index.place(file, archive: 0) else { fatalError("\(file) has no place") }
      guard place.size <= 1 << 20 else { continue }
      let bytes =
        try index.isStream
        ? stream.contents(number: place.position, limit: 1 << 20, name: "\(path)/\(file)")
        : index.file.contents(at: place)
      guard index.isStream || bytes.count == place.size else { fatalError("\(file) was not read whole") }
    }
    for folder in ["", "cat", "n01"] { _ = index.entries(of: folder) }
  }
}
