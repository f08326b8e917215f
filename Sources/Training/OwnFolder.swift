/// A run's folder as the run's listeners know it. Another start may take it over, on another host, while this process
/// lives on: nothing must be written there then.
public struct OwnFolder: Sendable {
  public let path: String
  /// The folder of the run that this one is a copy of, from which it takes the rows so far; nil for any other run.
  public let copiedFrom: String?
  private let isOurs: @Sendable () -> Bool

  /// - Parameter isOurs: tells whether the folder still belongs to this process.
  public init(path: String, copiedFrom: String? = nil, isOurs: @escaping @Sendable () -> Bool = { true }) {
    self.path = path
    self.copiedFrom = copiedFrom
    self.isOurs = isOurs
  }

  /// Whether this process may still write to the folder.
  public var mayBeWritten: Bool { isOurs() }
}
