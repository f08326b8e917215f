/// Sixteen channels of one pixel: the unit that every kernel on blocked maps works in.
public typealias Vector = SIMD16<Float>

/// Channels in a block of a blocked map.
public let blockWidth = 16

/// Blocks of 16 that hold `channels` channels; the last one is filled up with zeros.
@inlinable
public func blockCount(_ channels: Int) -> Int {
  (channels + blockWidth - 1) / blockWidth
}

/// Sixteen floats from any address: a plain load demands 64-byte alignment.
@inline(__always)
func load(_ address: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

@inline(__always)
func load(_ address: UnsafeMutablePointer<Float>) -> Vector {
  UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

@inline(__always)
func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Vector.self)
}

/// Where `value` replaces `largest` as the maximum: where it is larger or not a number, so that a NaN reaches the loss.
@inline(__always)
func exceeds(_ value: Vector, _ largest: Vector) -> SIMDMask<SIMD16<Int32>> {
  value .> largest .| value .!= value
}

/// f(y) of Eqn 1 for sixteen channels: y where y > 0, else a·y. A NaN stays one.
@inline(__always)
func activated(_ y: Vector, slope a: Vector) -> Vector {
  y.replacing(with: y * a, where: y .<= 0)
}
