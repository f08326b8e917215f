import System

/// A selection of a source's pictures, in its own order.
public struct SelectedImages: EncodedImages {
  public let labels: [Int32]
  private let base: any EncodedImages
  private let indices: [Int32]

  public init(_ base: any EncodedImages, indices: [Int]) {
    self.base = base
    self.indices = indices.map { Int32($0) }
    labels = indices.map { base.labels[$0] }
  }

  public var classCount: Int { base.classCount }
  public func name(of index: Int) -> String { base.name(of: Int(indices[index])) }
  public func fileName(of index: Int) -> String { base.fileName(of: Int(indices[index])) }
  public func extents(of index: Int) -> PlaneExtents { base.extents(of: Int(indices[index])) }
  public func byteCount(of index: Int) -> Int { base.byteCount(of: Int(indices[index])) }

  public func read(_ index: Int, into bytes: UnsafeMutablePointer<UInt8>) throws(DataError) {
    try base.read(Int(indices[index]), into: bytes)
  }

  public func announce(_ indices: [Int]) { base.announce(indices.map { Int(self.indices[$0]) }) }
}
