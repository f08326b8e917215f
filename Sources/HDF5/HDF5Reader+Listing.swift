import CHDF5
import System

/// The names in a group, for files whose names this program has not chosen.
extension HDF5Reader {
  /// Names of a group at most, and bytes of each.
  private static let (nameLimit, nameBytes) = (10_000, 1024)

  /// The names of the objects in the group that `names` lead to, in ascending order.
  package func names(in names: String...) throws(FileError) -> [String] {
    let here = location(names)
    let group = try object(names, kind: H5I_GROUP)
    var information = H5G_info_t()
    _ = try checked(H5Gget_info(group.id, &information), "H5Gget_info", here)
    guard information.nlinks <= UInt64(Self.nameLimit) else {
      throw damaged("\(here) has \(information.nlinks) names, at most \(Self.nameLimit) are read")
    }
    var found: [String] = []
    for index in 0..<information.nlinks {
      var bytes = [CChar](repeating: 0, count: Self.nameBytes)
      let length = try checked(
        H5Lget_name_by_idx(
          group.id, ".", H5_INDEX_NAME, H5_ITER_INC, index, &bytes, bytes.count, hid_t(H5P_DEFAULT)),
        "H5Lget_name_by_idx", here)
      let name = bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
      guard length < Self.nameBytes, let text = String(validating: name, as: UTF8.self), !text.isEmpty else {
        throw damaged("\(here) has a name of more than \(Self.nameBytes - 1) bytes, or one that is not UTF-8")
      }
      found.append(text)
    }
    return found
  }

  /// Whether the object that `names` lead to is a group; false where there is none.
  package func isGroup(_ names: String...) -> Bool {
    (try? object(names, kind: H5I_GROUP)) != nil
  }
}
