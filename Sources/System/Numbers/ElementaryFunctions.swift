/// Elementary functions whose bits depend neither on the processor nor on the C library, whose own functions have
/// variants for both. Each is made of operations that IEEE 754 rounds in one way, and is at most two units in the last
/// place off.
package enum ElementaryFunctions {
  // ln 2 in two parts: multiples of the first by an exponent are exact.
  private static let (ln2High, ln2Low) = (0x1.62e42fefa3800p-1, 0x1.ef35793c76730p-45)

  /// Returns eˣ.
  package static func exp(_ x: Double) -> Double {
    guard x <= 709.782712893384 else { return x.isNaN ? x : .infinity }
    guard x > -745.2 else { return 0 }
    // x = n·ln 2 + r with |r| ≤ ln 2 / 2, and eʳ by its series, whose next term is below 2⁻⁵⁸.
    let n = (x * 0x1.71547652b82fep0).rounded(.toNearestOrEven)
    let r = (x - n * ln2High).addingProduct(-n, ln2Low)
    var sum = reciprocalFactorials[13]
    for k in stride(from: 12, through: 0, by: -1) { sum = reciprocalFactorials[k].addingProduct(sum, r) }
    let exponent = Int(n)
    // The second factor rounds once what is too small for a normal number.
    return exponent < -1021 ? sum * power2(exponent + 64) * 0x1p-64 : sum * 2 * power2(exponent - 1)
  }

  /// Returns the natural logarithm.
  package static func log(_ x: Double) -> Double {
    guard x > 0, x < .infinity else { return x == 0 ? -.infinity : x > 0 ? x : .nan }
    // x = 2ᵏ·m with m between √½ and √2.
    var (k, m) = (Double(x.exponent), x.significand)
    if m > 0x1.6a09e667f3bcdp0 { (k, m) = (k + 1, m / 2) }
    // ln m = 2 artanh f with f = (m - 1)/(m + 1), by its series in f²; |f| ≤ 0.172.
    let f = (m - 1) / (m + 1)
    let s = f * f
    var sum = 1.0 / 23
    for n in stride(from: 21, through: 3, by: -2) { sum = (1 / Double(n)).addingProduct(sum, s) }
    let d = m - 1
    // 2f = d - d·f, exactly but for one rounding: the sum is then as good where x is near 1.
    return (d - f * (d - 2 * s * sum)).addingProduct(k, ln2Low).addingProduct(k, ln2High)
  }

  /// Returns xʸ for x above 0, to a few units in the last place where the exponent is small.
  package static func power(_ x: Double, _ y: Double) -> Double { exp(y * log(x)) }

  /// Returns the cosine and the sine of a part of a full turn, between 0 and 1.
  package static func cosineAndSine(ofTurn turn: Double) -> (cosine: Double, sine: Double) {
    // The nearest quarter, and an angle of at most π/4 beside it: the differences are exact.
    let quarter = (4 * turn).rounded(.toNearestOrEven)
    let angle = 2 * .pi * (turn - quarter / 4)
    let square = -angle * angle
    var (cosine, sine) = (reciprocalFactorials[18], reciprocalFactorials[17])
    for k in stride(from: 16, through: 0, by: -2) { cosine = reciprocalFactorials[k].addingProduct(cosine, square) }
    for k in stride(from: 15, through: 1, by: -2) { sine = reciprocalFactorials[k].addingProduct(sine, square) }
    sine *= angle
    switch Int(quarter) % 4 {
    case 0: return (cosine, sine)
    case 1: return (-sine, cosine)
    case 2: return (-cosine, -sine)
    default: return (sine, -cosine)
    }
  }

  /// 1/k! for k from 0 to 18.
  private static let reciprocalFactorials: [Double] = {
    var factorials = [1.0]
    // Up to 18! the factorials are exact.
    for k in 1...18 { factorials.append(factorials[k - 1] * Double(k)) }
    return factorials.map { 1 / $0 }
  }()

  /// Returns 2ⁿ for a normal number.
  private static func power2(_ n: Int) -> Double { Double(bitPattern: UInt64(n + 1023) << 52) }
}
