import Foundation
import Images
import Packs
import System
import Training

/// The files that a person means by names of pictures, folders and `-`.
struct PicturePaths {
  /// What comes next.
  enum Step {
    case picture(String)
    /// A folder that cannot be read, or has no pictures.
    case failure(String, ExitStatus)
    /// Standard input has nothing more for now: what has come should be shown.
    case pause
  }

  private let names: [String]

  init(_ names: [String]) { self.names = names }

  /// Calls `body` for each step: the files of a folder in the order of their names, those of standard input as they
  /// come. Ends where `body` returns false.
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

  /// Returns whether to go on.
  private func expand(_ name: String, _ body: (Step) throws -> Bool) rethrows -> Bool {
    guard FileSystem.isFolder(name) else { return try body(.picture(name)) }
    let netpbm = ["pgm", "ppm"]
    let paths: [String]
    do throws(DataError) {
      paths = try FolderListing.allPictures(name, others: netpbm)
    } catch {
      return try body(.failure("\(error)", error.exitStatus))
    }
    guard !paths.isEmpty else {
      let endings = (FolderListing.endings + netpbm).joined(separator: ", ")
      return try body(
        .failure(
          "\(name): no pictures in this folder: expected files that end in \(endings)",
          .missingInput))
    }
    for path in paths {
      guard try body(.picture(path)) else { return false }
    }
    return true
  }
}

/// The lines of a descriptor, and when there are none yet.
private struct InputLines {
  enum Next {
    case line(String)
    case pause
    case end
  }

  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var start = 0
  /// Whether the pause was told of that lasts until the next bytes come.
  private var isPausing = false
  private(set) var isAtEnd = false

  /// A shorter silence is no pause: a program that writes names one by one is still at it.
  private static let silence: Int32 = 50

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// The next line without its end; waits for it once a pause was told. The last one needs no line break.
  mutating func next() -> Next {
    while true {
      if let end = buffer[start...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { start = end + 1 }
        return .line(text(buffer[start..<end]))
      }
      buffer.removeFirst(start)
      start = 0
      if !isPausing, !isReady(Self.silence) {
        isPausing = true
        return .pause
      }
      // A signal that asks to stop is looked for once a second.
      while !isReady(1000) {
        if StopSignals.isRequested { return end() }
      }
      isPausing = false
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(descriptor, &chunk, chunk.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return end() }
      buffer += chunk[..<count]
    }
  }

  private mutating func end() -> Next {
    isAtEnd = true
    defer { buffer = [] }
    return buffer.isEmpty ? .end : .line(text(buffer[...]))
  }

  private func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.last == UInt8(ascii: "\r") ? bytes.dropLast() : bytes, as: UTF8.self)
  }

  private func isReady(_ milliseconds: Int32) -> Bool {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    // The other side's end is ready to be read. A signal has interrupted what gives a negative number.
    return poll(&wanted, 1, milliseconds) > 0
  }
}
