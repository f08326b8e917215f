import Communication
import System

/// Shares the pictures of a prediction among the ranks: rank 0 names them, all ranks score their parts, and rank 0 gets
/// all outcomes. Without MPI it is the one process that scores them all.
struct SharedScoring {
  let scoring: PictureScoring
  /// The ranks; nil without MPI.
  let world: World?

  /// A message of rank 0 to the others.
  private enum Order: Codable {
    case score([String])
    case end(ExitStatus)
  }

  /// Returns the outcome of each file, in the order of the paths. Only rank 0 calls it, while the others `follow`.
  func outcomes(of paths: [String]) throws -> [PictureOutcome] {
    guard let world, world.size > 1 else { return scoring.outcomes(of: paths) }
    _ = try world.broadcast(Order.score(paths), root: 0)
    return try join(paths, world)
  }

  /// Lets the other ranks end with an exit status. Only rank 0 calls it.
  func end(_ status: ExitStatus) throws {
    guard let world, world.size > 1 else { return }
    _ = try world.broadcast(Order.end(status), root: 0)
  }

  /// Does what rank 0 says until it ends. All other ranks call it. Returns the exit status.
  func follow(_ world: World) throws -> ExitStatus {
    while true {
      let order: Order = try world.broadcast(nil, root: 0)
      switch order {
      case .score(let paths): _ = try join(paths, world)
      case .end(let status): return status
      }
    }
  }

  private func join(_ paths: [String], _ world: World) throws -> [PictureOutcome] {
    let own = paths.count * world.rank / world.size..<paths.count * (world.rank + 1) / world.size
    return try world.allgather(scoring.outcomes(of: Array(paths[own]))).flatMap(\.self)
  }
}
