extension MetricsRow {
  /// The row's figures with the names by which TensorBoard groups them. Figures that were not measured are left out.
  public var scalars: [(tag: String, value: Double)] {
    var scalars: [(tag: String, value: Double)] = [
      ("epoch", Double(epoch)), ("learning_rate", learningRate), ("loss/train", trainLoss),
      ("top1_error/train", trainTop1Error),
    ]
    if let validationTop1Error { scalars.append(("top1_error/validation", validationTop1Error)) }
    if let validationTop5Error { scalars.append(("top5_error/validation", validationTop5Error)) }
    return scalars + [
      ("images_per_second", imagesPerSecond), ("seconds", seconds), ("data_wait_seconds", dataWaitSeconds),
    ]
  }
}
