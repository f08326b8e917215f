import Images
import System
import TestSupport
import Testing

/// The values of Pillow 9.4's `Image.resize` of a 7×5 image of mode F with the filter BILINEAR, rounded to 4 digits.
@Test(arguments: [
  (
    4, 3,
    [33.2517, 120.2686, 113.64, 121.415, 113.0423, 104.7467, 149.6, 139.5397, 148.6531, 113.3657, 90.2343, 86.3946]
  ),
  (
    7, 2,
    [
      36.2727, 79.2727, 126.4545, 119.6364, 128.6364, 153.4545, 112.6364, 122.8182, 177.8182, 62.4545, 149.0909,
      88.6364, 125.4545, 96.6364,
    ]
  ),
  (
    9, 8,
    [
      0.0, 24.6667, 86.3333, 132.2222, 77.0, 79.3333, 122.7778, 122.0, 52.0, 9.1875, 35.6042, 99.3125, 147.2431,
      94.0625, 98.4375, 143.9236, 145.1875, 76.9375, 24.9375, 53.8542, 113.3681, 158.8819, 121.0625, 128.3542,
      167.8681, 170.2708, 115.1875, 64.3125, 95.7292, 87.0486, 82.1458, 171.6875, 181.8958, 135.4375, 122.9792,
      177.0625, 116.8125, 150.7292, 109.4097, 62.9792, 155.4375, 168.5625, 125.0208, 115.4792, 172.0625, 182.4375,
      218.8542, 180.4514, 101.3819, 72.3125, 88.3542, 136.618, 147.7708, 100.1875, 127.6875, 166.6042, 131.1181,
      83.4097, 156.8125, 63.7708, 91.8403, 107.6875, 51.9375, 80.0, 120.6667, 87.2222, 66.4444, 229.0, 50.8889,
      56.1111, 74.0, 20.0,
    ]
  ),
])
func resizesAsPillowDoes(width: Int, height: Int, golden: [Float]) {
  let values = (0..<35).map { UInt8($0 * $0 * 37 % 256) }
  let picture = DecodedImage(bytes: values, extents: Extents(channels: 1, height: 5, width: 7))
  let target = Extents(channels: 1, height: height, width: width)
  let resized = picture.resized(to: target)
  #expect(resized.count == golden.count)
  for (value, expected) in zip(resized, golden) { #expect(abs(value - expected) < 1e-4) }
  // A mean image is resampled in the same way.
  let mean = MeanImage(values: values.map { Float($0) }, extents: picture.extents)
  #expect(mean.resized(to: target) == MeanImage(values: resized, extents: target))
}

@Test func resizingKeepsChannelsApartAndEqualExtentsExact() {
  let extents = Extents(channels: 3, height: 4, width: 6)
  let picture = DecodedImage(bytes: scatteredBytes(72), extents: extents)
  #expect(picture.resized(to: extents) == picture.bytes.map { Float($0) })
  let target = Extents(channels: 3, height: 9, width: 2)
  let resized = picture.resized(to: target)
  for channel in 0..<3 {
    let plane = DecodedImage(
      bytes: Array(picture.bytes[channel * 24..<(channel + 1) * 24]),
      extents: Extents(channels: 1, height: 4, width: 6))
    #expect(
      plane.resized(to: Extents(channels: 1, height: 9, width: 2))
        == Array(resized[channel * 18..<(channel + 1) * 18]))
  }
}
