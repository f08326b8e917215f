import CZlib
import Foundation
import Images
import System
import TestSupport

extension ScratchFolder {
  @discardableResult
  func write(base64: String, to name: String) throws -> String {
    try write(Array(Data(base64Encoded: base64)!), to: name)
  }
}

/// Returns an IDX file: magic, big-endian extents, values.
func idx(_ dimensions: [Int], _ bytes: [UInt8], type: UInt8 = 0x08) -> [UInt8] {
  let extents = dimensions.flatMap { value in [24, 16, 8, 0].map { UInt8(value >> $0 & 0xFF) } }
  return [0, 0, type, UInt8(dimensions.count)] + extents + bytes
}

/// Returns `bytes` as a gzip file.
func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
  let folder = try ScratchFolder()
  let path = folder.path + "/file.gz"
  let file = gzopen(path, "wb")
  gzwrite(file, bytes, UInt32(bytes.count))
  gzclose(file)
  return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}

/// Returns bytes without a pattern that any of the tests could meet by accident.
func scatteredBytes(_ count: Int, seed: Int = 0) -> [UInt8] {
  (0..<count).map { UInt8(truncatingIfNeeded: ($0 &+ seed &* 7919) &* 2_654_435_761 >> 13) }
}

/// Returns images whose pixels and labels differ from each other.
func sampleImages(
  _ count: Int, _ extents: Extents = Extents(channels: 1, height: 3, width: 2), classes: Int = 3,
  seed: Int = 0
) -> LabeledImages {
  LabeledImages(
    pixels: scatteredBytes(count * extents.count, seed: seed), extents: extents,
    labels: (0..<count).map { Int32($0 % classes) }, classCount: classes)
}

/// Returns the message of the `DataError` that `body` throws, or what else happened.
func message(kind: DataError.Kind = .invalid, _ body: () throws -> Any) -> String {
  do {
    return "no error but \(try body())"
  } catch let error as DataError {
    return error.kind == kind ? error.description : "kind \(error.kind): \(error)"
  } catch {
    return "another error: \(error)"
  }
}
