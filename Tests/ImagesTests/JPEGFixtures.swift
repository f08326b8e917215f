import CJPEG
import Images

/// A kind of JPEG file that occurs in practice.
struct JPEGForm: Sendable {
  var isGray = false
  /// The columns and rows of pixels that share a chroma sample.
  var chroma: (columns: Int32, rows: Int32) = (2, 2)
  var isProgressive = false
}

/// Returns a JPEG file of red, green and blue (height, width, 3).
func jpegFile(
  _ samples: [UInt8], height: Int, width: Int, quality: Int, _ form: JPEGForm = JPEGForm()
) -> [UInt8] {
  JPEGEncoder.encode(samples, colors: JCS_RGB, height: height, width: width, quality: quality) { picture in
    if form.isGray { jpeg_set_colorspace(picture, JCS_GRAYSCALE) }
    picture.pointee.comp_info[0].h_samp_factor = form.isGray ? 1 : form.chroma.columns
    picture.pointee.comp_info[0].v_samp_factor = form.isGray ? 1 : form.chroma.rows
    if form.isProgressive { jpeg_simple_progression(picture) }
  }
}
