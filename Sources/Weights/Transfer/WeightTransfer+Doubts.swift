/// The doubts about a network's inputs, which no file of weights describes in full.
extension WeightTransfer {
  /// Returns the doubts whether the network's inputs are those that the weights were trained for, a sentence each.
  ///
  /// - Parameter hasMeanImage: whether a mean image is subtracted from the inputs, not a mean of each channel.
  public func doubts(hasMeanImage: Bool) -> [String] {
    // A first layer that begins anew learns its inputs.
    guard hasMeanImage, rows.first?.fate == .taken else { return [] }
    let described = [
      settings.deviation.isEmpty ? nil : "weights.deviation",
      settings.channels == .bgr && network.input.channels == 3 ? "weights.channels" : nil,
    ].compactMap(\.self)
    if !described.isEmpty {
      return [
        "\(described.joined(separator: " and ")): expected a mean of each channel beside it, as the source's inputs "
          + "have, found the data's mean image: the first layer is another function then. Set data.mean, as "
          + "--weights-input does, unless the source subtracted this image, too"
      ]
    }
    // A plain nn.Sequential is anybody's.
    guard source.scale == nil, published.values.contains(where: { Int($0) == nil }) else { return [] }
    return [
      "\(source.path): expected --weights-input torchvision or caffe with layers that are called as in these networks, "
        + "found neither: the first layer is another function then. Give one of them, unless the source was trained "
        + "with this network's inputs"
    ]
  }
}
