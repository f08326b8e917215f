import Configuration
import Images
import Packs
import System

extension Configuration.DataSet.Kind {
  /// Finds the kind of data at a path: a folder holds IDX files, anything else is or should be a pack.
  public init(of path: String) {
    if FileSystem.exists(path) {
      self = FileSystem.isFolder(path) ? .idx : .pack
    } else {
      self = path.hasSuffix(".h5") || path.hasSuffix(".hdf5") ? .pack : .idx
    }
  }
}

extension Configuration {
  /// Makes `path` the data to train on. If it is a pack, the pack decides how many classes the model has.
  public mutating func choose(data path: String) {
    data.directory = path
    data.kind = DataSet.Kind(of: path)
    // A pack that cannot be read is refused when it is opened to train on it.
    guard data.kind == .pack, let pack = try? Pack(path) else { return }
    model.classes = pack.classNames.count
    // A number of validation images that is right for a large set would leave nothing of a small one.
    if pack.images(.validation) == nil, let count = pack.images(.training)?.count, 2 * data.validation > count {
      data.validation = max(1, count / 10)
    }
  }
}
