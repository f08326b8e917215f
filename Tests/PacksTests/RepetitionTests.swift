import Foundation
import Images
import Packs
import TestSupport
import Testing

/// Tests of pictures that a source names several times: a network must not be measured on what it was trained on
/// without anybody being told.
@Suite struct RepetitionTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
    for name in ["p/cat/1.jpg", "p/cat/2.jpg", "p/dog/3.jpg", "p/dog/4.jpg", "q/cat/1.jpg", "q/dog/3.jpg"] {
      try folder.write([], to: name)
    }
  }

  private func list(_ name: String, _ lines: String...) throws -> String {
    try folder.write(Array((lines.joined(separator: "\n") + "\n").utf8), to: name)
  }

  private func examined(_ input: PackInput, _ aside: PackSettings.Aside = .none) throws -> [String] {
    var listing = try input.listing()
    try listing.putAside(aside)
    try listing.examineRepetition()
    return listing.account.warnings
  }

  private func problem(_ input: PackInput) -> String {
    do { return "no error but \(try examined(input))" } catch { return "\(error)" }
  }

  @Test func oneFolderForTwoSplitsIsRefused() throws {
    let source = folder.file("p")
    let words = """
      expected other pictures for the validation split than to train on, found the same 4 pictures. Name another \
      folder or list, or put pictures aside with --hold-out or --fold.
      """
    #expect(problem(PackInput(source: source, validation: source)) == "\(source): \(words)")
    // Another way to the same place.
    try FileManager.default.createSymbolicLink(atPath: folder.file("link"), withDestinationPath: source)
    #expect(problem(PackInput(source: source, validation: folder.file("link"))) == "\(folder.file("link")): \(words)")
    #expect(problem(PackInput(source: source, validation: "\(source)/../p/./")).hasSuffix(words))
    #expect(try examined(PackInput(source: source, validation: folder.file("q"))) == [])
    #expect(problem(PackInput(source: source, test: source)).contains("for the test split than to train on"))
  }

  @Test func listsThatShareSomePictures() throws {
    let training = try list("train.txt", "p/cat/1.jpg cat", "p/cat/2.jpg cat", "p/dog/3.jpg dog")
    let validation = try list("val.txt", "p/../p/dog/3.jpg dog", "q/dog/3.jpg dog")
    #expect(
      try examined(PackInput(source: training, validation: validation)) == [
        "1 picture of the validation split is in another split, too, so that it measures what was learned by heart: "
          + "p/../p/dog/3.jpg"
      ])
  }

  @Test func picturesThatAreListedTwice() throws {
    let twice = try list("a.txt", "p/cat/1.jpg cat", "p/cat/1.jpg cat", "p/dog/3.jpg dog", "./p/dog/3.jpg cat")
    #expect(
      try examined(PackInput(source: twice)) == [
        "2 pictures of the training split are listed more than once: p/cat/1.jpg, ./p/dog/3.jpg",
        "1 picture of the training split has two labels, of which training sees both: ./p/dog/3.jpg",
      ])
    // One of two lines of the same picture may be put aside, and the other one trained on.
    let all = try list(
      "b.txt", "p/cat/1.jpg cat", "p/cat/1.jpg cat", "p/dog/3.jpg dog", "p/dog/4.jpg dog", "q/dog/3.jpg dog")
    #expect(
      try examined(PackInput(source: all), .pictures(2)) == [
        "1 picture of the validation split is in another split, too, so that it measures what was learned by heart: "
          + "p/cat/1.jpg"
      ])
  }
}
