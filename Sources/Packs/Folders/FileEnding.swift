import System

/// The extensions of files' names: those of pictures, and those of formats that are not read.
package enum FileEnding {
  /// The extensions of pictures that are read.
  package static let pictures = ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "ppm", "pgm"]

  /// Returns a name's extension in lowercase, or an empty string if there is none.
  package static func of(_ name: String) -> String {
    let last = name.lastIndex(of: "/").map { name[name.index(after: $0)...] } ?? name[...]
    guard let dot = last.lastIndex(of: "."), dot != last.startIndex else { return "" }
    return last[last.index(after: dot)...].lowercased()
  }

  /// Returns whether a name has a picture's extension; the content decides what the file really is.
  package static func isPicture(_ name: String) -> Bool { pictures.contains(of(name)) }

  /// Returns whether an extension is that of pictures or films of a format that is not read.
  package static func isOtherFormat(_ ending: String) -> Bool { tool(ending) != nil }

  /// Returns extensions with their numbers, the most frequent first: "12 .txt, 3 without an extension".
  package static func text(_ endings: [String: Int]) -> String {
    let sorted = endings.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    let shown = sorted.prefix(6).map { "\($0.value.grouped) \($0.key.isEmpty ? "without an extension" : ".\($0.key)")" }
    return (shown + (sorted.count > 6 ? ["…"] : [])).joined(separator: ", ")
  }

  /// Returns what to do with files of these extensions, as sentences; empty where nothing is known of any.
  package static func advice(_ endings: some Sequence<String>) -> String {
    var commands: [String] = []
    for ending in endings.sorted() {
      guard let tool = tool(ending), !commands.contains(tool) else { continue }
      commands.append(tool)
    }
    guard !commands.isEmpty else { return "" }
    return "Files of these formats are not read; convert them: \(commands.joined(separator: "; "))."
  }

  /// Returns the command that converts files of an extension; nil for extensions that are not known.
  private static func tool(_ ending: String) -> String? {
    switch ending {
    case "bmp", "dib", "tif", "tiff", "gif", "avif", "jp2", "j2k", "jxl", "tga", "pcx", "ico", "pbm", "pnm", "pfm",
      "exr", "psd", "xcf", "svg", "eps":
      "mogrify -format png *.\(ending) (ImageMagick)"
    case "heic", "heif": "for f in *.\(ending); do heif-convert \"$f\" \"${f%.*}.jpg\"; done (libheif)"
    case "cr2", "cr3", "nef", "arw", "dng", "orf", "rw2", "raf", "pef", "srw":
      "for f in *.\(ending); do dcraw -c \"$f\" | pnmtojpeg > \"${f%.*}.jpg\"; done"
    case "dcm", "dicom": "for f in *.\(ending); do dcm2img \"$f\" \"${f%.*}.png\"; done (DCMTK)"
    case "npy", "npz", "mat", "pt", "pth", "pkl", "pickle", "tfrecord", "tfrecords":
      "a script writes the arrays of .\(ending) as PNG files, such as with Image.fromarray of Pillow"
    case "mp4", "avi", "mov", "mkv", "webm", "mpg", "mpeg", "m4v":
      "ffmpeg -i FILM.\(ending) -vf fps=1 FOLDER/%05d.png"
    default: nil
    }
  }
}
