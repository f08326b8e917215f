import Glibc
import Images
import Packs
import System

/// The files that a person means by names of pictures, by folders, and by `-` for names on standard input.
struct PicturePaths {
  /// A step of the walk over the files.
  enum Step {
    case picture(String)
    /// A folder that cannot be read, or that has no pictures.
    case failure(String, ExitStatus)
    /// Files of a folder that are left out, because they are not read.
    case warning(String)
    /// Standard input has nothing more for now: the pictures so far should be shown.
    case pause
  }

  private let names: [String]

  init(_ names: [String]) { self.names = names }

  /// Calls `body` for each step: the files of a folder in the order of their names, those on standard input as they
  /// arrive. Ends where `body` returns false.
  func walk(_ body: (Step) throws -> Bool) rethrows {
    for name in names {
      guard name == "-" else {
        guard try expand(name, body) else { return }
        continue
      }
      var input = InputLines(descriptor: STDIN_FILENO)
      while true {
        switch input.next() {
        case .line(""): continue
        case .line(let name): guard try expand(name, body) else { return }
        case .pause: guard try body(.pause) else { return }
        case .end: break
        }
        if input.isAtEnd { break }
      }
    }
  }

  /// Calls `body` for a picture, or for the pictures of a folder. Returns whether to continue.
  private func expand(_ name: String, _ body: (Step) throws -> Bool) rethrows -> Bool {
    guard FileSystem.isFolder(name) else { return try body(.picture(name)) }
    let found: FolderListing.Found
    do throws(DataError) {
      found = try FolderListing.allPictures(name)
    } catch {
      return try body(.failure("\(error)", error.exitStatus))
    }
    let advice = FileEnding.advice(found.others.keys)
    guard !found.pictures.isEmpty else {
      let endings = FileEnding.pictures.joined(separator: ", ")
      let others = found.others.isEmpty ? "none" : FileEnding.text(found.others)
      return try body(
        .failure(
          "\(name): no pictures in this folder: expected files that end in \(endings), found \(others)"
            + (advice.isEmpty ? "" : ". \(advice)"), .missingInput))
    }
    let left = found.others.filter { FileEnding.isOtherFormat($0.key) || $0.key.isEmpty }
    if !left.isEmpty {
      let warning = "\(name): left out \(FileEnding.text(left))" + (advice.isEmpty ? "" : ". \(advice)")
      guard try body(.warning(warning)) else { return false }
    }
    for path in found.pictures {
      guard try body(.picture(path)) else { return false }
    }
    return true
  }
}
