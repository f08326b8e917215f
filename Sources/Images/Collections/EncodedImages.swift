import System

/// Labeled pictures as the bytes of their files, read one at a time.
///
/// Any thread may read any picture.
public protocol EncodedImages: Sendable {
  var classCount: Int { get }
  /// The class of each picture, 0 ..< `classCount`.
  var labels: [Int32] { get }
  /// Returns the picture's name for messages.
  func name(of index: Int) -> String
  /// Returns the picture's file as a person would look for it, or an empty string if there is none.
  func fileName(of index: Int) -> String
  func extents(of index: Int) -> PlaneExtents
  func byteCount(of index: Int) -> Int
  /// Reads the picture's bytes, `byteCount(of:)` of them, to `bytes`.
  func read(_ index: Int, into bytes: UnsafeMutablePointer<UInt8>) throws(DataError)
  /// Announces which pictures will be read soon.
  func announce(_ indices: [Int])
}

extension EncodedImages {
  public var count: Int { labels.count }
  public func fileName(of index: Int) -> String { "" }
}
