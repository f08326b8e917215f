import CProcessor

/// Sixteen channels of one pixel: the unit in which every kernel on blocked maps works.
public typealias Vector = SIMD16<Float>

/// The number of channels in a block of a blocked map.
public let blockWidth = 16

/// The number of blocks of 16 that hold `channels` channels; the last one is filled up with zeros.
@inlinable
public func blockCount(_ channels: Int) -> Int {
  (channels + blockWidth - 1) / blockWidth
}

/// Loads sixteen floats from any address; a plain load demands 64-byte alignment.
@inline(__always)
func load(_ address: UnsafePointer<Float>) -> Vector {
  UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

/// Loads sixteen floats from any address.
@inline(__always)
func load(_ address: UnsafeMutablePointer<Float>) -> Vector {
  UnsafeRawPointer(address).loadUnaligned(as: Vector.self)
}

/// Returns sum + a·b, rounded once if the processor has the instruction. Without it each product is rounded on its own:
/// to avoid that, a call of libm's `fmaf` for each lane would take a hundred times as long.
@inline(__always)
func multiplyAdd(_ sum: Vector, _ a: Vector, _ b: Vector) -> Vector {
  hasFusedMultiplyAdd ? sum.addingProduct(a, b) : sum + a * b
}

/// Whether the target that includes this was compiled for a processor with fused multiply-add.
@inline(__always)
var hasFusedMultiplyAdd: Bool { processor_compiled_for() & UInt32(PROCESSOR_FMA) != 0 }

/// Stores sixteen floats to any address.
@inline(__always)
func store(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
  UnsafeMutableRawPointer(address).storeBytes(of: vector, as: Vector.self)
}

/// The lanes in which `value` replaces `largest` as the maximum: those where it is larger or NaN, so that a NaN reaches
/// the loss.
@inline(__always)
func exceeds(_ value: Vector, _ largest: Vector) -> SIMDMask<SIMD16<Int32>> {
  value .> largest .| value .!= value
}

/// Returns f(y) of Eqn 1 for sixteen channels: y where y > 0, else a·y. A NaN stays one.
@inline(__always)
func activated(_ y: Vector, slope a: Vector) -> Vector {
  y.replacing(with: y * a, where: y .<= 0)
}

/// Stores sixteen floats past the caches, as is best for what is not read again soon. `address` must be a multiple of
/// 64 bytes.
@inline(__always)
func stream(_ vector: Vector, _ address: UnsafeMutablePointer<Float>) {
  var vector = vector
  withUnsafePointer(to: &vector) { processor_stream($0, address) }
}

/// Makes what was streamed visible to the other threads.
@inline(__always)
func finishStreaming() { processor_finish_streaming() }
