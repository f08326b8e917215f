import Foundation
import System
import TestSupport
import Testing

@Suite struct OutputFileTests {
  let scratch: ScratchFolder

  init() throws {
    scratch = try ScratchFolder()
  }

  private func output(_ name: String) -> OutputFile {
    OutputFile(scratch.file(name), kind: "a table of errors", beginnings: ["class,errors\n"])
  }

  @Test func aNewNameAndAnEarlierResultAreTaken() throws {
    try scratch.write(Array("class,errors\n1,2\n".utf8), to: "earlier.csv")
    try scratch.write([], to: "empty.csv")
    for name in ["new.csv", "earlier.csv", "empty.csv"] {
      try output(name).check(inputs: [scratch.file("earlier.txt")], overwrites: false)
    }
  }

  @Test(arguments: [
    ([0xFF, 0xD8, 0xFF, 0xE0] as [UInt8], "a JPEG picture"), (Array("model: A\n".utf8), "a text file"),
    ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A], "an HDF5 file"), ([0, 1, 2], "a file of an unknown kind"),
  ])
  func whatIsNotAnEarlierResultIsReplacedOnlyOnDemand(bytes: [UInt8], name: String) throws {
    try scratch.write(bytes, to: "precious")
    let path = scratch.file("precious")
    expect(
      .cannotCreate,
      [
        "\(path): expected a new name, or an earlier table of errors, found \(name) that would be lost. Give another "
          + "name, or --overwrite to replace it"
      ]
    ) { try output("precious").check(inputs: [], overwrites: false) }
    try output("precious").check(inputs: [], overwrites: true)
    #expect(try scratch.bytes("precious") == bytes)
    // A link to it is as precious.
    try FileManager.default.createSymbolicLink(atPath: scratch.file("link"), withDestinationPath: "precious")
    expect(.cannotCreate, ["\(scratch.file("link")): expected a new name, or an earlier"]) {
      try output("link").check(inputs: [], overwrites: false)
    }
  }

  @Test func devicesPipesFoldersAndInputsNeverAre() throws {
    #expect(mkfifo(scratch.file("pipe"), 0o600) == 0)
    try FileManager.default.createSymbolicLink(atPath: scratch.file("null"), withDestinationPath: "/dev/null")
    for name in ["pipe", "null"] {
      expect(.cannotCreate, ["found a device, pipe or socket, which a file would replace. Give another name"]) {
        try output(name).check(inputs: [], overwrites: true)
      }
    }
    expect(.cannotCreate, ["found a device"]) {
      try OutputFile("/dev/full", kind: "a report", beginnings: []).check(inputs: [], overwrites: true)
    }
    try FileManager.default.createDirectory(atPath: scratch.file("folder"), withIntermediateDirectories: false)
    expect(.cannotCreate, ["expected the name of a file, found a folder"]) {
      try output("folder").check(inputs: [], overwrites: true)
    }
    try scratch.write(Array("class,errors\n".utf8), to: "table.csv")
    try FileManager.default.createSymbolicLink(atPath: scratch.file("same"), withDestinationPath: "table.csv")
    expect(.cannotCreate, ["expected a name of its own for a table of errors, found an input of this command"]) {
      try output("same").check(inputs: [scratch.file("none"), scratch.file("table.csv")], overwrites: true)
    }
    try FileManager.default.createSymbolicLink(atPath: scratch.file("lost"), withDestinationPath: "nowhere")
    expect(.cannotCreate, ["found a symbolic link that leads to nothing"]) {
      try output("lost").check(inputs: [], overwrites: true)
    }
    expect(.cannotCreate, ["found an empty one"]) {
      try OutputFile("", kind: "a report", beginnings: []).check(inputs: [], overwrites: true)
    }
  }
}
