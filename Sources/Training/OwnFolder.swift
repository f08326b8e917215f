/// A run's folder as the run's listeners know it. Another start may take it over, on another host, while this process
/// lives on: nothing must be written there then.
public struct OwnFolder: Sendable {
  public let path: String
  private let isOurs: @Sendable () -> Bool

  /// - Parameter isOurs: tells whether the folder still belongs to this process.
  public init(path: String, isOurs: @escaping @Sendable () -> Bool = { true }) {
    self.path = path
    self.isOurs = isOurs
  }

  /// Whether this process may still write to the folder.
  public var mayBeWritten: Bool { isOurs() }
}
