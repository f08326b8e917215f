import Foundation
import System
import SystemPackage
import TestSupport
import Testing

@Suite struct OpenFileTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  @Test func writesAndReadsAtAnyPlace() throws {
    let file = try OpenFile(creating: folder.file("a"))
    try [5, 6].withUnsafeBytes { try file.write(UnsafeRawBufferPointer(rebasing: $0[..<8]), at: 3) }
    try file.write([1, 2])
    var bytes = [UInt8](repeating: 9, count: 20)
    #expect(try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 1) } == 10)
    #expect(bytes == [2, 0, 5, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 9, count: 10))
    try file.resize(to: 4)
    #expect(try bytes.withUnsafeMutableBytes { try file.read(into: $0, at: 4) } == 0)
    try file.synchronize()
    let canBeLocked = file.canBeLocked()
    #expect(canBeLocked)
    try file.close()
    #expect(try folder.bytes("a") == [1, 2, 0, 5])
  }

  @Test func nothingIsReplacedOrFollowedByCreating() throws {
    try folder.write([1], "a")
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: "none")
    for name in ["a", "link"] {
      let error = #expect(throws: Errno.self) { _ = try OpenFile(creating: folder.file(name)) }
      #expect(error == .fileExists, "\(name)")
    }
    #expect(try folder.bytes("a") == [1] && folder.names() == ["a", "link"])
  }

  @Test func aDeviceThatIsFullIsNamedSo() throws {
    let error = #expect(throws: Errno.self) { try OpenFile("/dev/full", .writeOnly).write([1]) }
    #expect(error == .noSpace)
  }

  @Test func descriptorsAreClosedWithTheirOwners() throws {
    let path = folder.file("a")
    func descriptors() throws -> Int {
      try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count {
        (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)")) == path
      }
    }
    try folder.write([1, 2, 3], "a")
    func opened() throws -> Int {
      let file = try OpenFile(path, .readOnly)
      let count = try descriptors()
      try file.close()
      return count
    }
    #expect(try opened() == 1)
    #expect(try descriptors() == 0)
    do { _ = try OpenFile(path, .readOnly) }
    #expect(try descriptors() == 0)
    let given = try OpenFile(path, .readOnly).release()
    #expect(try descriptors() == 1)
    close(given)
  }
}
