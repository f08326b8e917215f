import Evaluation
import Foundation

extension ErrorCounts {
  /// Whether the top-5 error tells anything: among five classes or fewer the true one is always one of the first five.
  func topFiveTells(classes: Int) -> Bool { classes > 5 }

  /// Returns the errors in percent as a person reads them: "7.92 / 0.31 % (top-1/top-5)", or "7.92 %" where there are
  /// too few classes for a top-5 error.
  func text(classes: Int) -> String {
    topFiveTells(classes: classes)
      ? String(format: "%.2f / %.2f %% (top-1/top-5)", top1Error, top5Error) : String(format: "%.2f %%", top1Error)
  }
}
