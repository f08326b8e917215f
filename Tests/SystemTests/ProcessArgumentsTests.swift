import Foundation
import System
import TestSupport
import Testing

@Suite struct ProcessArgumentsTests {
  /// This process has the arguments that its launcher gave it, and so has its own record.
  @Test func theSystemAndTheLibraryAgree() {
    #expect(ProcessArguments.all == CommandLine.arguments)
    #expect(ProcessArguments.line == CommandLine.arguments.joined(separator: " "))
  }

  @Test func wordsEndWithAZero() throws {
    let scratch = try ScratchFolder()
    func words(_ bytes: [UInt8]) throws -> [String]? {
      try scratch.write(bytes, to: "words")
      return ProcessArguments.ofSystem(scratch.file("words"))
    }
    #expect(try words(Array("a\0--name\0\0b c\0".utf8)) == ["a", "--name", "", "b c"])
    // Another program may have changed its own.
    #expect(try words(Array("a\0b".utf8)) == ["a", "b"])
    #expect(try words([0x61, 0xFF, 0]) == ["a\u{FFFD}"])
    #expect(try words([]) == nil)
    #expect(ProcessArguments.ofSystem(scratch.file("none")) == nil)
  }
}
