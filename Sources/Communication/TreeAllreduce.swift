import CMPI

extension World {
  /// Whether `allreduceTree` adds in the tree's order with this many ranks: a power of two.
  public static func addsInTreeOrder(size: Int) -> Bool {
    size > 0 && size & (size - 1) == 0
  }

  /// The length of the scratch that `allreduceTree` needs for `count` values.
  public func allreduceScratchCount(_ count: Int) -> Int {
    guard size > 1, World.addsInTreeOrder(size: size) else { return 0 }
    return count <= Self.wholeCount ? count : (count + 1) / 2
  }

  /// Replaces each value by its sum over the ranks, added in a fixed binary tree, ((0+1)+(2+3))+((4+5)+(6+7)) for eight
  /// ranks: every rank gets the same bits, and they do not depend on the length or on which rank adds which part. If
  /// the number of ranks is not a power of two, MPI's own sum is taken, which agrees with the tree's to rounding.
  ///
  /// All ranks pass equally many values. `scratch` has at least `allreduceScratchCount` elements, whose values
  /// afterwards have no meaning. A rank with nothing to add passes -0.0, which unlike 0.0 leaves the bits of every
  /// other value unchanged.
  public func allreduceTree(
    _ values: UnsafeMutableBufferPointer<Float>, scratch: UnsafeMutableBufferPointer<Float>
  ) throws(MPIError) {
    _ = try reduceScatterTree(values, scratch: scratch)
    try allgatherTree(values)
  }

  /// Performs the first half of `allreduceTree` and returns the part of `values` that then holds sums: 1/`size` of
  /// them, a different part on each rank, or all of them where the vector is short or the number of ranks is not a
  /// power of two.
  public func reduceScatterTree(
    _ values: UnsafeMutableBufferPointer<Float>, scratch: UnsafeMutableBufferPointer<Float>
  ) throws(MPIError) -> Range<Int> {
    let needed = allreduceScratchCount(values.count)
    precondition(scratch.count >= needed, "scratch of \(scratch.count) elements, \(needed) needed")
    guard size > 1, !values.isEmpty else { return 0..<values.count }
    if !World.addsInTreeOrder(size: size) {
      try allreduceByMPI(values)
      return 0..<values.count
    }
    guard isHalved(values.count) else {
      try allreduceWhole(values, scratch)
      return 0..<values.count
    }
    var own = 0..<values.count
    for halving in halvings(values.count) {
      let received = UnsafeMutableBufferPointer(rebasing: scratch[..<halving.kept.count])
      try exchange(
        sending: UnsafeMutableBufferPointer(rebasing: values[halving.given]), receiving: received,
        with: halving.partner)
      add(received, to: UnsafeMutableBufferPointer(rebasing: values[halving.kept]))
      own = halving.kept
    }
    return own
  }

  /// Performs the second half: gives every rank the parts that the others hold after `reduceScatterTree` of equally
  /// many values, or what they have computed from those parts in vectors of the same length.
  public func allgatherTree(_ values: UnsafeMutableBufferPointer<Float>) throws(MPIError) {
    guard isHalved(values.count) else { return }
    for halving in halvings(values.count).reversed() {
      try exchange(
        sending: UnsafeMutableBufferPointer(rebasing: values[halving.kept]),
        receiving: UnsafeMutableBufferPointer(rebasing: values[halving.given]), with: halving.partner)
    }
  }

  /// The length up to which the number of messages costs more than their length, so that whole vectors are exchanged.
  private static let wholeCount = 4096

  /// Whether a vector of `count` values is added by halves.
  private func isHalved(_ count: Int) -> Bool {
    size > 1 && World.addsInTreeOrder(size: size) && count > Self.wholeCount
  }

  /// Adds by recursive doubling: at distance 1, 2, 4, … both partners get the sum of their whole vectors. This takes
  /// half as many messages as adding by halves does, each of the full length.
  private func allreduceWhole(
    _ values: UnsafeMutableBufferPointer<Float>, _ scratch: UnsafeMutableBufferPointer<Float>
  ) throws(MPIError) {
    let received = UnsafeMutableBufferPointer(rebasing: scratch[..<values.count])
    var distance = 1
    while distance < size {
      try exchange(sending: values, receiving: received, with: rank ^ distance)
      add(received, to: values)
      distance *= 2
    }
  }

  /// Returns the exchanges of vector halving with distance doubling (siblings of the tree first), which are then
  /// repeated in reverse. Each rank sends and receives 2(1 - 1/p) times the vector, which is the least possible.
  private func halvings(_ count: Int) -> [(partner: Int, kept: Range<Int>, given: Range<Int>)] {
    // Partners hold the same range: they differ in one bit of the rank, and the lower bits chose the range.
    var range = 0..<count
    var halvings: [(partner: Int, kept: Range<Int>, given: Range<Int>)] = []
    var distance = 1
    while distance < size {
      let middle = range.lowerBound + range.count / 2
      let (lower, upper) = (range.lowerBound..<middle, middle..<range.upperBound)
      let (kept, given) = rank & distance == 0 ? (lower, upper) : (upper, lower)
      halvings.append((rank ^ distance, kept, given))
      range = kept
      distance *= 2
    }
    return halvings
  }

  private func allreduceByMPI(_ values: UnsafeMutableBufferPointer<Float>) throws(MPIError) {
    for chunk in chunks(values.count) {
      let part = values.baseAddress.map { $0 + chunk.lowerBound }
      try collective("MPI_Iallreduce") {
        mpi_iallreduce_in_place(part, Int32(chunk.count), mpi_float(), mpi_sum(), communicator, $0)
      }
    }
  }

  private func exchange(
    sending: UnsafeMutableBufferPointer<Float>, receiving: UnsafeMutableBufferPointer<Float>, with partner: Int
  ) throws(MPIError) {
    try wait(
      [
        receive(UnsafeMutableRawBufferPointer(receiving), from: partner, tag: 0, on: treeCommunicator),
        send(UnsafeRawBufferPointer(sending), to: partner, tag: 0, on: treeCommunicator),
      ])
  }
}

/// Adds `values[i]` to `sum[i]`. Either operand may come first: the sum of two floats has the same bits.
private func add(_ values: UnsafeMutableBufferPointer<Float>, to sum: UnsafeMutableBufferPointer<Float>) {
  guard let value = values.baseAddress, let total = sum.baseAddress else { return }
  let count = values.count
  var i = 0
  while i < count {
    total[i] += value[i]
    i &+= 1
  }
}
