import Communication
import Glibc

/// The number of processes that run the test bundle together: 1 unless a launcher started it.
public let rankCount: Int = {
  let names = ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"]
  return names.compactMap { name in getenv(name).flatMap { Int(String(cString: $0)) } }.first ?? 1
}()

/// The world of all ranks that run the test bundle, which the process's end finishes: MPI wants to be finished after
/// the last test, and nothing else tells which test was the last.
public func startedWorld() throws -> World {
  let world = try World.start()
  _ = finishAtExit
  return world
}

private let finishAtExit = atexit { try? World.start().finish() }
