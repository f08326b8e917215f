/// Somebody who listens to a run: who shows it to a person, or keeps its tables and pictures. Called on rank 0 only, on
/// the thread that trains.
public protocol RunListener: AnyObject {
  /// Makes ready to listen in the run's folder, before anything is told. What was noted past `iteration` by an earlier
  /// process is void: the run will come to it again. Called again where the run goes back to an earlier iteration.
  ///
  /// - Throws: what ends the run, on all ranks.
  func prepare(folder: String, iteration: Int) throws

  /// Hears what the run tells. Nothing that goes wrong here is worth ending a run for.
  func hear(_ event: TrainingEvent)
}

extension RunListener {
  public func prepare(folder: String, iteration: Int) throws {}
}

/// All who listen to a run: none on ranks other than 0.
struct RunListeners {
  private let listeners: [any RunListener]

  init(_ listeners: [any RunListener], rank: Int) {
    self.listeners = rank == 0 ? listeners : []
  }

  func prepare(folder: String, iteration: Int) throws {
    for listener in listeners { try listener.prepare(folder: folder, iteration: iteration) }
  }

  func tell(_ event: TrainingEvent) {
    for listener in listeners { listener.hear(event) }
  }

  func warn(_ message: String) { tell(.warning(message)) }
}
