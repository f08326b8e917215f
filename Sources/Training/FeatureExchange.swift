import Communication
import Kernels
import Network
import System

/// What goes with the features to rank 0, and with their gradients back.
struct StepControl: BitwiseCopyable {
  var lossSum = 0.0
  var errors = 0
  var stop = false
  var save = false
}

/// The messages between the towers of all ranks and the head on rank 0: each leaf's features there as soon as they are
/// computed, and the gradients of each leaf's features back.
///
/// In a step every rank calls `begin`, `complete` for each of its leaves, then rank 0 `awaitFeatures` and `answer` and
/// the others `awaitAnswer`, then every rank `awaitGradient` for each of its leaves.
final class FeatureExchange {
  /// Of the whole mini-batch, [slot][feature], on rank 0: the features, and their gradients, which the caller writes
  /// before it answers.
  let features: FloatBuffer
  let dFeatures: FloatBuffer

  private let world: World
  private let featureCount: Int
  private var shares: Shares
  /// One for each rank on rank 0, one elsewhere.
  private let questions: UnsafeMutableBufferPointer<StepControl>
  private let reply: UnsafeMutablePointer<StepControl>

  private var awaited: [Request] = []
  /// By leaf of this rank; empty on rank 0.
  private var gradients: [Request] = []
  /// What this rank has sent in this step.
  private(set) var sent: [Request] = []

  private static let controlTag = 1
  private static let firstLeafTag = 2

  init(world: World, shares: Shares, featureCount: Int) {
    self.world = world
    self.shares = shares
    self.featureCount = featureCount
    let count = world.rank == 0 ? shares.batch * featureCount : 0
    features = FloatBuffer(count)
    dFeatures = FloatBuffer(count)
    questions = .allocate(capacity: world.rank == 0 ? world.size : 1)
    questions.initialize(repeating: StepControl())
    reply = .allocate(capacity: 1)
    reply.initialize(to: StepControl())
  }

  deinit {
    questions.deallocate()
    reply.deallocate()
  }

  /// Between two steps.
  func adopt(_ shares: Shares) { self.shares = shares }

  /// Makes ready for what is to come, before the tower's forward pass.
  ///
  /// - Parameters:
  ///   - stop: whether this rank wants to stop after the step.
  ///   - leafMemory: of this rank's leaves; their gradients arrive there from now on.
  func begin(stop: Bool, _ leafMemory: [LeafMemory]) throws {
    (awaited, gradients, sent) = ([], [], [])
    guard world.rank == 0 else {
      awaited.append(
        try world.receive(
          UnsafeMutableRawBufferPointer(start: reply, count: Self.controlBytes), from: 0, tag: Self.controlTag))
      for (memory, leaf) in zip(leafMemory, shares.leaves(ofRank: world.rank)) {
        gradients.append(try world.receive(bytes(memory.dFeatures, leaf), from: 0, tag: Self.firstLeafTag + leaf))
      }
      questions[0] = StepControl(stop: stop)
      sent.append(try world.send(UnsafeRawBufferPointer(questions), to: 0, tag: Self.controlTag))
      return
    }
    questions[0] = StepControl(stop: stop)
    for rank in 1..<max(world.size, 1) {
      let question = UnsafeMutableRawBufferPointer(start: questions.baseAddress! + rank, count: Self.controlBytes)
      awaited.append(try world.receive(question, from: rank, tag: Self.controlTag))
      for leaf in shares.leaves(ofRank: rank) {
        awaited.append(try world.receive(bytes(rows(features, leaf), leaf), from: rank, tag: Self.firstLeafTag + leaf))
      }
    }
  }

  /// Takes the features of a leaf that this rank's tower has computed.
  func complete(leaf: Int, _ memory: LeafMemory) throws {
    guard world.rank == 0 else {
      sent.append(
        try world.send(UnsafeRawBufferPointer(bytes(memory.features, leaf)), to: 0, tag: Self.firstLeafTag + leaf))
      return
    }
    bytes(rows(features, leaf), leaf).copyMemory(from: UnsafeRawBufferPointer(bytes(memory.features, leaf)))
    // The others' features move only while somebody looks.
    try world.look(at: awaited)
  }

  /// Rank 0: returns when `features` is complete, with whether any rank wants to stop.
  func awaitFeatures() throws -> Bool {
    try world.wait(awaited)
    return questions.contains(where: \.stop)
  }

  /// Rank 0: starts to send `ranks` what follows from the loss, and the gradients of their features. All ranks of a step
  /// get the same answer.
  func answer(_ answer: StepControl, to ranks: [Int]) throws {
    // What is under way must not be written again.
    if sent.isEmpty { reply.pointee = answer }
    for rank in ranks {
      sent.append(
        try world.send(UnsafeRawBufferPointer(start: reply, count: Self.controlBytes), to: rank, tag: Self.controlTag))
      for leaf in shares.leaves(ofRank: rank) {
        let source = UnsafeRawBufferPointer(bytes(rows(dFeatures, leaf), leaf))
        sent.append(try world.send(source, to: rank, tag: Self.firstLeafTag + leaf))
      }
    }
  }

  /// Ranks other than 0: returns when rank 0 has answered.
  func awaitAnswer() throws -> StepControl {
    // Rank 0 takes the features when it begins with the head, and that takes about as long as last time.
    try world.wait(sent)
    let start = monotonicSeconds()
    try world.wait(awaited, quiet: Self.quietPart * headSeconds.min()!)
    headSeconds = [headSeconds[1], min(monotonicSeconds() - start, Self.longestQuiet)]
    return reply.pointee
  }

  /// How long rank 0 took for the head in the last two steps: the shorter one counts, because a step may be held up.
  private var headSeconds = [0.0, 0.0]
  private static let quietPart = 0.9
  private static let longestQuiet = 10.0

  /// Returns when the gradient of the features of this rank's leaf number `index` is in its memory.
  func awaitGradient(ofLeaf index: Int, _ memory: LeafMemory) throws {
    guard world.rank == 0 else { return try world.wait([gradients[index]]) }
    let leaf = shares.leaves(ofRank: 0).lowerBound + index
    bytes(memory.dFeatures, leaf).copyMemory(from: UnsafeRawBufferPointer(bytes(rows(dFeatures, leaf), leaf)))
  }

  /// Returns when nothing of the step is under way any more: where it ends without a backward pass.
  func finish() throws {
    try world.wait(gradients)
    try world.wait(sent)
  }

  private static let controlBytes = MemoryLayout<StepControl>.stride

  private func bytes(_ values: UnsafeMutablePointer<Float>, _ leaf: Int) -> UnsafeMutableRawBufferPointer {
    let count = shares.slots(ofLeaf: leaf).count * featureCount
    return UnsafeMutableRawBufferPointer(start: values, count: count * MemoryLayout<Float>.stride)
  }

  /// Where a leaf's rows lie in a matrix of the whole mini-batch.
  private func rows(_ matrix: FloatBuffer, _ leaf: Int) -> UnsafeMutablePointer<Float> {
    matrix.base + shares.slots(ofLeaf: leaf).lowerBound * featureCount
  }
}
