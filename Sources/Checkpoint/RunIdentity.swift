import Foundation
import Hashing

/// The identity of a run, by settings that never change while it goes on: a checkpoint that has others is another
/// run's, though its network may be the same.
enum RunIdentity {
  /// The settings by their places in the configuration. Every version of the program has them, so that a run which a
  /// later version continues keeps its identity.
  private static let settings = [
    ["model", "architecture"], ["model", "activation"], ["model", "width"], ["model", "initializer"],
    ["training", "seed"], ["training", "batch"], ["solver", "learningRate"], ["solver", "momentum"],
    ["solver", "weightDecay"],
  ]

  /// Returns the digest of the settings; nil for a text that is no configuration.
  ///
  /// - Parameter configuration: the settings as JSON.
  static func of(_ configuration: String) -> String? {
    guard let tree = try? JSONSerialization.jsonObject(with: Data(configuration.utf8)) as? [String: Any], !tree.isEmpty
    else { return nil }
    let values = settings.map { path -> Any in
      path.reduce(tree as Any?) { tree, key in (tree as? [String: Any])?[key] } ?? NSNull()
    }
    guard let bytes = try? JSONSerialization.data(withJSONObject: values, options: [.sortedKeys]) else { return nil }
    return SHA256.digest(of: String(decoding: bytes, as: UTF8.self))
  }
}
