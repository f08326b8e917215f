import Communication
import Glibc
import RankTestSupport
import Testing

/// The tests that use MPI. One after another, because every rank must be in the same one; scripts/test runs them with
/// several numbers of ranks.
@Suite(.serialized) struct RankTests {}

/// Runs a test's body on every rank. An error thrown on one rank ends the job, since the others would wait for it for
/// ever; an expectation that fails lets the rank go on and makes it, hence `mpirun`, exit with failure at the end.
func onAllRanks(_ name: String = #function, _ body: (World) throws -> Void) {
  let world: World
  do {
    world = try startedWorld()
  } catch {
    Issue.record(error)
    exit(EXIT_FAILURE)
  }
  do {
    let names = try world.allgather(name)
    try #require(names.allSatisfy { $0 == name }, "ranks are in different tests: \(names)")
    try body(world)
  } catch {
    guard world.size > 1 else {
      Issue.record(error)
      return
    }
    let message = "rank \(world.rank) on \(world.hostName), \(name): \(error)\n"
    _ = message.withCString { write(STDERR_FILENO, $0, strlen($0)) }
    world.abort(.internalError)
  }
}
