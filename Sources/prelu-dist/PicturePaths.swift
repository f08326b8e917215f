import Foundation
import Training

/// The files that a person means by names of pictures, folders and `-`.
enum PicturePaths {
  private static let extensions: Set<String> = ["jpg", "jpeg", "png", "pgm", "ppm"]

  /// Calls `body` for each file: those of a folder in alphabetic order, those of standard input as they come.
  static func forEach(of names: [String], _ body: (String) throws -> Void) throws {
    for name in names {
      if name == "-" {
        while let line = readLine() {
          if !line.isEmpty { try body(line) }
        }
        continue
      }
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: name, isDirectory: &isFolder), isFolder.boolValue else {
        try body(name)
        continue
      }
      let inside = try files(in: name)
      guard !inside.isEmpty else {
        throw TrainingError(
          Training.ExitCode.missingInput,
          "\(name): no pictures in this folder: expected files that end in \(extensions.sorted().joined(separator: ", "))"
        )
      }
      for path in inside { try body(path) }
    }
  }

  private static func files(in folder: String) throws -> [String] {
    let base = folder.hasSuffix("/") ? String(folder.dropLast()) : folder
    guard let all = FileManager.default.enumerator(atPath: folder) else {
      throw TrainingError(Training.ExitCode.inputOutput, "\(folder): the folder cannot be read")
    }
    return all.compactMap { $0 as? String }
      .filter { extensions.contains(($0 as NSString).pathExtension.lowercased()) }
      .sorted().map { "\(base)/\($0)" }
  }
}
