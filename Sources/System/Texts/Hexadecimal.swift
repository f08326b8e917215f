/// The lower-case hexadecimal digits of bytes, two for each.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef")
  return String(bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
}

/// The lower-case hexadecimal digits of a number, as many as its type has room for: 16 of 64 bits.
package func hexadecimal(_ number: some FixedWidthInteger & UnsignedInteger) -> String {
  withUnsafeBytes(of: number.bigEndian) { hexadecimal($0) }
}
