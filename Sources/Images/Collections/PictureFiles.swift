import System

/// Picture files, read into memory, without labels of their own: every label is 0.
public struct PictureFiles: EncodedImages {
  public let labels: [Int32]
  public let classCount: Int
  private let pictures: [EncodedPicture]

  public init(_ pictures: [EncodedPicture], classCount: Int) {
    self.pictures = pictures
    self.classCount = classCount
    labels = [Int32](repeating: 0, count: pictures.count)
  }

  public func name(of index: Int) -> String { pictures[index].path }
  public func fileName(of index: Int) -> String { pictures[index].path }
  public func extents(of index: Int) -> PlaneExtents {
    PlaneExtents(height: pictures[index].height, width: pictures[index].width)
  }
  public func byteCount(of index: Int) -> Int { pictures[index].byteCount }
  public func announce(_ indices: [Int]) {}

  public func read(_ index: Int, into bytes: UnsafeMutablePointer<UInt8>) throws(DataError) {
    try pictures[index].write(to: bytes)
  }
}
