/// The declarations of Package.swift: the part of `swift package dump-package` that concerns targets.
struct Manifest: Decodable {
  let targets: [Target]

  struct Target: Decodable {
    let name: String
    /// `regular`, `executable`, `test`, or `system` for a C library.
    let type: String
    let path: String?
    let dependencies: [Dependency]

    /// The folder of its files, from the repository's root.
    var folder: String { path ?? "\(type == "test" ? "Tests" : "Sources")/\(name)" }
  }

  /// A target, or a product of another package. Each product here has the name of its only module.
  struct Dependency: Decodable {
    let name: String

    /// Reads `{"byName": [name, …]}`, `{"target": [name, …]}` or `{"product": [name, package, …]}`.
    init(from decoder: any Decoder) throws {
      let kinds = try decoder.container(keyedBy: Kind.self)
      guard let kind = kinds.allKeys.first else {
        throw DecodingError.dataCorrupted(
          .init(codingPath: kinds.codingPath, debugDescription: "a dependency of none of the kinds \(Kind.allCases)"))
      }
      var values = try kinds.nestedUnkeyedContainer(forKey: kind)
      name = try values.decode(String.self)
    }

    private enum Kind: String, CodingKey, CaseIterable { case byName, target, product }
  }
}
