import Evaluation

/// The errors on the validation images after an epoch.
struct EpochCounts {
  /// The errors of the network as it is trained.
  let plain: ErrorCounts
  /// The errors of the moving average of its parameters; nil where none is kept.
  let averaged: ErrorCounts?

  /// The errors of the network that the run is to give, which steer the schedule and choose the best checkpoint.
  var ofResult: ErrorCounts { averaged ?? plain }
}
