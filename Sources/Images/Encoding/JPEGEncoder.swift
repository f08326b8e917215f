import CJPEG
import Glibc

/// Writes JPEG files with libjpeg-turbo.
///
/// Only a lack of memory or a mistake of the caller can make a call fail, so an error of the library ends the program.
/// No jump out of the library is needed, as it is in reading, and thus no C in between.
package enum JPEGEncoder {
  /// The longest side that libjpeg-turbo takes. The format itself ends at 65535.
  package static let longestSide = 65_500

  /// Returns a baseline file of planar red, green and blue, (3, height, width), with chroma at half resolution as in
  /// cameras' files. Values are rounded to 0 ... 255. `quality` is 1 ... 100, and a side is at most `longestSide`.
  static func encode(_ planes: [Float], height: Int, width: Int, quality: Int) -> [UInt8] {
    let count = height * width
    precondition(planes.count == 3 * count, "\(planes.count) values for \(width)×\(height) pixels")
    let pixels = [UInt8](unsafeUninitializedCapacity: 3 * count) { pixels, written in
      for index in 0..<count {
        for color in 0..<3 { pixels[3 * index + color] = roundedByte(planes[color * count + index]) }
      }
      written = 3 * count
    }
    return encode(pixels, colors: JCS_RGB, height: height, width: width, quality: quality)
  }

  /// Returns a file of interleaved samples (height, width, colors).
  /// - Parameter adjust: A closure that changes the library's settings, which are those of a baseline file with chroma
  ///   at half resolution, before the first row.
  package static func encode(
    _ samples: [UInt8], colors: J_COLOR_SPACE, height: Int, width: Int, quality: Int,
    adjust: (j_compress_ptr) -> Void = { _ in }
  ) -> [UInt8] {
    let samplesPerPixel = colors == JCS_GRAYSCALE ? 1 : colors == JCS_CMYK ? 4 : 3
    precondition(
      samples.count == height * width * samplesPerPixel && !samples.isEmpty,
      "\(samples.count) samples for \(width)×\(height) pixels of \(samplesPerPixel)")
    // The library keeps pointers into both, so they have fixed addresses.
    let picture = UnsafeMutablePointer<jpeg_compress_struct>.allocate(capacity: 1)
    let errors = UnsafeMutablePointer<jpeg_error_mgr>.allocate(capacity: 1)
    defer {
      picture.deallocate()
      errors.deallocate()
    }
    picture.initialize(to: jpeg_compress_struct())
    picture.pointee.err = jpeg_std_error(errors)
    errors.pointee.error_exit = { picture in
      let words = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(JMSG_LENGTH_MAX)) { words in
        picture?.pointee.err.pointee.format_message(picture, words.baseAddress)
        return String(cString: words.baseAddress!)
      }
      preconditionFailure("libjpeg-turbo cannot encode a picture: \(words)")
    }
    jpeg_CreateCompress(picture, JPEG_LIB_VERSION, MemoryLayout<jpeg_compress_struct>.size)
    defer { jpeg_destroy_compress(picture) }

    var file: UnsafeMutablePointer<UInt8>?
    var size: UInt = 0
    defer { free(file) }
    return withUnsafeMutablePointer(to: &file) { file in
      withUnsafeMutablePointer(to: &size) { size in
        jpeg_mem_dest(picture, file, size)
        picture.pointee.image_width = UInt32(width)
        picture.pointee.image_height = UInt32(height)
        picture.pointee.input_components = Int32(samplesPerPixel)
        picture.pointee.in_color_space = colors
        jpeg_set_defaults(picture)
        jpeg_set_quality(picture, Int32(quality), 1)
        adjust(picture)
        jpeg_start_compress(picture, 1)
        samples.withUnsafeBufferPointer { samples in
          for row in 0..<height {
            // The library does not write to the row.
            var start: UnsafeMutablePointer<UInt8>? = UnsafeMutablePointer(
              mutating: samples.baseAddress! + row * width * samplesPerPixel)
            jpeg_write_scanlines(picture, &start, 1)
          }
        }
        jpeg_finish_compress(picture)
        return Array(UnsafeBufferPointer(start: file.pointee, count: Int(size.pointee)))
      }
    }
  }
}

/// Returns the nearest integer in 0 ... 255.
func roundedByte(_ value: Float) -> UInt8 {
  UInt8(max(0, min(255, value.rounded())))
}
