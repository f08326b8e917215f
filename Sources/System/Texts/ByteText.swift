/// A number of bytes for a person to read: decimal units, one digit after the point.
///
/// - Parameter bytesName: the unit of numbers below 1000, such as "B" where there is little room.
package func byteText(_ bytes: Int, bytesName: String = "bytes") -> String {
  guard bytes >= 1000 else { return "\(bytes) \(bytesName)" }
  let (unit, name) = bytes < 1_000_000 ? (1e3, "kB") : bytes < 1_000_000_000 ? (1e6, "MB") : (1e9, "GB")
  return "\((Double(bytes) / unit * 10).rounded() / 10) \(name)"
}
