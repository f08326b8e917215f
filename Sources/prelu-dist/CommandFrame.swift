import Communication
import Diagnostics
import Foundation
import Kernels
import System

/// Runs `body` in this process, without MPI, and ends the process with the status that it returns, or with that of the
/// error that it throws. Of several ranks only the first does it: all of them would do and say the same.
func alone(_ body: () throws -> ExitStatus) -> Never {
  guard Console.isFirstRank else { exit(ExitStatus.done.rawValue) }
  do {
    exit(Console.status(after: try body()).rawValue)
  } catch {
    Console.complain("\(error)")
    exit(ExitStatus(of: error).rawValue)
  }
}

/// Runs `body` on all ranks and ends the process with the status that it returns.
///
/// A failure that all ranks know of is reported once; a failure of a single rank is reported by that rank, with its
/// host, and ends the job.
///
/// - Parameters:
///   - comparesHosts: whether hosts with different programs are refused, and other differences reported.
///   - endsAtOnce: whether a signal that asks to stop ends the process where it is, because there is nothing to save;
///     otherwise `body` looks at `StopSignals`.
///   - watch: how long ranks wait for one that does not arrive; nil for without a limit.
func onAllRanks(
  comparesHosts: Bool = true, endsAtOnce: Bool = false, watch: WatchOptions? = nil,
  _ body: (World) throws -> ExitStatus
) -> Never {
  let world: World
  let startWatch = watch.flatMap { watch in
    StartWatch(watch.limits, grace: Console.isFirstRank ? 0 : WatchOptions.grace) { watch.report($0) }
  }
  do {
    world = try World.start()
    if let watch { try world.watchForStalls(watch.limits) { watch.report($0, of: world) } }
    startWatch?.end()
  } catch {
    Console.complain("\(error)")
    exit(ExitStatus.internalError.rawValue)
  }
  endsAtOnce ? StopSignals.leaveToTheSystem() : StopSignals.install()
  do {
    TileEngine.agree(onLowestOf: try world.allgather(TileEngine.best.place))
    if comparesHosts { try refuseHostsThatDiffer(world) }
    let status = Console.status(after: try body(world))
    world.finish()
    exit(status.rawValue)
  } catch let error as RankFailure {
    if world.rank == 0 { Console.complain(error.description) }
    world.finish()
    exit(error.exitStatus.rawValue)
  } catch {
    let place = world.size > 1 ? "rank \(world.rank) on host \(world.hostName): " : ""
    Console.complain("\(place)\(error)")
    guard world.size > 1 else { exit(ExitStatus(of: error).rawValue) }
    world.abort(ExitStatus(of: error))
  }
}

/// Warns, on rank 0, of differences between hosts that can change results.
///
/// - Throws: `RankFailure` on every rank where training together would be of no use.
private func refuseHostsThatDiffer(_ world: World) throws {
  let findings = try compareHosts(world)
  if let problem = findings.first(where: { $0.severity == .problem }) {
    throw RankFailure(allRanks: world.size, "\(problem.text). \(problem.advice)", exitStatus: .internalError)
  }
  guard world.rank == 0 else { return }
  for finding in findings { Console.complain("\(finding.severity.rawValue): \(finding.text). \(finding.advice)") }
}
