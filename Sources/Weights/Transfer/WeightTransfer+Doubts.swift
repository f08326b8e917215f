import Configuration
import Foundation

/// The doubts about what the weights become, above all about a network's inputs, which no file of weights describes in
/// full.
extension WeightTransfer {
  /// The mean difference of two mean images, and of two means of a channel, from which they are another network's
  /// inputs, in levels of 255. The mean images of some hundred pictures of one kind differ by less.
  private static let (imageTolerance, channelTolerance) = (10.0, 5.0)

  /// Returns the doubts whether the network and its inputs are those of the weights' training, a sentence each.
  ///
  /// - Parameter mean: the mean that is subtracted from the inputs, (channels, height, width).
  public func doubts(mean: [Float]) -> [String] {
    precondition(mean.count == network.input.count, "a mean of \(mean.count) values for \(network.input)")
    return doubtsOfInputs(mean) + doubtsOfLayers
  }

  private func doubtsOfInputs(_ mean: [Float]) -> [String] {
    // A first layer that begins anew learns its inputs.
    guard rows.first?.fate == .taken else { return [] }
    let known = [source.mean.flatMap { doubt(of: mean, beside: $0) }, doubtOfScale, doubtOfOrder].compactMap(\.self)
    return known + (channelMeans.isEmpty ? doubtsOfMeanImage : [])
  }

  /// The doubts about a mean image, which hardly any other program subtracts.
  private var doubtsOfMeanImage: [String] {
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

  /// The doubt about a deviation beside what the source says itself.
  private var doubtOfScale: String? {
    guard let scale = source.scale, settings.deviation.contains(where: { abs($0 * scale - 1) > 1e-3 }) else {
      return nil
    }
    let found = settings.deviation.map { String(format: "%.6g", $0) }.joined(separator: ", ")
    return "weights.deviation: expected \(String(format: "%.6g", 1 / scale)), by which \(source.path) says that its "
      + "inputs were divided, found \(found): the first layer is another function then. Leave weights.deviation out"
  }

  /// The doubt about another order of channels than this program's networks have.
  private var doubtOfOrder: String? {
    guard source.mean != nil, settings.channels == .bgr, network.input.channels == 3 else { return nil }
    return "weights.channels: expected rgb, as \(source.path) was trained with, found bgr: the first layer is another "
      + "function then. Leave weights.channels out"
  }

  /// Compares the mean of the inputs with the source's own: pixel by pixel, or by channels where the extents differ.
  private func doubt(of mean: [Float], beside theirs: WeightSource.InputMean) -> String? {
    let input = network.input
    let isFlat = Self.isConstant(theirs)
    let (here, there) = (
      means(mean, input.channels, beside: theirs.shape[0]),
      means(theirs.values, theirs.shape[0], beside: input.channels)
    )
    guard here.count == there.count else { return nil }
    let areImages =
      theirs.shape == [input.channels, input.height, input.width] && !(isFlat && !channelMeans.isEmpty)
    let (difference, tolerance) =
      areImages
      ? (Self.difference(mean, theirs.values), Self.imageTolerance)
      : (zip(here, there).map { abs($0 - $1) }.max() ?? 0, Self.channelTolerance)
    guard difference > tolerance else { return nil }
    func list(_ values: [Double]) -> String { values.map { String(format: "%.1f", $0) }.joined(separator: ", ") }
    // A constant is as far from an image as any other mean.
    let known = there.count == input.channels ? there : [Double](repeating: there[0], count: input.channels)
    let advice =
      isFlat ? "Set data.mean to [\(list(known))], as it was there, or let" : "Let"
    return
      "\(source.path): expected inputs less the mean that the weights were trained with, \(list(there)) in pixels of 0 "
      + "to 255\(isFlat ? "" : " on average"), found one here of \(list(here)), which differs by \(list([difference]))"
      + (areImages ? " a pixel" : "")
      + ": the first layer is another function at first. \(advice) the training adapt the network"
  }

  /// Returns the mean of each channel. Beside a network of one channel three become one: gray, as the filters make it
  /// that were trained on gray pictures, or the plain mean of what gray pictures would have in each.
  private func means(_ mean: [Float], _ count: Int, beside others: Int) -> [Double] {
    let plane = mean.count / count
    let means = (0..<count).map { channel in
      mean[channel * plane..<(channel + 1) * plane].reduce(0) { $0 + Double($1) } / Double(plane)
    }
    guard others == 1, count == 3 else { return means }
    return network.input.channels == 3
      ? [zip(means, InputFold.gray).reduce(0) { $0 + $1.0 * $1.1 }] : [means.reduce(0, +) / 3]
  }

  private static func difference(_ one: [Float], _ other: [Float]) -> Double {
    zip(one, other).reduce(0) { $0 + Double(abs($1.0 - $1.1)) } / Double(one.count)
  }

  private static func isConstant(_ mean: WeightSource.InputMean) -> Bool {
    let plane = mean.shape[1] * mean.shape[2]
    return mean.values.indices.allSatisfy { mean.values[$0] == mean.values[$0 / plane * plane] }
  }
}
