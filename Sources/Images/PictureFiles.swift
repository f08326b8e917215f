/// Files of JPEG and PNG pictures, read into memory, without labels of their own: all have 0.
public struct PictureFiles: EncodedImages {
  public let labels: [Int32]
  public let classCount: Int
  private let files: [File]

  private struct File: Sendable {
    let path: String
    let bytes: [UInt8]
    let height: Int
    let width: Int
  }

  /// - Throws: for the first file that is missing, too large or no such picture.
  public init(_ paths: [String], classCount: Int) throws(DataError) {
    var files: [File] = []
    for path in paths {
      let bytes = try readWhole(path: path, limit: 1 << 30, expected: "a JPEG or PNG picture")
      let (height, width) = try bytes.withUnsafeBufferPointer { bytes throws(DataError) in
        try PhotoRenderer.extents(of: PictureFile(path: path, bytes: bytes))
      }
      files.append(File(path: path, bytes: bytes, height: height, width: width))
    }
    self.files = files
    self.classCount = classCount
    labels = [Int32](repeating: 0, count: paths.count)
  }

  public func name(of index: Int) -> String { files[index].path }
  public func extents(of index: Int) -> (height: Int, width: Int) { (files[index].height, files[index].width) }
  public func byteCount(of index: Int) -> Int { files[index].bytes.count }
  public func announce(_ indices: [Int]) {}

  public func read(_ index: Int, into bytes: UnsafeMutablePointer<UInt8>) {
    bytes.update(from: files[index].bytes, count: files[index].bytes.count)
  }
}
