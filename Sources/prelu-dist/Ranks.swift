import Communication
import Diagnostics
import Foundation
import System
import Training

/// Runs `body` on all ranks and ends the process with the status that it returns.
///
/// What all ranks know to have failed is said once; what a single rank meets is said by that rank, with its host, and
/// ends the job.
///
/// - Parameters:
///   - comparesHosts: refuses hosts that differ in their program, and warns of those that differ otherwise.
///   - watch: how long ranks wait for one that does not come; nil: for ever.
func onAllRanks(comparesHosts: Bool = true, watch: WatchOptions? = nil, _ body: (World) throws -> ExitStatus) -> Never {
  let world: World
  do {
    world = try World.start()
  } catch {
    Console.complain("\(error)")
    exit(ExitStatus.internalError.rawValue)
  }
  StopSignals.install()
  do {
    if let watch { try world.watchForStalls(watch.limits) { watch.tell($0, world) } }
    if comparesHosts { try refuseHostsThatDiffer(world) }
    let status = try body(world)
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

/// On all ranks: rank 0 warns of what can make results differ, and every rank throws where training together is no use.
private func refuseHostsThatDiffer(_ world: World) throws {
  let findings = try compareHosts(world)
  if let problem = findings.first(where: { $0.severity == .problem }) {
    throw RankFailure(allRanks: world.size, "\(problem.text). \(problem.advice)", exitStatus: .internalError)
  }
  guard world.rank == 0 else { return }
  for finding in findings { Console.complain("warning: \(finding.text). \(finding.advice)") }
}
