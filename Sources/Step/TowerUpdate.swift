import Communication
import Kernels
import Network
import System

/// Adds the tower's gradient over the ranks and updates the tower with the sums, behind the backward pass.
///
/// The parameters are cut into parts, from the top layer down. A part whose gradient is complete is reduced while the
/// layers below still compute: each of p ranks gets the sums of a p-th of the part and updates that, and the ranks
/// exchange the new parameters. These are the same bits as if each rank had all sums, for a p-th of the work.
final class TowerUpdate {
  /// The least number of floats that are worth a sum over the ranks of their own: below it, a sum's latency counts for
  /// more than its length.
  static let leastPart = 1 << 18

  /// The state of one step's update.
  ///
  /// The communication thread writes what changes between `complete` and `finish`; nobody else touches it meanwhile.
  final class Pass {
    /// The order, whose rule gets the scale of the gradient when the norm is known.
    fileprivate(set) var order: StepOrder
    /// Whether the update waits until the norm of the whole gradient is known.
    let waitsForNorm: Bool
    fileprivate var next = 0
    fileprivate var diverged: Int?
    /// The range of each reduced part of which this rank holds the sums, where the update waits.
    fileprivate var own: [Range<Int>] = []
    /// The sum of the squares of those sums of which this rank is the one that counts.
    fileprivate var squares = SquareSum()

    init(_ order: StepOrder, waitsForNorm: Bool) {
      self.order = order
      self.waitsForNorm = waitsForNorm
    }

    /// Whether every rank is to have the whole gradient and momentum afterwards.
    fileprivate var gathersAll: Bool { order.notesStatistics }
  }

  private let network: Network
  private let world: World
  private let momentum: FloatBuffer
  private let gradient: FloatBuffer
  private let average: MovingAverage?
  private let communication: CommunicationThread
  private let descriptions: [ParameterDescription]
  /// The ranges of the network's vector that are reduced one after the other.
  private let parts: [Range<Int>]
  /// The name of each part's reduction in a trace.
  private let labels: [TraceLabel]
  private let scratch: FloatBuffer

  init(_ vectors: StepVectors, world: World, on communication: CommunicationThread) {
    network = vectors.network
    self.world = world
    momentum = vectors.momentum
    gradient = vectors.gradient
    average = vectors.average
    self.communication = communication
    descriptions = network.architecture.parameters.filter { $0.part == .tower && $0.rate > 0 }
    parts = Self.parts(of: network.tower)
    let tower = vectors.network.tower
    labels = parts.map { Self.label(of: $0, tower) }
    scratch = FloatBuffer(parts.map { world.allreduceScratchCount($0.count) }.max() ?? 0)
  }

  /// Returns the parts of the layers that are trained; a frozen layer between two of them keeps them apart.
  private static func parts(of tower: Tower) -> [Range<Int>] {
    var parts: [Range<Int>] = []
    var followsOn = false
    for (layer, isTrained) in zip(tower.layers, tower.isTrained).reversed() where !layer.parameterRange.isEmpty {
      let range = layer.parameterRange
      if isTrained, followsOn, let last = parts.last, last.count < leastPart {
        parts[parts.count - 1] = range.lowerBound..<last.upperBound
      } else if isTrained {
        parts.append(range)
      }
      followsOn = isTrained
    }
    return parts
  }

  /// Returns the name of a part's reduction, such as "reduction of conv8 … conv5": the top layer comes first.
  private static func label(of part: Range<Int>, _ tower: Tower) -> TraceLabel {
    let names = tower.layers.filter { !$0.parameterRange.isEmpty && part.overlaps($0.parameterRange) }.map(\.name)
    let (first, last) = (names.last ?? "", names.first ?? "")
    return TraceLabel(keeping: "reduction of \(first)" + (names.count > 1 ? " … \(last)" : ""))
  }

  /// Notes that the gradient of a layer's parameters is complete on this rank, and starts to reduce the part whose last
  /// layer this was. All ranks call it for the same layers in the same order.
  func complete(_ layer: Range<Int>, _ pass: Pass) {
    guard world.size > 1, pass.next < parts.count, !layer.isEmpty, layer.lowerBound == parts[pass.next].lowerBound
    else { return }
    reduce(parts[pass.next], labels[pass.next], pass)
    pass.next += 1
  }

  private func reduce(_ part: Range<Int>, _ label: TraceLabel, _ pass: Pass) {
    communication.start { [self] () throws(MPIError) in
      try Trace.span(label, .communication) { () throws(MPIError) in try reduce(part, pass) }
    }
  }

  private func reduce(_ part: Range<Int>, _ pass: Pass) throws(MPIError) {
    let sums = try Trace.span("sums of the gradients", .communication) { () throws(MPIError) in
      try world.reduceScatterTree(values(gradient, part), scratch: scratch.values)
    }
    let own = part.lowerBound + sums.lowerBound..<part.lowerBound + sums.upperBound
    guard pass.waitsForNorm else {
      update(own, pass)
      return try exchange(part, pass)
    }
    pass.own.append(own)
    // Where every rank holds all sums, the first one counts.
    guard own != part || world.rank == 0 else { return }
    GradientNorm.add(own, of: descriptions, gradient, limit: pass.order.sgd.clipping.limit, to: &pass.squares)
  }

  /// Updates the parameters of which this rank holds the sums.
  private func update(_ own: Range<Int>, _ pass: Pass) {
    let updated = Trace.span("update", .update) { pass.order.sgd.update(own, of: descriptions, state) }
    if let updated { pass.diverged = max(pass.diverged ?? 0, updated) }
    average?.move(own, toward: network.parameters, iteration: pass.order.iteration)
  }

  /// Gives every rank what the others have updated.
  private func exchange(_ part: Range<Int>, _ pass: Pass) throws(MPIError) {
    try Trace.span("exchange of the parameters", .communication) { () throws(MPIError) in
      try world.allgatherTree(values(network.parameters, part))
      guard pass.gathersAll else { return }
      try world.allgatherTree(values(gradient, part))
      try world.allgatherTree(values(momentum, part))
    }
  }

  /// Returns when the whole tower is updated.
  ///
  /// - Returns: the index of the layer at which this rank's update met a value that is not finite; nil where it met
  ///   none.
  func finish(_ pass: Pass, on pool: ThreadPool, _ time: inout StepTime) throws -> Int? {
    try time.measure(.reduction) {
      try communication.finish()
      for (part, own) in zip(parts, pass.own) {
        update(own, pass)
        try exchange(part, pass)
      }
    }
    guard world.size == 1 else { return pass.diverged }
    return time.measure(.update) {
      defer {
        average?.move(
          network.architecture.towerRange, toward: network.parameters, iteration: pass.order.iteration, on: pool)
      }
      return pass.order.sgd.update(descriptions, state, on: pool)
    }
  }

  /// Returns the order with the scale that brings the gradient's norm to its limit, after the backward pass. All ranks
  /// call it, and get the same scale.
  ///
  /// - Parameters:
  ///   - limit: the largest norm.
  ///   - head: the sum of the squares of the head's gradient, on rank 0; nil elsewhere.
  func scale(_ pass: Pass, limit: Double, head: SquareSum?, on pool: ThreadPool) throws -> StepOrder {
    try communication.finish()
    var squares = pass.squares
    if let head { squares += head }
    if world.size == 1 {
      squares += GradientNorm.squares(of: gradient, descriptions, limit: pass.order.sgd.clipping.limit, on: pool)
    } else {
      var limbs = squares.limbs
      try world.allreduceSum(&limbs)
      squares = SquareSum(limbs: limbs)
    }
    pass.order.sgd.clipping.scale = GradientClipping.scale(norm: squares.value.squareRoot(), limit: limit)
    return pass.order
  }

  private var state: SolverState {
    SolverState(parameters: network.parameters, momentum: momentum, gradient: gradient)
  }

  /// Gives every rank the whole tower's momentum. All ranks call it.
  func gatherMomentum() throws {
    for part in parts { try world.allgatherTree(values(momentum, part)) }
  }

  /// Gives every rank the whole tower's moving average. All ranks call it.
  func gatherAverage() throws {
    guard let average else { return }
    for part in parts { try world.allgatherTree(values(average.values, part)) }
  }

  private func values(_ buffer: FloatBuffer, _ part: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(rebasing: buffer.values[part])
  }
}
