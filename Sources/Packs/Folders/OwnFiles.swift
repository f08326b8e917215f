import System

/// Files that this program writes, which are never data: a person may pack the folder that holds them.
enum OwnFiles {
  /// Returns whether a folder with these names is a training run's.
  static func isRun(_ names: [String]) -> Bool {
    let names = Set(names)
    if names.contains("config.yaml") && !names.isDisjoint(with: ["owner.json", "metrics.csv", "latest"]) {
      return true
    }
    return names.contains { $0.hasPrefix("checkpoint-") && $0.hasSuffix(".h5") }
  }

  /// Returns whether a folder of this name and these names holds a packing's unfinished blocks.
  static func isWork(_ folder: String, _ names: [String]) -> Bool {
    folder.hasSuffix(".work") && names.allSatisfy { $0.hasPrefix("block-") || $0.hasPrefix("owner") }
  }

  /// Returns whether a file is a sheet of pictures that this program drew: a pack's, which is named after the pack, or
  /// what is left of a run's folder.
  /// - Parameters:
  ///   - folder: the path below the source of the folder that the file is in.
  ///   - names: all names in it.
  static func isSheet(_ name: String, in folder: String, _ names: [String]) -> Bool {
    if name == "preview.png" { return names.count == 1 && folder.split(separator: "/").dropLast().contains("runs") }
    guard name.hasSuffix(".preview.png") else { return false }
    let pack = String(name.dropLast(".preview.png".count))
    return [".h5", ".hdf5"].contains { pack.hasSuffix($0) } || names.contains(pack)
  }
}
