import System

/// Labeled images as testing sees them: whole pictures at a size, and any part of them.
///
/// Any thread may read any image.
public protocol TestImages: Sendable {
  var channels: Int { get }
  var classCount: Int { get }
  /// The class of each image, 0 ..< `classCount`.
  var labels: [Int32] { get }
  /// Returns the image's name for messages.
  func name(of index: Int) -> String
  /// Returns the image's file as a person would look for it, or an empty string if there is none.
  func fileName(of index: Int) -> String
  /// Returns the extents of the image resized so that its shorter side is `shorterSide`; nil leaves it as it is.
  func extents(of index: Int, shorterSide: Int?) -> PlaneExtents
  /// Writes values of 0 ... 255, (channels, rows, columns), of a part of the resized image.
  func read(
    _ index: Int, shorterSide: Int?, rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutablePointer<Float>
  ) throws(DataError)
  /// Announces which images will be read soon.
  func announce(_ indices: [Int])
}

extension TestImages {
  public var count: Int { labels.count }
  public func fileName(of index: Int) -> String { "" }
}

/// Encoded photographs as testing sees them, decoded anew for each reading and only as far as it needs.
public struct PhotoTestImages: TestImages {
  private let images: any EncodedImages
  private let renderers = IdleRenderers()
  public let classCount: Int
  public let labels: [Int32]

  public init(_ images: any EncodedImages) {
    self.images = images
    (classCount, labels) = (images.classCount, images.labels)
  }

  /// - Parameter classes: The class among `classCount` for each of the images' classes.
  public init(_ images: any EncodedImages, classes: [Int32], of classCount: Int) {
    precondition(
      classes.count == images.classCount && classes.allSatisfy { 0..<Int32(classCount) ~= $0 },
      "\(images.classCount) classes become \(classes), of \(classCount)")
    self.images = images
    self.classCount = classCount
    labels = images.labels.map { classes[Int($0)] }
  }

  public var channels: Int { 3 }
  public func name(of index: Int) -> String { images.name(of: index) }
  public func fileName(of index: Int) -> String { images.fileName(of: index) }
  public func announce(_ indices: [Int]) { images.announce(indices) }

  public func extents(of index: Int, shorterSide: Int?) -> PlaneExtents {
    let own = images.extents(of: index)
    return shorterSide.map { PhotoView.resized(own, shorterSide: $0) } ?? own
  }

  public func read(
    _ index: Int, shorterSide: Int?, rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutablePointer<Float>
  ) throws(DataError) {
    let own = images.extents(of: index)
    let view = PhotoView(
      of: own, shorterSide: shorterSide ?? min(own.height, own.width), rows: rows, columns: columns)
    try renderers.render(
      index, of: images, view: view, finish: CropResampling.Finish(mean: nil, scale: 1, mirrored: false), output: values
    )
  }
}

/// Images of one size in memory as testing sees them.
public struct PlainTestImages: TestImages {
  public let labels: [Int32]
  public let classCount: Int
  private let extents: Extents
  private let pixels: Pixels

  private enum Pixels: Sendable {
    case bytes(LabeledImages)
    /// The values of each image, (channels, height, width), of 0 ... 255.
    case values([[Float]])
  }

  public init(_ images: LabeledImages) {
    (labels, classCount, extents) = (images.labels, images.classCount, images.extents)
    pixels = .bytes(images)
  }

  /// - Parameter values: The values of each image, (channels, height, width), of 0 ... 255.
  public init(_ values: [[Float]], extents: Extents, labels: [Int32], classCount: Int) {
    precondition(
      values.count == labels.count && values.allSatisfy { $0.count == extents.count },
      "\(values.count) images for \(labels.count) labels, of \(extents)")
    (self.labels, self.classCount, self.extents) = (labels, classCount, extents)
    pixels = .values(values)
  }

  public var channels: Int { extents.channels }
  public func name(of index: Int) -> String { "image \(index)" }
  public func announce(_ indices: [Int]) {}

  public func extents(of index: Int, shorterSide: Int?) -> PlaneExtents {
    shorterSide.map { PhotoView.resized(extents.plane, shorterSide: $0) } ?? extents.plane
  }

  public func read(
    _ index: Int, shorterSide: Int?, rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutablePointer<Float>
  ) {
    switch pixels {
    case .bytes(let images):
      images.withPixels(of: index) { bytes in
        read(index, shorterSide, rows, columns, into: values) { Float(bytes[$0]) }
      }
    case .values(let images): read(index, shorterSide, rows, columns, into: values) { images[index][$0] }
    }
  }

  private func read(
    _ index: Int, _ shorterSide: Int?, _ rows: Range<Int>, _ columns: Range<Int>,
    into values: UnsafeMutablePointer<Float>, pixel: (Int) -> Float
  ) {
    let wanted = extents(of: index, shorterSide: shorterSide)
    guard wanted == extents.plane else {
      let part = resample(extents, to: wanted, rows: rows, columns: columns, pixel: pixel)
      values.update(from: part, count: part.count)
      return
    }
    var target = values
    for channel in 0..<channels {
      for row in rows {
        let start = (channel * extents.height + row) * extents.width
        for column in columns {
          target.pointee = pixel(start + column)
          target += 1
        }
      }
    }
  }
}
