/// The change of the first convolution by which a network made for other inputs computes the same function of this
/// network's inputs.
///
/// This network's input is x = (p − m)·s of a pixel p of 0 to 255, the source's (p − m)/d, perhaps with its channels in
/// another order. With the same mean m for each channel the weights w/(d·s) give the same responses, also at the
/// borders, where both add zeros.
package struct InputFold: Equatable {
  /// The source's channel that each channel of this network goes to, with the factor of its weights. A channel of one
  /// network may go to several of the other.
  package struct Term: Equatable {
    let own: Int
    let theirs: Int
    let factor: Float
  }

  let terms: [Term]
  let theirChannels: Int

  /// The shares of red, green and blue in the gray that pictures are decoded to (ITU-R BT.601).
  static let gray: [Double] = [0.299, 0.587, 0.114]

  /// - Parameters:
  ///   - deviation: the numbers that the source's inputs were divided by, for red, green, blue; empty if its inputs
  ///     have this network's scale.
  ///   - isReversed: whether the source's channels are blue, green, red.
  ///   - scale: the factor of this network's inputs.
  package init?(own: Int, theirs: Int, deviation: [Double], isReversed: Bool, scale: Double) {
    theirChannels = theirs
    func factor(_ color: Int) -> Double {
      deviation.isEmpty ? 1 : 1 / (deviation[deviation.count == 1 ? 0 : color] * scale)
    }
    func place(_ color: Int) -> Int { isReversed && theirs == 3 ? theirs - 1 - color : color }
    switch (own, theirs) {
    case _ where own == theirs && (own == 1 || own == 3 || deviation.count < 2 && !isReversed):
      terms = (0..<own).map { Term(own: $0, theirs: place($0), factor: Float(factor(min($0, 2)))) }
    case (1, 3):  // A gray picture has three equal channels there.
      terms = (0..<3).map { Term(own: 0, theirs: place($0), factor: Float(factor($0))) }
    case (3, 1):  // A colored picture is made gray there.
      terms = (0..<3).map { Term(own: $0, theirs: 0, factor: Float(Self.gray[$0] * factor(0))) }
    default: return nil
    }
  }

  /// Whether weights stay as they are, to the bit.
  package var isIdentity: Bool {
    terms.allSatisfy { $0.own == $0.theirs && $0.factor == 1 } && terms.count == theirChannels
  }

  /// Writes the weights (filters, own channels, kernel, kernel) of those of the source (filters, their channels, …).
  package func apply(
    _ source: UnsafeBufferPointer<Float>, filters: Int, kernel: Int, into target: UnsafeMutableBufferPointer<Float>
  ) {
    let plane = kernel * kernel
    let ownChannels = target.count / (filters * plane)
    precondition(source.count == filters * theirChannels * plane, "\(source.count) weights of \(filters) filters")
    target.update(repeating: 0)
    for filter in 0..<filters {
      for term in terms {
        let from = (filter * theirChannels + term.theirs) * plane
        let to = (filter * ownChannels + term.own) * plane
        for index in 0..<plane { target[to + index] += source[from + index] * term.factor }
      }
    }
  }
}
