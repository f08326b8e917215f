import Configuration
import System

/// The formulas of learning rates that change with every step. Time is counted in epochs, of which a step is a part.
package enum RateCurve {
  /// Returns the factor of the rate in a linear warm-up: s + (1 − s)·x/w at time x of a warm-up of w epochs that begins
  /// with the share s, and 1 after it (PyTorch's `LinearLR`).
  package static func warmUp(_ warmUp: Configuration.WarmUp, at x: Double) -> Double {
    guard x < warmUp.epochs else { return 1 }
    return warmUp.start + (1 - warmUp.start) * x / warmUp.epochs
  }

  /// Returns the rate on half a cosine, end + ½(base − end)(1 + cos πp), where the part p of the way is done
  /// (Loshchilov and Hutter 2017, Eqn 5; PyTorch's `CosineAnnealingLR`).
  package static func cosine(from base: Double, to end: Double, done p: Double) -> Double {
    end + 0.5 * (base - end) * (1 + ElementaryFunctions.cosineAndSine(ofTurn: p / 2).cosine)
  }

  /// Returns the rate end + (base − end)(1 − p)^power, where the part p of the way is done (timm's `PolyLRScheduler`;
  /// for an end of 0 PyTorch's `PolynomialLR`).
  package static func polynomial(from base: Double, to end: Double, power: Double, done p: Double) -> Double {
    p < 1 ? end + (base - end) * ElementaryFunctions.power(1 - p, power) : end
  }
}
