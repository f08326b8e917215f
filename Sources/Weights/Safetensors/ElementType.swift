/// The types of a safetensors file's values. Those without a reading are known only by their size, so that a file that
/// holds some is read as far as its other tensors go.
public enum ElementType: String, Sendable {
  case f64 = "F64"
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case bool = "BOOL"
  case u8 = "U8"
  case i8 = "I8"
  case f8e5m2 = "F8_E5M2"
  case f8e4m3 = "F8_E4M3"
  case u16 = "U16"
  case i16 = "I16"
  case u32 = "U32"
  case i32 = "I32"
  case u64 = "U64"
  case i64 = "I64"

  /// The bytes of one value.
  var size: Int {
    switch self {
    case .bool, .u8, .i8, .f8e5m2, .f8e4m3: 1
    case .f16, .bf16, .u16, .i16: 2
    case .f32, .u32, .i32: 4
    case .f64, .u64, .i64: 8
    }
  }

  /// Whether the values are floating-point numbers that are read.
  public var isRead: Bool { [.f64, .f32, .f16, .bf16].contains(self) }

  /// Writes values, little-endian as they lie in a file, as single floats. A double too large for one becomes infinite.
  func convert(_ bytes: UnsafeRawBufferPointer, into values: UnsafeMutableBufferPointer<Float>) {
    precondition(
      isRead && bytes.count == values.count * size, "\(bytes.count) bytes for \(values.count) of \(rawValue)")
    for index in values.indices {
      values[index] =
        switch self {
        case .f64: Float(double(bytes, at: index))
        case .f32: Float(bitPattern: bits(bytes, at: index))
        case .f16: Float(Float16(bitPattern: bits(bytes, at: index)))
        default: Float(bitPattern: UInt32(bits(bytes, at: index, as: UInt16.self)) << 16)
        }
    }
  }

  /// Returns one of several values.
  func double(_ bytes: UnsafeRawBufferPointer, at index: Int) -> Double {
    guard self != .f64 else { return Double(bitPattern: bits(bytes, at: index)) }
    var value: Float = 0
    let one = UnsafeRawBufferPointer(rebasing: bytes[size * index..<size * (index + 1)])
    withUnsafeMutablePointer(to: &value) { convert(one, into: UnsafeMutableBufferPointer(start: $0, count: 1)) }
    return Double(value)
  }

  private func bits<Bits: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, at index: Int, as type: Bits.Type = Bits.self
  ) -> Bits {
    Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: size * index, as: type))
  }
}
