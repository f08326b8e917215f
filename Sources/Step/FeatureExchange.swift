import Communication
import Kernels
import Network
import System

/// The outcome of a step that rank 0 sends to all ranks, with the gradients of the features.
struct StepAnswer: BitwiseCopyable {
  var lossSum = 0.0
  var errors = 0
  /// The union of the flags of all ranks.
  var flags: UInt32 = 0
}

/// The messages between the towers of all ranks and the head on rank 0: each leaf's features there as soon as they are
/// computed, and the gradients of each leaf's features back.
///
/// A step is this sequence: every rank calls `begin`, and `complete` for each of its leaves; then rank 0 calls
/// `awaitFeatures` and `answer`, and the others `awaitAnswer`; then every rank calls `awaitGradient` for each of its
/// leaves. Where the tower is frozen, the last call is left out.
final class FeatureExchange {
  /// The features of the whole mini-batch, (slots, features), on rank 0; empty elsewhere.
  let features: FloatBuffer
  /// The gradients of the features, laid out like them; the caller writes them before it answers.
  let dFeatures: FloatBuffer

  private let world: World
  private let featureCount: Int
  /// Whether the gradients of the features go back: no rank waits for them where the tower is frozen.
  private let returnsGradients: Bool
  private var shares: Shares
  /// The flags of each rank on rank 0, this rank's own elsewhere.
  private let flags: UnsafeMutableBufferPointer<UInt32>
  private let answer: UnsafeMutablePointer<StepAnswer>

  /// The messages that rank 0's head waits for, or elsewhere the answer.
  private var awaited: [Request] = []
  /// The arriving gradients of each leaf of this rank; empty on rank 0.
  private var gradients: [Request] = []
  /// The messages that this rank has sent in this step.
  private(set) var sent: [Request] = []

  private static let flagsTag = 0
  private static let answerTag = 1
  private static let firstLeafTag = 2

  init(world: World, shares: Shares, featureCount: Int, returnsGradients: Bool) {
    self.world = world
    self.returnsGradients = returnsGradients
    self.shares = shares
    self.featureCount = featureCount
    let count = world.rank == 0 ? shares.batch * featureCount : 0
    features = FloatBuffer(count)
    dFeatures = FloatBuffer(returnsGradients ? count : 0)
    flags = .allocate(capacity: world.rank == 0 ? world.size : 1)
    flags.initialize(repeating: 0)
    answer = .allocate(capacity: 1)
    answer.initialize(to: StepAnswer())
  }

  deinit {
    flags.deallocate()
    answer.deallocate()
  }

  /// Goes on with other shares; called between two steps.
  func adopt(_ shares: Shares) { self.shares = shares }

  /// Starts to receive the messages that this step will bring, before the tower's forward pass.
  ///
  /// - Parameters:
  ///   - own: this rank's flags.
  ///   - leafMemory: the memory of this rank's leaves; their gradients arrive there from now on.
  func begin(flags own: UInt32, _ leafMemory: [LeafMemory]) throws {
    (awaited, gradients, sent) = ([], [], [])
    flags[0] = own
    guard world.rank == 0 else {
      awaited.append(try world.receive(bytes(of: answer), from: 0, tag: Self.answerTag))
      for (memory, leaf) in zip(leafMemory, shares.leaves(ofRank: world.rank)) where returnsGradients {
        gradients.append(try world.receive(bytes(memory.dFeatures, leaf), from: 0, tag: Self.firstLeafTag + leaf))
      }
      sent.append(try world.send(UnsafeRawBufferPointer(flags), to: 0, tag: Self.flagsTag))
      return
    }
    for rank in 1..<max(world.size, 1) {
      awaited.append(try world.receive(bytes(of: flags.baseAddress! + rank), from: rank, tag: Self.flagsTag))
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

  /// Returns on rank 0 when `features` is complete, with the union of all ranks' flags.
  func awaitFeatures() throws -> UInt32 {
    try world.wait(awaited)
    return flags.reduce(0, |)
  }

  /// Starts to send the answer to `ranks`, from rank 0, with the gradients of their features. All ranks of a step get
  /// the same answer.
  func answer(_ value: StepAnswer, to ranks: [Int]) throws {
    // A message that is under way must not be written again.
    if sent.isEmpty { answer.pointee = value }
    for rank in ranks {
      sent.append(try world.send(UnsafeRawBufferPointer(bytes(of: answer)), to: rank, tag: Self.answerTag))
      for leaf in shares.leaves(ofRank: rank) where returnsGradients {
        let source = UnsafeRawBufferPointer(bytes(rows(dFeatures, leaf), leaf))
        sent.append(try world.send(source, to: rank, tag: Self.firstLeafTag + leaf))
      }
    }
  }

  /// Returns on ranks other than 0 when rank 0 has answered.
  func awaitAnswer() throws -> StepAnswer {
    // Rank 0 takes the features when it begins with the head, which takes about as long as last time.
    try world.wait(sent)
    let start = monotonicSeconds()
    try world.wait(awaited, quiet: Self.quietPart * headSeconds.min()!)
    headSeconds = [headSeconds[1], min(monotonicSeconds() - start, Self.longestQuiet)]
    return answer.pointee
  }

  /// The seconds that rank 0 took for the head in the last two steps. The shorter time counts, because a step may be
  /// held up.
  private var headSeconds = [0.0, 0.0]
  /// The part of the head's usual time in which a waiting rank does not look for the answer.
  private static let quietPart = 0.9
  /// The longest time, in seconds, in which a waiting rank does not look for the answer.
  private static let longestQuiet = 10.0

  /// Returns when the gradient of the features of this rank's leaf number `index` is in its memory.
  func awaitGradient(ofLeaf index: Int, _ memory: LeafMemory) throws {
    guard world.rank == 0 else { return try world.wait([gradients[index]]) }
    let leaf = shares.leaves(ofRank: 0).lowerBound + index
    bytes(memory.dFeatures, leaf).copyMemory(from: UnsafeRawBufferPointer(bytes(rows(dFeatures, leaf), leaf)))
  }

  /// Returns when no message of the step is under way any more, where the step ends without a backward pass.
  func finish() throws {
    try world.wait(gradients)
    try world.wait(sent)
  }

  private func bytes<Value: BitwiseCopyable>(of value: UnsafeMutablePointer<Value>) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: value, count: MemoryLayout<Value>.stride)
  }

  private func bytes(_ values: UnsafeMutablePointer<Float>, _ leaf: Int) -> UnsafeMutableRawBufferPointer {
    let count = shares.slots(ofLeaf: leaf).count * featureCount
    return UnsafeMutableRawBufferPointer(start: values, count: count * MemoryLayout<Float>.stride)
  }

  /// The rows of a leaf in a matrix of the whole mini-batch.
  private func rows(_ matrix: FloatBuffer, _ leaf: Int) -> UnsafeMutablePointer<Float> {
    matrix.base + shares.slots(ofLeaf: leaf).lowerBound * featureCount
  }
}
