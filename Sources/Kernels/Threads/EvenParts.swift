import System

/// Returns the number of parts, from 1 to `units`, that each of `pieces` pieces is best cut into for a team: the number
/// with which its members are idle least, be it because the pieces do not divide evenly, or because one member takes
/// the last piece while the others wait, for half a piece's time on average. Against this stands what each part costs.
///
/// - Parameter units: The number of equal units that a piece consists of and that no part is smaller than.
func evenParts(ofEach pieces: Int, units: Int, members: Int) -> Int {
  guard members > 1, units > 1, pieces > 0 else { return 1 }
  func cost(_ parts: Int) -> Double {
    let all = pieces * parts
    let rounds = Double(all.dividedUp(by: members) * members) / Double(all)
    return rounds * unevenness(units: units, parts: parts) + 0.5 * Double(members) / Double(all) + 0.002 * Double(parts)
  }
  return (1...units).min { cost($0) < cost($1) } ?? 1
}

/// Returns the largest of `parts` parts of `units` units over their mean.
func unevenness(units: Int, parts: Int) -> Double {
  Double(units.dividedUp(by: parts) * parts) / Double(units)
}

extension Range<Int> {
  /// Returns one of `parts` parts of the range, which differ by at most one in length.
  func part(_ number: Int, of parts: Int) -> Range<Int> {
    lowerBound + count * number / parts..<lowerBound + count * (number + 1) / parts
  }
}
