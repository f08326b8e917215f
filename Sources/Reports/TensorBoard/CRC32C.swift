/// The cyclic redundancy check of Castagnoli's polynomial, which guards the records of event files.
package enum CRC32C {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
  }

  /// Returns the check of bytes.
  package static func of(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { table[Int(($0 ^ UInt32($1)) & 0xff)] ^ $0 >> 8 }
  }

  /// Returns the check as the records hold it: the plain check of bytes that hold checks themselves would be weak.
  static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let check = of(bytes)
    return (check >> 15 | check << 17) &+ 0xa282_ead8
  }
}
