import Foundation
import Images
import System
import TestSupport
import Testing

@Suite struct IDXFileTests {
  let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  @Test func readsPlainAndGzippedImages() throws {
    let pixels = scatteredBytes(2 * 3 * 5)
    for (name, bytes) in [("plain", idx([2, 3, 5], pixels)), ("packed", try gzip(idx([2, 3, 5], pixels)))] {
      let images = try IDXFile.readImages(path: folder.write(bytes, to: name))
      #expect(images.count == 2)
      #expect(images.extents == Extents(channels: 1, height: 3, width: 5))
      #expect(images.bytes == pixels)
    }
  }

  @Test func readsImagesWithChannels() throws {
    let pixels = scatteredBytes(2 * 3 * 4 * 5)
    let images = try IDXFile.readImages(path: folder.write(idx([2, 3, 4, 5], pixels), to: "color"))
    #expect(images.count == 2)
    #expect(images.extents == Extents(channels: 3, height: 4, width: 5))
    #expect(images.bytes == pixels)
  }

  @Test func readsLabels() throws {
    for (name, bytes) in [("plain", idx([4], [3, 0, 255, 1])), ("packed", try gzip(idx([4], [3, 0, 255, 1])))] {
      #expect(try IDXFile.readLabels(path: folder.write(bytes, to: name)) == [3, 0, 255, 1])
    }
  }

  /// The file is larger than one of the chunks in which files are read.
  @Test func readsLargeFiles() throws {
    let pixels = scatteredBytes(900 * 28 * 28)
    for (name, bytes) in [("plain", idx([900, 28, 28], pixels)), ("packed", try gzip(idx([900, 28, 28], pixels)))] {
      #expect(try IDXFile.readImages(path: folder.write(bytes, to: name)).bytes == pixels)
    }
  }

  @Test(arguments: [
    ([], "an empty file"),
    (idx([4], [1, 2, 3, 4]), "an IDX file of labels (magic 0x00000801)"),
    (idx([1, 1, 4], [1, 2, 3, 4], type: 0x0D), "an IDX file of type float with 3 dimensions (magic 0x00000d03)"),
    (idx([1, 1, 1, 1, 1], [1]), "an IDX file of type unsignedByte with 5 dimensions (magic 0x00000805)"),
    (
      Array("<!DOCTYPE html>\n<html><body>404</body></html>".utf8),
      "a web page or other markup that begins with \"<!DOCTYPE html>\""
    ),
    (Array("Not found\n".utf8), "text that begins with \"Not found\""),
    (Array("version https://git-lfs.github.com/spec/v1".utf8), "a Git LFS pointer instead of the data"),
    ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A], "an HDF5 file"),
    ([0xDE, 0xAD, 0x01, 0x02], "data of an unknown kind that begins with the bytes de ad 01 02"),
    ([0, 0, 8], "data of an unknown kind that begins with the bytes 00 00 08"),
  ])
  func namesWhatElseAFileIs(bytes: [UInt8], found: String) throws {
    let path = try folder.write(bytes, to: "images")
    let advice = "Check that the file has the right name and was downloaded whole."
    #expect(
      message { try IDXFile.readImages(path: path) }
        == "\(path): expected an IDX file of images (magic 0x00000803 or 0x00000804), found \(found). \(advice)")
  }

  private static let otherKinds: [(bytes: [UInt8], name: String)] = [
    (Array("P5 3 2 255\n".utf8), "a PGM picture"), (Array("P6 3 2 255\n".utf8), "a PPM picture"),
    ([0xFF, 0xD8, 0xFF, 0xE0], "a JPEG picture"), ([0x89, 0x50, 0x4E, 0x47], "a PNG picture"),
    (Array("GIF89a".utf8), "a GIF picture"), (Array("RIFF....WEBPVP8 ".utf8), "a WebP picture"),
    ([0, 0, 0, 32] + Array("ftypavif".utf8), "a HEIF or AVIF picture"),
    ([0x49, 0x49, 0x2A, 0], "a TIFF picture"), ([0x4D, 0x4D, 0, 0x2A], "a TIFF picture"),
    ([0x42, 0x4D, 0x36, 0], "a BMP picture"), ([0x50, 0x4B, 3, 4], "a ZIP archive"),
    (Array("%PDF-1.7".utf8), "a PDF document"),
  ]

  @Test func namesPicturesAndArchives() throws {
    for (bytes, name) in Self.otherKinds {
      let path = try folder.write(bytes, to: "labels")
      #expect(
        message { try IDXFile.readLabels(path: path) }.hasPrefix(
          "\(path): expected an IDX file of labels (magic 0x00000801), found \(name). Check that"))
    }
  }

  @Test func namesWhatElseAGzippedFileIs() throws {
    let path = try folder.write(gzip(Array("hello".utf8)), to: "labels")
    let advice = "Check that the file has the right name and was downloaded whole."
    #expect(
      message { try IDXFile.readLabels(path: path) } == """
        \(path): expected an IDX file of labels (magic 0x00000801), found text that begins with "hello" in gzip. \
        \(advice)
        """)
  }

  @Test(arguments: [
    (Array(idx([2, 3, 5], []).prefix(9)), "a header of 16 bytes, found the end of the file after 9"),
    (idx([2, 3, 5], scatteredBytes(29)), "30 bytes after the header, which declares 2×3×5, found 29"),
    (idx([2, 3, 5], scatteredBytes(31)), "30 bytes after the header, which declares 2×3×5, found 31"),
    (
      idx([1 << 31, 28, 28], scatteredBytes(784)),
      "images of at most 2^40 bytes, found a header that declares 2147483648×28×28"
    ),
    (
      idx([1 << 31, 1 << 31, 1 << 31], scatteredBytes(784)),
      "images of at most 2^40 bytes, found a header that declares 2147483648×2147483648×2147483648"
    ),
    (
      idx([1 << 31, 28, 1], scatteredBytes(784)),
      "at most 2147483647 images, found a header that declares 2147483648×28×1"
    ),
    (
      idx([1 << 30, 1024, 1], scatteredBytes(784)),
      "1099511627776 bytes after the header, which declares 1073741824×1024×1, found 784"
    ),
  ])
  func refusesTruncatedAndOverlongFiles(bytes: [UInt8], words: String) throws {
    let path = try folder.write(bytes, to: "images")
    let advice = "The file is truncated or damaged: copy or download it again."
    #expect(message { try IDXFile.readImages(path: path) } == "\(path): expected \(words). \(advice)")
  }

  @Test func refusesEmptySides() throws {
    for dimensions in [[0, 3, 5], [2, 0, 5], [2, 3, 0]] {
      let path = try folder.write(idx(dimensions, []), to: "images")
      let declared = dimensions.map(String.init).joined(separator: "×")
      #expect(
        message { try IDXFile.readImages(path: path) } == """
          \(path): expected at least one of the images, and no side of 0, found a header that declares \(declared).
          """)
    }
  }

  @Test func refusesGzipFilesThatCannotHoldWhatTheyDeclare() throws {
    let packed = try gzip(idx([1 << 30], [1, 2, 3]))
    let path = try folder.write(packed, to: "labels.gz")
    #expect(
      message { try IDXFile.readLabels(path: path) } == """
        \(path): expected 1073741824 bytes after the header, which declares 1073741824, found \(packed.count) \
        compressed bytes, which hold \(packed.count * 1032) at most. The file is truncated or damaged: copy or \
        download it again.
        """)
  }

  @Test func refusesGzipFilesOfAnotherLengthInside() throws {
    let advice = "The file is truncated or damaged: copy or download it again."
    for (count, found) in [(29, "29"), (31, "more")] {
      let path = try folder.write(gzip(idx([2, 3, 5], scatteredBytes(count))), to: "images.gz")
      #expect(
        message { try IDXFile.readImages(path: path) }
          == "\(path): expected 30 bytes after the header, which declares 2×3×5, found \(found). \(advice)")
    }
  }

  @Test func quotesZlibOnDamagedGzipFiles() throws {
    let whole = try gzip(idx([10, 10, 10], scatteredBytes(1000)))
    var flipped = whole
    flipped[whole.count / 2] ^= 0x55
    var wrongCheck = whole
    wrongCheck[whole.count - 6] ^= 1
    var noDeflate = whole
    noDeflate[2] = 7
    let cases = [
      (Array(whole.dropLast(20)), "unexpected end of file"), (Array(whole.dropLast(4)), "unexpected end of file"),
      (wrongCheck, "incorrect data check"), (noDeflate, "unknown compression method"),
    ]
    for (bytes, words) in cases {
      let path = try folder.write(bytes, to: "images.gz")
      #expect(
        message { try IDXFile.readImages(path: path) } == """
          \(path): expected an IDX file of images in a whole gzip file, found damage in its \(bytes.count) bytes \
          (zlib: \(words)). Copy or download the file again.
          """)
    }
    let path = try folder.write(flipped, to: "images.gz")
    #expect(message { try IDXFile.readImages(path: path) }.contains("zlib: "))
  }

  @Test func namesFilesThatCannotBeRead() throws {
    let absent = folder.path + "/absent"
    #expect(
      message(kind: .missing) { try IDXFile.readImages(path: absent) } == """
        \(absent): expected an IDX file of images, found that it cannot be read (No such file or directory).
        """)
    #expect(
      message { try IDXFile.readImages(path: folder.path) }
        == "\(folder.path): expected an IDX file of images, found a folder.")
    let pipe = folder.path + "/pipe"
    #expect(mkfifo(pipe, 0o600) == 0)
    #expect(
      message { try IDXFile.readImages(path: pipe) }
        == "\(pipe): expected an IDX file of images, found a pipe or a device.")
  }

  @Test func exitCodesAreThoseOfSysexits() {
    #expect(DataError(.missing, path: "", expected: "", found: "").exitStatus.rawValue == 66)
    #expect(DataError(.invalid, path: "", expected: "", found: "").exitStatus.rawValue == 65)
  }
}
