/// The order of classes, which gives them their labels: that of the numbers where all names are numbers, otherwise that
/// of the names' bytes.
enum ClassOrder {
  static func sorted(_ names: [String]) -> [String] {
    guard names.allSatisfy(isNumber) else { return names.sorted(by: precedes) }
    return names.sorted { a, b in
      let (x, y) = (digits(a), digits(b))
      if x.count != y.count { return x.count < y.count }
      return x == y ? precedes(a, b) : precedes(x, y)
    }
  }

  /// Returns whether a name is a whole number of any length, without a sign.
  static func isNumber(_ name: String) -> Bool {
    !name.isEmpty && name.utf8.allSatisfy { (0x30...0x39).contains($0) }
  }

  /// Returns a number's digits without leading zeros.
  static func digits(_ number: String) -> String {
    let digits = number.drop { $0 == "0" }
    return digits.isEmpty ? "0" : String(digits)
  }
}
