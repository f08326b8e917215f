/// The kind of a file, told by its first bytes. The file's name does not matter.
package enum FileKind: Sendable {
  case jpeg, png, pgm, ppm, gif, webP, heif, tiff, bmp
  case gzip, zip, tar, hdf5, pdf, numPy, pickle, caffeModel, safetensors, idx, gitLFSPointer
  case markup, text, zeros, empty, unknown

  /// - Parameter head: the first bytes: 64 are enough, but for a tar archive 512; a shorter file is given whole.
  package init(_ head: some Collection<UInt8>) {
    if head.isEmpty {
      self = .empty
    } else if Self.isSafetensors(Array(head.prefix(10))) {
      self = .safetensors
    } else if let found = Self.signatures.first(where: { head.dropFirst($0.offset).starts(with: $0.bytes) }) {
      self = found.kind
    } else if Self.isIDX(Array(head.prefix(4))) {
      self = .idx
    } else if Self.isCaffeModel(Array(head)) {
      self = .caffeModel
    } else if head.allSatisfy({ $0 == 0 }) {
      self = .zeros
    } else if head.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) }) {
      self = head.first { $0 > 0x20 } == UInt8(ascii: "<") ? .markup : .text
    } else {
      self = .unknown
    }
  }

  /// The kind in words: a noun with its article.
  package var name: String {
    switch self {
    case .jpeg: "a JPEG picture"
    case .png: "a PNG picture"
    case .pgm: "a PGM picture"
    case .ppm: "a PPM picture"
    case .gif: "a GIF picture"
    case .webP: "a WebP picture"
    case .heif: "a HEIF or AVIF picture"
    case .tiff: "a TIFF picture"
    case .bmp: "a BMP picture"
    case .gzip: "a gzip file"
    case .zip: "a ZIP archive"
    case .tar: "a tar archive"
    case .hdf5: "an HDF5 file"
    case .pdf: "a PDF document"
    case .numPy: "a NumPy array"
    case .pickle: "a Python pickle, as older PyTorch writes it"
    case .caffeModel: "a Caffe model in its own binary form (protobuf)"
    case .safetensors: "a safetensors file"
    case .idx: "an IDX file"
    case .gitLFSPointer: "a Git LFS pointer instead of the data"
    case .markup: "a web page or other markup"
    case .text: "a text file"
    case .zeros: "a file of zeros"
    case .empty: "an empty file"
    case .unknown: "a file of an unknown kind"
    }
  }

  /// Whether the file is a picture, of a format that is read or of another one.
  package var isPicture: Bool {
    switch self {
    case .jpeg, .png, .pgm, .ppm, .gif, .webP, .heif, .tiff, .bmp: true
    default: false
    }
  }

  /// The bytes that every HDF5 file begins with. The last four show whether the file was copied as if it were text.
  package static let hdf5Signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  private static let signatures: [(kind: FileKind, bytes: [UInt8], offset: Int)] = [
    (.jpeg, [0xFF, 0xD8, 0xFF], 0),
    (.png, [0x89] + Array("PNG".utf8), 0),
    (.pgm, Array("P5".utf8), 0),
    (.ppm, Array("P6".utf8), 0),
    (.gif, Array("GIF8".utf8), 0),
    (.webP, Array("WEBP".utf8), 8),
    (.heif, Array("ftyp".utf8), 4),
    (.tiff, Array("II".utf8) + [0x2A, 0x00], 0),
    (.tiff, Array("MM".utf8) + [0x00, 0x2A], 0),
    (.bmp, Array("BM".utf8), 0),
    (.gzip, [0x1F, 0x8B], 0),
    (.zip, Array("PK".utf8) + [0x03, 0x04], 0),
    (.tar, Array("ustar".utf8), 257),
    (.hdf5, Array(hdf5Signature.prefix(4)), 0),
    (.pdf, Array("%PDF".utf8), 0),
    (.numPy, [0x93] + Array("NUMPY".utf8), 0),
    (.pickle, [0x80, 0x02], 0),
    (.gitLFSPointer, Array("version https://git-lfs".utf8), 0),
  ]

  /// Tells whether these are two zeros, the type of the values and the number of dimensions.
  private static func isIDX(_ head: [UInt8]) -> Bool {
    head.count == 4 && head[0] == 0 && head[1] == 0 && [0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E].contains(head[2])
      && head[3] > 0
  }

  /// Tells whether a header's length, below 4 GiB, and an object of JSON begin here. Its first bytes may be those of
  /// any other kind, since they are a number.
  private static func isSafetensors(_ head: [UInt8]) -> Bool {
    head.count == 10 && head[4..<8].allSatisfy { $0 == 0 } && head[8] == UInt8(ascii: "{")
      && [UInt8(ascii: "\""), UInt8(ascii: "}"), UInt8(ascii: " ")].contains(head[9])
  }

  /// Tells whether a NetParameter of Caffe's begins here: its name (field 1) and then another field, or a layer
  /// (field 100) at once.
  private static func isCaffeModel(_ head: [UInt8]) -> Bool {
    let layer: [UInt8] = [0xA2, 0x06]
    if head.starts(with: layer) { return true }
    guard head.count > 2, head[0] == 0x0A, head[1] < 0x80 else { return false }
    let rest = head.dropFirst(2)
    let name = rest.prefix(Int(head[1]))
    let next = rest.dropFirst(Int(head[1]))
    // Field 2 (a layer of the first version), 3 (an input), 4 (an input's extents) or 100.
    return name.allSatisfy { $0 >= 0x20 && $0 < 0x7F }
      && (next.starts(with: layer) || next.first == 0x12 || next.first == 0x1A || next.first == 0x20)
  }
}
