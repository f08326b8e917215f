/// What the first bytes of a file say that it is, in words for an error message.
package func describeContent(_ head: [UInt8]) -> String {
  if head.isEmpty { return "an empty file" }
  if let magic = IDXMagic(head) { return "\(magic)" }
  for (name, signature, offset) in signatures where head.dropFirst(offset).starts(with: signature) {
    return name
  }
  let line = head.prefix { $0 != 0x0A && $0 != 0x0D }.prefix(40)
  let isText = head.prefix(64).allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
  if isText {
    let quoted = String(decoding: line, as: UTF8.self)
    let isMarkup = head.drop { $0 <= 0x20 }.first == UInt8(ascii: "<")
    return isMarkup
      ? "a web page or other markup that begins with \"\(quoted)\"" : "text that begins with \"\(quoted)\""
  }
  let bytes = head.prefix(4).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
  return "data of an unknown kind that begins with the bytes \(bytes.joined(separator: " "))"
}

private let signatures: [(name: String, signature: [UInt8], offset: Int)] = [
  ("a gzip file", [0x1F, 0x8B], 0),
  ("a JPEG picture", [0xFF, 0xD8, 0xFF], 0),
  ("a PNG picture", [0x89, 0x50, 0x4E, 0x47], 0),
  ("a PGM picture", Array("P5".utf8), 0),
  ("a PPM picture", Array("P6".utf8), 0),
  ("a GIF picture", Array("GIF8".utf8), 0),
  ("a WebP picture", Array("WEBP".utf8), 8),
  ("a HEIF or AVIF picture", Array("ftyp".utf8), 4),
  ("a TIFF picture", [0x49, 0x49, 0x2A, 0x00], 0),
  ("a TIFF picture", [0x4D, 0x4D, 0x00, 0x2A], 0),
  ("a BMP picture", Array("BM".utf8), 0),
  ("an HDF5 file", [0x89, 0x48, 0x44, 0x46], 0),
  ("a ZIP archive", [0x50, 0x4B, 0x03, 0x04], 0),
  ("a PDF document", Array("%PDF".utf8), 0),
  ("a Git LFS pointer instead of the data", Array("version https://git-lfs".utf8), 0),
]
