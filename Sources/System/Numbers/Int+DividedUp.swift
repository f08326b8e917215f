extension Int {
  /// The quotient, rounded up: the number of parts of at most `divisor` things. The dividend must not be negative.
  @inlinable
  package func dividedUp(by divisor: Int) -> Int {
    (self + divisor - 1) / divisor
  }
}
