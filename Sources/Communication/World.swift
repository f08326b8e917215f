import CMPI
import Glibc
import Synchronization
import System

/// All the processes of the run, of which this process is one: its **rank**.
///
/// There is one `World` in a process. It is not `Sendable`: one thread at a time may call its methods, and every rank
/// must call the collective ones (all but `send`, `receive`, `wait` and `abort`) in the same order.
///
/// Each method that waits for other ranks sleeps while it waits (see `wait`). After an error is thrown the state of the
/// messages under way is unknown: the caller reports the error and calls `abort`, or the other ranks wait forever.
public final class World {
  /// This process's number, 0 ..< `size`.
  public let rank: Int
  /// The number of processes.
  public let size: Int
  /// The name of the machine that each rank runs on.
  public let hostNames: [String]
  /// This rank's number among the ranks that share its machine, 0 ..< `localSize`.
  public let localRank: Int
  /// The number of ranks that share this rank's machine.
  public let localSize: Int
  /// The places of the ranks that share this rank's machine, in their order there.
  public private(set) var localPlaces: [RankPlace]
  /// The number of cores that these ranks can keep busy, all together: the hardware threads of a core count once, and
  /// the limits of control groups count too.
  public private(set) var localCores: Int
  /// One bit for each processor that the ranks of this machine may run on, all together, as the system's affinity calls
  /// take them.
  public let localProcessorMask: [UInt8]
  /// The lowest rank that shares each rank's machine.
  public let nodes: [Int]
  /// Whether a second thread may call MPI while the first one is outside of it.
  public let allowsHelperThread: Bool

  /// The work that this rank is doing, for the message of a rank that waits for others.
  public var activity = Activity("the start")
  /// Whether another thread of this rank computes on the core of the one that waits for other ranks.
  public let isBesideComputation = Atomic(false)
  /// The watch that tells which ranks do not arrive; nil before `watchForStalls`.
  var watch: StallWatch?

  /// The communicator of collectives and of messages that the caller addresses.
  let communicator: MPI_Comm
  /// A copy of the communicator for the messages of `allreduceTree`, which can therefore have any tag.
  let treeCommunicator: MPI_Comm

  /// Starts MPI, under `mpirun`, under `srun --mpi` or without a launcher as a world of one rank. A process can do
  /// this once; later calls return the same world or throw the same error.
  ///
  /// MPI is told to return errors instead of ending the process, and they are thrown as `MPIError`.
  public static func start() throws(MPIError) -> World {
    try started.get()
  }

  // It is written once, before anyone reads it, and `World` itself requires that one thread at a time use it.
  private nonisolated(unsafe) static let started = Result { () throws(MPIError) in try World() }

  private init() throws(MPIError) {
    setDefaults()
    var provided: Int32 = 0
    try check(MPI_Init_thread(nil, nil, Int32(MPI_THREAD_MULTIPLE), &provided), "MPI_Init_thread")
    communicator = mpi_comm_world()
    try check(MPI_Comm_set_errhandler(communicator, mpi_errors_return()), "MPI_Comm_set_errhandler")
    guard provided >= Int32(MPI_THREAD_FUNNELED) else {
      throw MPIError(
        call: "MPI_Init_thread", code: Int32(MPI_ERR_OTHER),
        message: "the MPI library (\(World.mpiVersion)) was built without support for threads; use one that has "
          + "MPI_THREAD_FUNNELED or more")
    }
    (rank, size) = try place(in: communicator)
    hostNames = try processorNames(in: communicator, ranks: size)
    // Sleeps between looks at a message are shorter than Linux's default precision.
    limitTimerSlack(nanoseconds: 1000)

    treeCommunicator = try duplicate(communicator)

    var split = mpi_communicator_null()
    try check(mpi_split_by_host(communicator, Int32(rank), &split), "MPI_Comm_split_type")
    let host = mpi_communicator_handle(split)
    (localRank, localSize) = try place(in: host)
    localProcessorMask = try unitedProcessors(of: host)
    let own = RankPlace()
    (localPlaces, localCores) = ([own], RankThreads.coresInUse([own]))
    nodes = try placesOfLocalRoots(in: communicator, host: host, ranks: size)
    allowsHelperThread = provided >= Int32(MPI_THREAD_SERIALIZED)
    try check(mpi_communicator_free(&split), "MPI_Comm_free")
    localPlaces = try gatherLocalPlaces(own: own)
    localCores = RankThreads.coresInUse(localPlaces)
  }

  /// Returns this process as a world of its own beside the common one, for comparisons with a single rank.
  public func alone() throws(MPIError) -> World { try World(aloneOn: self) }

  private init(aloneOn world: World) throws(MPIError) {
    (rank, size, localRank, localSize) = (0, 1, 0, 1)
    (hostNames, localProcessorMask) = ([world.hostName], world.localProcessorMask)
    (nodes, allowsHelperThread) = ([0], world.allowsHelperThread)
    localPlaces = [world.localPlaces[world.localRank]]
    localCores = RankThreads.coresInUse(localPlaces)
    communicator = mpi_comm_self()
    treeCommunicator = mpi_comm_self()
    try check(MPI_Comm_set_errhandler(communicator, mpi_errors_return()), "MPI_Comm_set_errhandler")
  }

  /// The name of the machine that this rank runs on.
  public var hostName: String { hostNames[rank] }

  /// The machines in the order of their lowest ranks, each with its ranks, ascending.
  public var hosts: [(name: String, ranks: [Int])] { Self.hosts(ofRanks: hostNames) }

  /// The machines in the order of their lowest ranks, each with its ranks, ascending.
  ///
  /// - Parameter names: the machine of each rank.
  public static func hosts(ofRanks names: [String]) -> [(name: String, ranks: [Int])] {
    var hosts: [(name: String, ranks: [Int])] = []
    var places: [String: Int] = [:]
    for (rank, name) in names.enumerated() {
      if let place = places[name] {
        hosts[place].ranks.append(rank)
      } else {
        places[name] = hosts.count
        hosts.append((name, [rank]))
      }
    }
    return hosts
  }

  /// The number of processors that the ranks of this machine may run on, all together.
  public var localProcessors: Int {
    localPlaces.reduce(into: Set()) { $0.formUnion($1.processors) }.count
  }

  /// Whether more ranks than cores share this machine, so that a rank that does not sleep takes time from one that
  /// works.
  var isOversubscribed: Bool { localSize > localCores }

  /// The name and version of the MPI library, such as "Open MPI 4.1.4". It needs no `start`.
  public static var mpiVersion: String {
    let text = withUnsafeTemporaryAllocation(
      of: CChar.self, capacity: Int(MPI_MAX_LIBRARY_VERSION_STRING) + 1
    ) { buffer in
      buffer.initialize(repeating: 0)
      var length: Int32 = 0
      guard MPI_Get_library_version(buffer.baseAddress, &length) == MPI_SUCCESS else { return "unknown MPI" }
      return String(cString: buffer.baseAddress!)
    }
    return shortVersion(text)
  }

  /// Ends MPI; all ranks must call it, once, after their last message. A process that ends without it makes `mpirun`
  /// end the others.
  public func finish() {
    var finished: Int32 = 0
    // Nothing is left to be done about an error that MPI reports here.
    guard MPI_Finalized(&finished) == MPI_SUCCESS, finished == 0 else { return }
    _ = MPI_Finalize()
  }

  /// Ends all ranks at once, without their consent; `mpirun` then exits with `status`.
  public func abort(_ status: ExitStatus) -> Never {
    _ = MPI_Abort(communicator, status.rawValue)
    // A rank that MPI can no longer reach must not go on either.
    _exit(status.rawValue)
  }
}

/// Sets those settings of Open MPI that suit this program, where the user has made none. MPI reads them when it starts.
private func setDefaults() {
  // A process without a launcher gets a daemon that could start more of them, which takes a third of a second.
  setenv("OMPI_MCA_ess_singleton_isolated", "1", 0)
  // All such processes of a user on a host would make and remove the same folder for their messages, which they have
  // none of: two that start at the same time would be in each other's way.
  let variables = ["OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"]
  if variables.allSatisfy({ getenv($0) == nil }) { setenv("OMPI_MCA_orte_create_session_dirs", "0", 0) }
  guard let text = getenv("OMPI_COMM_WORLD_LOCAL_SIZE"), let ranks = Int(String(cString: text)) else { return }
  // A rank that `mpirun` has bound sees only its own cores, not those of the others.
  let isBound = getenv("OMPI_MCA_orte_bound_at_launch") != nil
  let cores = isBound ? onlineProcessors() : availableProcessors()
  // On a node that is declared to have more slots than cores, `mpirun` does not notice that ranks share them, and each
  // rank burns whole time slices while MPI starts and ends.
  if ranks > cores { setenv("OMPI_MCA_mpi_yield_when_idle", "1", 0) }
}

/// Returns a copy of a communicator, whose messages do not meet those of the original.
func duplicate(_ communicator: MPI_Comm) throws(MPIError) -> MPI_Comm {
  var copy = mpi_communicator_null()
  try check(mpi_duplicate(communicator, &copy), "MPI_Comm_dup")
  return mpi_communicator_handle(copy)
}

private func place(in communicator: MPI_Comm) throws(MPIError) -> (rank: Int, size: Int) {
  var rank: Int32 = 0
  var size: Int32 = 0
  try check(MPI_Comm_rank(communicator, &rank), "MPI_Comm_rank")
  try check(MPI_Comm_size(communicator, &size), "MPI_Comm_size")
  return (Int(rank), Int(size))
}

private func processorNames(in communicator: MPI_Comm, ranks: Int) throws(MPIError) -> [String] {
  let room = Int(MPI_MAX_PROCESSOR_NAME) + 1
  var name = [CChar](repeating: 0, count: room)
  var length: Int32 = 0
  try check(MPI_Get_processor_name(&name, &length), "MPI_Get_processor_name")
  var names = [CChar](repeating: 0, count: room * ranks)
  try check(
    MPI_Allgather(name, Int32(room), mpi_byte(), &names, Int32(room), mpi_byte(), communicator), "MPI_Allgather")
  return (0..<ranks).map { rank in
    let bytes = names[rank * room..<(rank + 1) * room].prefix { $0 != 0 }
    return String(decoding: bytes.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}

private func unitedProcessors(of host: MPI_Comm) throws(MPIError) -> [UInt8] {
  let own = affinityMask()
  var united = own
  try check(MPI_Allreduce(own, &united, Int32(own.count), mpi_byte(), mpi_bitwise_or(), host), "MPI_Allreduce")
  return united
}

private func placesOfLocalRoots(in world: MPI_Comm, host: MPI_Comm, ranks: Int) throws(MPIError) -> [Int] {
  var root: Int32 = 0
  try check(MPI_Comm_rank(world, &root), "MPI_Comm_rank")
  // The communicator of a host has its ranks in the world's order.
  try check(MPI_Bcast(&root, Int32(MemoryLayout<Int32>.size), mpi_byte(), 0, host), "MPI_Bcast")
  var roots = [Int32](repeating: 0, count: ranks)
  let length = Int32(MemoryLayout<Int32>.size)
  try check(MPI_Allgather(&root, length, mpi_byte(), &roots, length, mpi_byte(), world), "MPI_Allgather")
  return roots.map { Int($0) }
}

/// Returns "Open MPI 4.1.4" for "Open MPI v4.1.4, package: …", and "MPICH 4.0.2" for "MPICH Version: 4.0.2" in the
/// first of several lines.
package func shortVersion(_ text: String) -> String {
  let start = text.prefix { $0 != "," && !$0.isNewline }
  let words = start.split(whereSeparator: \.isWhitespace).filter { $0 != "Version:" }.map { word in
    word.first == "v" && word.dropFirst().first?.isNumber == true ? word.dropFirst() : word
  }
  return words.joined(separator: " ")
}
