import Kernels
import System

/// A kind of layers. A value of a conforming type holds the settings of one layer.
///
/// A kind conforms to one of the protocols below, which say where in a network it stands: a `TowerLayerKind` makes maps
/// of maps, a `FeatureLayerKind` ends the tower and makes plain features of a map, and a `HeadLayerKind` scores them.
///
/// A new kind of the tower takes
///
/// 1. a kernel in `Sources/Kernels`, with its plain reference beside it, and a test of the one against the other;
/// 2. a file in this folder, `…Layer.swift`: a struct `LayerDescription.…` that conforms to `TowerLayerKind`, a static
///    function of `LayerDescription` that makes one, and the `TowerLayer` that runs the kernel (`MaxPoolingLayer.swift`
///    is the model);
/// 3. one line in `LayerDescription.kinds`.
///
/// All the rest follows from the settings: names and keys in YAML and JSON files with their messages, extents,
/// parameters, their initialization, update and place in checkpoints, memory, `inspect`, dense testing and its tiles,
/// statistics and the search for a divergence. No other place of the program has to know the kind.
public protocol LayerKind: Codable, Equatable, Sendable {
  /// The kind's name in files, such as `maxPooling`.
  static var key: String { get }

  var name: String { get set }

  /// Makes a layer of which nothing is said yet: reading a file starts from it.
  init()

  /// Goes through the settings in their order, to read or to write them.
  mutating func visit<Visitor: LayerVisitor>(_ visitor: inout Visitor) throws(Visitor.Failure)

  /// The layer in a few words, such as "3×3 convolution, stride 2, prelu".
  var summary: String { get }

  /// The window of inputs that an output depends on; nil if it depends on one pixel, or on all of them. Dense testing
  /// cuts large images by it, so a kind of layer whose outputs depend on a window must name it.
  var window: LayerWindow? { get }

  /// Returns the extents of the output.
  ///
  /// - Throws: An error for settings that are out of range or do not fit the input.
  func output(of input: Extents) throws(ArchitectureError) -> Extents

  /// Returns the extents of the weights, the output's channels first; nil for a kind without parameters.
  ///
  /// A layer that has weights has a bias for each of the output's channels, and the coefficients of its activation.
  func weights(of input: Extents) -> [Int]?

  /// Computes the layer by its definition, in Double, on one image's planar map: gradients are held against it.
  func reference(_ map: [Double], _ pass: inout ReferencePass) -> [Double]
}

/// A kind with an activation.
public protocol ActivatedLayerKind: LayerKind {
  var activation: Activation { get set }
}

/// A kind of the tower's layers.
public protocol TowerLayerKind: LayerKind {
  /// Whether the tower's first layer may be of this kind and read planar images; else they are made blocked maps before
  /// it.
  static var readsImages: Bool { get }
  /// Returns the layer that computes with these settings.
  func layer(_ place: TowerPlace) -> any TowerLayer
}

/// A kind of the one layer that makes plain features of a map, with which the tower ends.
public protocol FeatureLayerKind: TowerLayerKind {
  /// Returns how dense testing makes the features of each window of a map.
  ///
  /// - Parameter window: The extents of the map that the layer was trained on.
  func windowFeatures(of map: Extents, window: PlaneExtents) -> any WindowFeatures
}

/// The features of all windows of a last map, as dense testing needs them (paper, section 4 on testing).
///
/// Each window's features are those of the kind's own `TowerLayer` on the window alone, bit by bit. Neighboring windows
/// have most of their pixels in common: what they share is computed once for the map.
public protocol WindowFeatures: Sendable {
  /// The number of floats that `prepare` writes.
  var sharedCount: Int { get }
  /// Writes what the windows of one image's blocked map share.
  func prepare(_ map: PendingMap, into shared: UnsafeMutablePointer<Float>)
  /// Writes the features of the window whose corner is at (row, column) of the map.
  func features(row: Int, column: Int, of shared: UnsafePointer<Float>, into features: UnsafeMutablePointer<Float>)
}

/// A kind of the head's layers, which all compute as `FullyConnectedLayer` does. The outputs of the last one are the
/// classes' scores.
public protocol HeadLayerKind: ActivatedLayerKind {
  var outputs: Int { get set }
  /// The share of units dropped in training.
  var dropout: Float { get set }
}

/// The place of a layer in a tower.
public struct TowerPlace: Sendable {
  /// One image's map before the layer.
  public var input: Extents
  /// The place of the layer's parameters; nil if it has none.
  public var parameters: LayerParameters?
  /// Whether the input is the network's planar image.
  public var isFirst: Bool
  /// The method by which convolutions are to be computed, instead of the choice by shape.
  public var method: ConvolutionMethod?
  /// The precision of the operands of products.
  public var precision = Precision.float32
}

/// A reader or writer of a layer's settings, which gets one call for each.
public protocol LayerVisitor {
  associatedtype Failure: Error
  mutating func setting(_ key: String, _ value: inout String, required: Bool) throws(Failure)
  mutating func setting(_ key: String, _ value: inout Int, required: Bool) throws(Failure)
  mutating func setting(_ key: String, _ value: inout [Int], required: Bool) throws(Failure)
  mutating func setting(_ key: String, _ value: inout Float, required: Bool) throws(Failure)
  mutating func setting(_ key: String, _ value: inout Activation, required: Bool) throws(Failure)
  /// Whether the text has the key; nil while one is written.
  func mentions(_ key: String) -> Bool?
}

extension LayerKind {
  public var window: LayerWindow? { nil }
  public func weights(of input: Extents) -> [Int]? { nil }
}

extension TowerLayerKind {
  public static var readsImages: Bool { false }
}

/// Windows of `size`×`size` pixels, `stride` apart, on a map with `padding` zeros on each side.
public struct LayerWindow: Equatable, Sendable {
  public var size: Int
  public var stride: Int
  public var padding: Int

  public init(size: Int, stride: Int, padding: Int) {
    self.size = size
    self.stride = stride
    self.padding = padding
  }

  /// The number of windows side by side on `extent` pixels, ⌊(extent + 2·padding − size) / stride⌋ + 1; 0 if none fits.
  public func positions(_ extent: Int) -> Int {
    let room = extent + 2 * padding - size
    return room < 0 ? 0 : room / stride + 1
  }
}

// MARK: - Checks of settings

/// The largest extent of anything. Nothing above it is a network; up to it sums and products of two extents cannot
/// overflow.
let largestExtent = 1 << 20

extension LayerKind {
  func failure(_ problem: String) -> ArchitectureError { ArchitectureError(layer: name, problem: problem) }

  func checkExtent(_ value: Int, _ what: String, from least: Int) throws(ArchitectureError) {
    guard (least...largestExtent).contains(value) else {
      throw failure("expected \(what) from \(least) to \(largestExtent), found \(value)")
    }
  }

  /// Returns the product, unless it exceeds what BLAS and MPI can count.
  func product(_ factors: [Int], _ what: String) throws(ArchitectureError) -> Int {
    try checkedProduct(factors, what, layer: name)
  }

  /// Returns the extents of the map that has a pixel for each window.
  func output(of input: Extents, channels: Int, _ window: LayerWindow) throws(ArchitectureError) -> Extents {
    let plane = PlaneExtents(height: window.positions(input.height), width: window.positions(input.width))
    guard min(plane.height, plane.width) > 0 else {
      let padded = window.padding > 0 ? " with padding \(window.padding)" : ""
      throw failure("its \(window.size)×\(window.size) window does not fit a \(input.plane) map\(padded)")
    }
    return Extents(channels: channels, plane)
  }
}

/// Returns the product, unless it exceeds what BLAS and MPI can count.
func checkedProduct(_ factors: [Int], _ what: String, layer: String?) throws(ArchitectureError) -> Int {
  var product = 1
  for factor in factors {
    let (next, overflow) = product.multipliedReportingOverflow(by: factor)
    guard !overflow, next <= Int(Int32.max) else {
      let factors = factors.map(String.init).joined(separator: "·")
      throw ArchitectureError(layer: layer, problem: "\(factors) \(what) are more than 2³¹ − 1, the most it can be")
    }
    product = next
  }
  return product
}
