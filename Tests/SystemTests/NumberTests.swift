import System
import Testing

@Test func quotientsAreRoundedUp() {
  for dividend in 0...50 {
    for divisor in 1...12 {
      let parts = dividend.dividedUp(by: divisor)
      #expect(parts * divisor >= dividend && (parts - 1) * divisor < dividend, "\(dividend) by \(divisor)")
    }
  }
}

@Test func theMedianIsTheMiddleOne() {
  #expect([3.0].median() == 3 && [9, 1, 5].median() == 5)
  #expect([4, 1, 3, 2].median() == 3)
  #expect([7, 9, 1, 5].dropFirst().median() == 5)
}
