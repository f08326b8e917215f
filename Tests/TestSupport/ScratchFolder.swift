import Foundation

/// A new folder of a test's own, which is removed with it.
public final class ScratchFolder: Sendable {
  public let path: String

  public init() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("prelu-dist-test-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit {
    try? FileManager.default.removeItem(atPath: path)
  }

  /// The path of a file here, whether there is one or not.
  public func file(_ name: String) -> String {
    "\(path)/\(name)"
  }

  /// The names in the folder, sorted.
  public func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }

  /// Writes a file, in a new folder where the name wants one; returns its path.
  @discardableResult
  public func write(_ bytes: [UInt8], to name: String) throws -> String {
    try Data(bytes).write(to: try placed(name))
    return file(name)
  }

  /// Copies a file from elsewhere, into a new folder where the name wants one; returns its path.
  @discardableResult
  public func copy(_ path: String, to name: String) throws -> String {
    try FileManager.default.copyItem(at: URL(fileURLWithPath: path), to: try placed(name))
    return file(name)
  }

  private func placed(_ name: String) throws -> URL {
    let url = URL(fileURLWithPath: file(name))
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    return url
  }

  public func bytes(_ name: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: URL(fileURLWithPath: file(name))))
  }
}
