import Foundation
import Images
import Randomness
import TestSupport
import Testing

/// Files with a few random bytes changed, and often cut, are read or refused, and nothing crashes.
@Test(arguments: 0..<4) func damagedFilesAreReadOrRefused(kind: Int) throws {
  let pixels = scatteredBytes(60)
  let png = "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACAQAAAAC1D1u3AAAADElEQVR4nGNYwOAAAAIkAOFz6zvyAAAAAElFTkSuQmCC"
  let whole = [
    idx([3, 5, 4], pixels), try gzip(idx([3, 5, 4], pixels)), Array(Data(base64Encoded: png)!),
    Array("P6 5 4 255\n".utf8) + pixels,
  ][kind]
  let folder = try ScratchFolder()
  var stream = RandomStream(seed: 21, purpose: .subset, owner: UInt64(kind))
  var refused = 0
  for _ in 0..<300 {
    var bytes = whole
    for _ in 0...stream.uniform(below: 4) {
      bytes[stream.uniform(below: bytes.count)] = UInt8(stream.uniform(below: 256))
    }
    if stream.coin() { bytes.removeLast(stream.uniform(below: bytes.count)) }
    let path = try folder.write(bytes, to: "damaged")
    do {
      if kind < 2 {
        _ = try IDXFile.readImages(path: path)
      } else {
        _ = try ImageDecoder.decode(path: path, channels: 3)
      }
    } catch {
      #expect(error.description.hasPrefix("\(path): expected "), "seed 21")
      refused += 1
    }
  }
  #expect(refused > 100, "seed 21: \(refused) of 300 refused")
}
