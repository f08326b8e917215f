import CHDF5
import Checkpoint
import Foundation
import HDF5
import Hashing
import System
import TestSupport
import Testing

/// Whole HDF5 files in which something is not what a checkpoint has: nothing outside is read, no memory is taken for
/// what is not there.
@Suite struct HostileFileTests {
  let folder: ScratchFolder
  let path: String
  private static let shapes = [("conv1", 0, [4, 3, 3, 3]), ("conv1", 1, [4])]

  init() throws {
    folder = try ScratchFolder()
    path = folder.file("a.h5")
    try writeTestCheckpoint(path, TestNetwork(Self.shapes, seed: 1))
  }

  /// Lets `body` alter the file, from the identifier of the file and the properties to create a dataset with.
  private func alter(_ body: (_ file: hid_t, _ properties: hid_t) -> Void) {
    HDF5Library.exclusively {
      // H5F_ACC_RDWR, a macro with a cast.
      let file = H5Fopen(path, 1, hid_t(H5P_DEFAULT))
      #expect(file >= 0)
      let properties = H5Pcreate(hdf5_dataset_create())
      body(file, properties)
      H5Pclose(properties)
      #expect(H5Fclose(file) >= 0)
    }
  }

  /// Puts a dataset of floats in the place of `name`.
  private func replace(
    _ file: hid_t, _ name: String, _ extents: [hsize_t], type: hid_t = hdf5_file_float32(), _ properties: hid_t
  ) {
    H5Ldelete(file, name, hid_t(H5P_DEFAULT))
    let space = extents.isEmpty ? H5Screate(H5S_NULL) : H5Screate_simple(CInt(extents.count), extents, nil)
    let dataset = H5Dcreate2(file, name, type, space, hid_t(H5P_DEFAULT), properties, hid_t(H5P_DEFAULT))
    #expect(dataset >= 0)
    H5Dclose(dataset)
    H5Sclose(space)
  }

  private func refused(
    _ words: [String], as kind: FileError.Kind = .damaged, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let network = TestNetwork(Self.shapes, seed: 5)
    let before = network.bits
    expect(kind, [path] + words, sourceLocation: sourceLocation) { _ = try CheckpointFile.readHeader(path) }
    expect(kind, words, sourceLocation: sourceLocation) { _ = try CheckpointFile.digest(ofFile: path) }
    expect(kind, words, sourceLocation: sourceLocation) { try network.read(path) }
    #expect(network.bits == before, sourceLocation: sourceLocation)
    #expect(HDF5Library.openIdentifiers == 0, sourceLocation: sourceLocation)
  }

  @Test func softLink() {
    alter { file, _ in
      H5Lmove(file, "data/conv1/0", file, "elsewhere", hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT))
      H5Lcreate_soft("/elsewhere", file, "data/conv1/0", hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT))
    }
    refused(["/data/conv1/0 is a link to elsewhere"])
  }

  @Test func linkToAnotherFile() throws {
    try FileManager.default.copyItem(atPath: path, toPath: folder.file("b.h5"))
    alter { file, _ in
      H5Ldelete(file, "data", hid_t(H5P_DEFAULT))
      H5Lcreate_external("b.h5", "/data", file, "data", hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT))
    }
    refused(["/data is a link to elsewhere"])
  }

  @Test func storageInAnotherFile() {
    alter { file, properties in
      H5Pset_external(properties, "/etc/hostname", 0, 4 * 4)
      replace(file, "data/conv1/1", [4], properties)
    }
    refused(["/data/conv1/1 is stored in another file"])
  }

  @Test func hugeClaims() {
    alter { file, properties in
      H5Pset_chunk(properties, 2, [1, 1024])
      H5Pset_fletcher32(properties)
      replace(file, "data/conv1/0", [1 << 30, 1 << 30], properties)
    }
    refused(["/data/conv1/0 claims [1073741824, 1073741824] values, more than the file of "])
    alter { file, properties in
      H5Pset_chunk(properties, 2, [1, 1024])
      replace(file, "data/conv1/0", [1 << 62, 1 << 62], properties)
    }
    refused(["/data/conv1/0 claims"])
  }

  @Test func piecesTooLarge() {
    alter { file, properties in
      H5Pset_chunk(properties, 1, [1 << 29])
      replace(file, "data/conv1/0", [1 << 29], properties)
    }
    refused(["/data/conv1/0 is stored in pieces of more than 16.8 MB"])
  }

  @Test func nothingStored() {
    alter { file, properties in
      H5Pset_chunk(properties, 1, [4])
      replace(file, "data/conv1/1", [4], properties)
    }
    refused(["/data/conv1/1 has 0 of its 16 bytes"])
  }

  @Test func compressed() {
    alter { file, properties in
      H5Pset_chunk(properties, 1, [4])
      H5Pset_deflate(properties, 6)
      replace(file, "data/conv1/1", [4], properties)
    }
    refused(
      [
        "/data/conv1/1 is stored with HDF5's filter 1; a checkpoint has only checksums (filter 3). If it was repacked, "
          + "undo that with h5repack -f FLET"
      ], as: .wrongKind)
  }

  @Test func otherTypesAndExtents() {
    alter { file, properties in replace(file, "data/conv1/1", [4], type: hdf5_file_int32(), properties) }
    refused(["/data/conv1/1 does not hold floating-point numbers of 4 bytes"])
    alter { file, properties in replace(file, "data/conv1/1", [], properties) }
    refused(["/data/conv1/1 has no extents"])
    alter { file, properties in replace(file, "data/conv1/1", [0], properties) }
    refused(["/data/conv1/1 has the shape [0], expected no extent of 0"])
    alter { file, properties in
      H5Ldelete(file, "data/conv1/1", hid_t(H5P_DEFAULT))
      H5Gclose(H5Gcreate2(file, "data/conv1/1", hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT)))
    }
    refused(["/data/conv1/1 is not a dataset"])
    alter { file, _ in H5Ldelete(file, "data/conv1/1", hid_t(H5P_DEFAULT)) }
    refused(["/data/conv1/1 is missing"])
  }

  @Test func momentumOfAnotherShape() {
    alter { file, properties in
      H5Pset_layout(properties, H5D_COMPACT)
      replace(file, "history/1", [3], properties)
    }
    refused(["the momentum of conv1/1 has the shape [3], the parameter [4]"])
  }

  @Test func textsThatAreNone() {
    alter { file, properties in
      replace(file, "prelu_dist/configuration", [4], properties)
    }
    refused(["/prelu_dist/configuration is not a text of fixed size"])
    alter { file, properties in
      let type = H5Tcopy(hdf5_c_string())
      H5Tset_size(type, -1)  // H5T_VARIABLE
      replace(file, "prelu_dist/configuration", [4], type: type, properties)
      H5Tclose(type)
    }
    refused(["/prelu_dist/configuration is not a text of fixed size"])
    alter { file, properties in
      let type = H5Tcopy(hdf5_c_string())
      H5Tset_size(type, 1 << 30)
      replace(file, "prelu_dist/configuration", [4], type: type, properties)
      H5Tclose(type)
    }
    refused(["/prelu_dist/configuration is a text of 1073741824 bytes, at most 16777216 are read"])
  }

  @Test(arguments: [
    (1, "Continue with the build that wrote it, or train again: there is no conversion"),
    (4, "Use the program that wrote it, or a later one"),
  ])
  func otherFormats(version: Int32, advice: String) {
    alter { file, _ in
      H5Adelete(file, "format_version")
      let space = H5Screate(H5S_SCALAR)
      let attribute = H5Acreate2(
        file, "format_version", hdf5_file_int32(), space, hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT))
      H5Awrite(attribute, hdf5_native_int32(), [version])
      H5Aclose(attribute)
      H5Sclose(space)
    }
    refused(
      [
        "\(path): expected a checkpoint of format version 2 or 3, found version \(version), written by "
          + "\"prelu-dist 0.1.0\". \(advice)"
      ], as: .wrongKind)
  }

  @Test func otherFilesOfHDF5() {
    alter { file, _ in H5Ldelete(file, "prelu_dist", hid_t(H5P_DEFAULT)) }
    refused(
      [
        "this is an HDF5 file, but not a checkpoint of this program: it has no group /prelu_dist and says that it is "
          + "\"prelu-dist-2\". A checkpoint is made by `prelu-dist train`; a pack of pictures goes with --data"
      ], as: .wrongKind)
  }

  /// Puts a list of texts, or one text, in the place of `name`.
  private func put(_ texts: [String], isList: Bool = true, at name: String, _ file: hid_t) {
    let size = (texts.map(\.utf8.count).max() ?? 0) + 1
    let bytes = texts.flatMap { Array($0.utf8) + [UInt8](repeating: 0, count: size - $0.utf8.count) }
    let type = H5Tcopy(hdf5_c_string())
    H5Tset_size(type, size)
    H5Ldelete(file, name, hid_t(H5P_DEFAULT))
    let space = isList ? H5Screate_simple(1, [hsize_t(texts.count)], nil) : H5Screate(H5S_SCALAR)
    let dataset = H5Dcreate2(
      file, name, type, space, hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT))
    #expect(H5Dwrite(dataset, type, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), bytes) >= 0)
    H5Dclose(dataset)
    H5Sclose(space)
    H5Tclose(type)
  }

  @Test(arguments: [
    ("parameter_names", ["conv1/0", "conv1/01"], "\"conv1/01\" is not the name of a parameter"),
    ("parameter_names", ["conv1", "conv1/1"], "\"conv1\" is not the name of a parameter"),
    (
      "parameter_names", ["conv1/0"],
      "its tensors' names, shapes and digests do not have the digest that was written"
    ),
    (
      "parameter_names", ["conv1/1", "conv1/0"],
      "the momentum of conv1/1 has the shape [4, 3, 3, 3], the parameter [4]"
    ),
  ])
  func listsThatDoNotGoTogether(name: String, texts: [String], words: String) {
    alter { file, _ in put(texts, at: "prelu_dist/\(name)", file) }
    refused(["the checkpoint is damaged: \(words). Use another one"])
  }

  @Test(
    arguments: ["data/conv1/0", "data/conv1/1", "history/0", "history/1"],
    [
      (nil, "found none"),
      ("", "found \"\""),
      (String(repeating: "0", count: 65), "found \"\(String(repeating: "0", count: 60))\""),
      (String(repeating: "g", count: 64), "found \"\(String(repeating: "g", count: 60))\""),
    ])
  func digestsThatAreNone(dataset: String, digest: (text: String?, words: String)) {
    alter { file, _ in putDigest(digest.text, of: dataset, file) }
    refused([
      "/\(dataset): expected an attribute sha256 of 64 hexadecimal digits, \(digest.words). Use another one"
    ])
  }

  @Test(arguments: ["data/conv1/0", "data/conv1/1", "history/0", "history/1"])
  func digestsOfOtherValues(dataset: String) {
    alter { file, _ in putDigest(String(repeating: "0", count: 64), of: dataset, file) }
    refused(["its tensors' names, shapes and digests do not have the digest that was written. Use another one"])
  }

  /// Momentum is missing where the group that holds it is gone, though every parameter is whole.
  @Test func momentumTakenAway() {
    alter { file, _ in H5Ldelete(file, "history", hid_t(H5P_DEFAULT)) }
    refused(["its tensors' names, shapes and digests do not have the digest that was written. Use another one"])
  }

  /// Puts a text in the place of a dataset's digest, or removes that.
  private func putDigest(_ digest: String?, of dataset: String, _ file: hid_t) {
    let id = H5Dopen2(file, dataset, hid_t(H5P_DEFAULT))
    #expect(H5Adelete(id, "sha256") >= 0)
    if let digest {
      let type = H5Tcopy(hdf5_c_string())
      H5Tset_size(type, digest.utf8.count + 1)
      let space = H5Screate(H5S_SCALAR)
      let attribute = H5Acreate2(id, "sha256", type, space, hid_t(H5P_DEFAULT), hid_t(H5P_DEFAULT))
      #expect(H5Awrite(attribute, type, Array(digest.utf8) + [0]) >= 0)
      H5Aclose(attribute)
      H5Sclose(space)
      H5Tclose(type)
    }
    H5Dclose(id)
  }

  /// The digest of all texts is taken anew, as only another program that writes such files would do it.
  @Test func stateThatIsNone() throws {
    let content = HDF5Content(noun: "checkpoint", adviceOnDamage: "")
    let texts = try HDF5Library.exclusively {
      let file = try HDF5Reader.open(path, as: content)
      return try [
        "2", file.attribute("source") ?? "", file.attribute("history") ?? "", file.attribute("created") ?? "",
        file.text("prelu_dist", "configuration"), file.text("prelu_dist", "data_fingerprint"), "[4]",
        file.text("prelu_dist", "digest"),
      ]
    }
    let digest = SHA256.digest(of: texts.map { "\($0.utf8.count):\($0)" }.joined())
    alter { file, _ in
      put(["[4]"], isList: false, at: "prelu_dist/training_state", file)
      put([digest], isList: false, at: "prelu_dist/header_digest", file)
    }
    refused(["/prelu_dist/training_state: expected the state of a training as JSON, found \"[4]\". Use another one"])
  }

  /// A text altered with HDF5's own means, its checksums with it.
  @Test func stateAlteredByHand() {
    alter { file, _ in
      let dataset = H5Dopen2(file, "prelu_dist/training_state", hid_t(H5P_DEFAULT))
      let type = H5Dget_type(dataset)
      var bytes = [UInt8](repeating: 0, count: H5Tget_size(type))
      H5Dread(dataset, type, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), &bytes)
      let text = String(decoding: bytes, as: UTF8.self)
      let altered = Array(text.replacingOccurrences(of: "\"epoch\":3", with: "\"epoch\":4").utf8)
      #expect(altered != bytes)
      H5Dwrite(dataset, type, hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), altered)
      H5Tclose(type)
      H5Dclose(dataset)
    }
    refused(["its texts do not have the digest that was written"])
  }

  /// Values altered with HDF5's own means, their checksums with them.
  @Test(arguments: ["data/conv1/0", "history/0"])
  func valuesAlteredByHand(name: String) {
    alter { file, _ in flip(name, count: 108, file) }
    let words = [path, "the values of conv1/0 have the digest ", " was written"]
    expect(.damaged, words) { _ = try CheckpointFile.digest(ofFile: path) }
    expect(.damaged, words) { try TestNetwork(Self.shapes, seed: 5).read(path) }
  }

  @Test func meanAlteredByHand() throws {
    try FileManager.default.removeItem(atPath: path)
    let network = TestNetwork(Self.shapes, seed: 1)
    try withExtendedLifetime(network) {
      _ = try CheckpointFile.write(
        to: path, tensors: network.tensors, state: testState, configuration: "{}", dataFingerprint: "{}",
        input: InputDescription(meanShape: [3, 2, 2], mean: (0..<12).map { Float($0) }, classNames: ["ant", "bee"]),
        provenance: testProvenance)
    }
    #expect(try CheckpointFile.readHeader(path).input?.mean[11] == 11)
    alter { file, _ in flip("prelu_dist/mean", count: 12, file) }
    refused(["the values of the mean have the digest ", " was written. Use another one"])
  }

  /// Changes the last bit of a tensor.
  private func flip(_ name: String, count: Int, _ file: hid_t) {
    let dataset = H5Dopen2(file, name, hid_t(H5P_DEFAULT))
    var values = [Float](repeating: 0, count: count)
    H5Dread(dataset, hdf5_native_float(), hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), &values)
    values[count - 1] = Float(bitPattern: values[count - 1].bitPattern ^ 1)
    #expect(H5Dwrite(dataset, hdf5_native_float(), hid_t(H5S_ALL), hid_t(H5S_ALL), hid_t(H5P_DEFAULT), values) >= 0)
    H5Dclose(dataset)
  }
}
