import System

/// Returns a digest of labeled images, in their order: the same bytes and labels give the same 64 bits on any machine.
package func contentDigest(_ images: LabeledImages, seed: UInt64 = 0) -> UInt64 {
  var digest = images.labels.map(\.littleEndian).withUnsafeBytes { xxHash64($0, seed: seed) }
  for index in 0..<images.count {
    digest = images.withPixels(of: index) { xxHash64(UnsafeRawBufferPointer($0), seed: digest) }
  }
  return digest
}
