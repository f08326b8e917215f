/// A listener of a run, such as one that shows it to a person, or one that keeps its tables and pictures. It is called
/// on rank 0 only, on the thread that trains.
public protocol RunListener: AnyObject {
  /// Makes ready for a run in `folder` that begins, or goes on, at `iteration`. An earlier process may have got
  /// further: what it noted past `iteration` is void, because the run comes to those iterations again.
  ///
  /// - Throws: an error that ends the run, on all ranks.
  func prepare(folder: OwnFolder, iteration: Int) throws

  /// Follows the run back to an earlier iteration: what was noted past it is void.
  ///
  /// - Throws: an error that ends the run, on all ranks.
  func goBack(to iteration: Int) throws

  /// Hears what the run tells. Nothing that goes wrong here is worth ending a run for.
  func hear(_ event: TrainingEvent)
}

extension RunListener {
  public func prepare(folder: OwnFolder, iteration: Int) throws {}
  public func goBack(to iteration: Int) throws {}
}

/// All listeners of a run; none on ranks other than 0.
struct RunListeners {
  private let listeners: [any RunListener]

  init(_ listeners: [any RunListener], rank: Int) {
    self.listeners = rank == 0 ? listeners : []
  }

  func prepare(folder: OwnFolder, iteration: Int) throws {
    for listener in listeners { try listener.prepare(folder: folder, iteration: iteration) }
  }

  func goBack(to iteration: Int) throws {
    for listener in listeners { try listener.goBack(to: iteration) }
  }

  /// - Parameter event: made only where somebody listens.
  func tell(_ event: @autoclosure () -> TrainingEvent) {
    guard !listeners.isEmpty else { return }
    let event = event()
    for listener in listeners { listener.hear(event) }
  }

  func warn(_ message: String) { tell(.warning(message)) }
}
