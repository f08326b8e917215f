import Communication
import Foundation
import Training

/// Runs `body` on all ranks and ends the process with the code that it returns.
///
/// What all ranks know to have failed is said once; what a single rank meets is said by that rank, with its host, and
/// ends the job.
func onAllRanks(_ body: (World) throws -> Int32) -> Never {
  let world: World
  do {
    world = try World.start()
  } catch {
    Console.complain("\(error)")
    exit(ExitCode.internalError)
  }
  StopSignals.install()
  do {
    let code = try body(world)
    world.finish()
    exit(code)
  } catch let error as RankFailure {
    if world.rank == 0 { Console.complain(error.description) }
    world.finish()
    exit(error.exitCode)
  } catch {
    let place = world.size > 1 ? "rank \(world.rank) on host \(world.hostName): " : ""
    Console.complain("\(place)\(error)")
    guard world.size > 1 else { exit(ExitCode.of(error)) }
    world.abort(ExitCode.of(error))
  }
}
