import CJPEG
import CPNG
import CWebP
import CZlib

/// The libraries that decode and encode pictures.
public enum PictureLibraries {
  /// The name and the version of each, such as "libpng 1.6.39". Libjpeg-turbo tells only what this program was built
  /// with.
  public static var versions: [String] {
    let jpeg = LIBJPEG_TURBO_VERSION_NUMBER
    let webp = WebPGetDecoderVersion()
    return [
      "libjpeg-turbo \(jpeg / 1_000_000).\(jpeg / 1000 % 1000).\(jpeg % 1000)",
      "libpng \(String(cString: png_get_libpng_ver(nil)))",
      "libwebp \(webp >> 16).\(webp >> 8 & 255).\(webp & 255)",
      "zlib \(String(cString: zlibVersion()))",
    ]
  }
}
