import Foundation
import Images
import Packs
import TestSupport
import Testing

/// The order and the names of classes, in folders and in lists.
@Suite struct LabelsTests {
  private let folder: ScratchFolder

  init() throws {
    folder = try ScratchFolder()
  }

  private func touch(_ names: [String]) throws { for name in names { try folder.write([], to: name) } }

  private func list(_ text: String, classNames: String? = nil) throws -> PackListing {
    try folder.write(Array(text.utf8), to: "list.csv")
    return try PackInput(source: folder.file("list.csv"), classNames: classNames).listing()
  }

  private func problem(_ text: String) -> String {
    do { return "no error but \(try list(text))" } catch { return "\(error)" }
  }

  private func pairs(_ listing: PackListing) -> [String] {
    listing.parts[.training]?.entries.map { "\($0.name) is \(listing.classNames[Int($0.label)])" } ?? []
  }

  @Test func numbersAreInTheirOwnOrder() throws {
    try touch((0...11).map { "\($0)/1.jpg" })
    let names = try folder.write(
      Array("\u{FEFF}".utf8) + Array((0...11).map { "name\($0)\r\n" }.joined().utf8), to: "n.txt")
    let listing = try PackInput(source: folder.path, classNames: names).listing()
    #expect(listing.classFolders == (0...11).map(String.init))
    #expect(listing.classNames == (0...11).map { "name\($0)" })
    try touch(["012/1.jpg", "100000000000000000000/1.jpg"])
    #expect(
      try PackInput(source: folder.path).listing().classFolders.suffix(3) == ["11", "012", "100000000000000000000"])
    try touch(["x/1.jpg"])
    #expect(try PackInput(source: folder.path).listing().classFolders.prefix(3) == ["0", "012", "1"])
  }

  @Test func classNamesAreCheckedAgainstFolders() throws {
    try touch(["cat/1.jpg", "black dog/1.jpg"])
    func names(_ text: String) throws -> [String] {
      let path = try folder.write(Array(text.utf8), to: "n.txt")
      return try PackInput(source: folder.path, classNames: path).listing().classNames
    }
    #expect(try names("cat\nblack dog\n") == ["black dog", "cat"])
    #expect(try names("cat Katze\nblack dog schwarzer Hund\n") == ["schwarzer Hund", "Katze"])
    #expect(try names("cat,Katze\r\nblack dog,Hund\r\nbird,Vogel\r\n") == ["Hund", "Katze"])
    #expect(try names("Hund\nKatze\n") == ["Hund", "Katze"])
    let error = #expect(throws: DataError.self) { try names("cat\nHund\n") }
    #expect(
      error?.description == """
        \(folder.path)/n.txt: expected a line that begins with each class's folder, or only names in their order, \
        found line 1 of those that are not empty, "cat", which is a folder's name, and no line of "black dog". Write \
        the folder and its name in each line, such as "black dog NAME".
        """)
  }

  @Test func headersNameTheColumns() throws {
    try touch(["cat/1.jpg", "cat/2.jpg"])
    let both = ["cat/1.jpg is 0", "cat/2.jpg is 1"]
    #expect(pairs(try list("filename,label\ncat/1.jpg,0\ncat/2.jpg,1\n")) == both)
    #expect(pairs(try list("\u{FEFF}Filename;Width;ClassId\r\ncat/1.jpg;50;0\r\ncat/2.jpg;60;1\r\n")) == both)
    #expect(pairs(try list("label\timage_path\n0\tcat/1.jpg\n1\tcat/2.jpg\n")) == both)
    #expect(pairs(try list("Bild,Nummer\ncat/1.jpg,0\ncat/2.jpg,1\n")) == both)
    #expect(pairs(try list("\"cat/1.jpg\",\"0\"\n\"cat/2.jpg\",\"1\"\n")) == both)
    #expect(pairs(try list("cat/1.jpg;0\ncat/2.jpg;1\n")) == both)
    #expect(pairs(try list("cat/1.jpg,\"0\"\n\"cat/2.jpg\",1\n")) == both)
    #expect(
      pairs(try list("id,label\ncat/1.jpg,cat\ncat/2.jpg,\"dog, \"\"old\"\"\"\n")).last == "cat/2.jpg is dog, \"old\"")
    let notes = try list("filename,label\ncat/1.jpg,0\ncat/2.jpg,1\n").account.notes
    #expect(notes == ["line 1 of \(folder.file("list.csv")) is taken for a header; the columns are filename and label"])
  }

  @Test func pathsOfOtherSystemsAndWithoutEndings() throws {
    try touch(["cat/1.jpg", "cat/2.PNG"])
    let listing = try list("cat\\1.jpg 0\ncat/2 1\n")
    #expect(pairs(listing) == ["cat/1.jpg is 0", "cat/2.PNG is 1"])
    #expect(listing.account.notes.count == 2)
    try touch(["cat/2.jpg"])
    #expect(problem("cat/1.jpg 0\ncat/2 1\n").contains("in line 2, which may be cat/2.jpg or cat/2.PNG"))
  }

  @Test func missingFilesAreFoundBeforeTheWorkWithAGuess() throws {
    try touch(["cat/1.jpg", "cat/22.jpg", "in/dog/3.jpg"])
    func expect(_ line: String, _ guess: String, sourceLocation: SourceLocation = #_sourceLocation) {
      let found = problem("cat/1.jpg,0\n\n\(line)\n")
      #expect(
        found.contains("of line 3 is missing") && found.contains(guess), "\(found)", sourceLocation: sourceLocation)
    }
    expect("cat/22.JPG,1", "Is \(folder.path)/cat/22.jpg meant?")
    expect("cat/22.png,1", "Is \(folder.path)/cat/22.jpg meant?")
    expect("cat/23.jpg,1", "Is \(folder.path)/cat/22.jpg meant?")
    expect("cat/22.jpg,50,60", "cat/22.jpg is there: the line has more than a path and a label")
    expect("1,cat/22.jpg", "cat/22.jpg is there: the label stands before the path")
    expect("/home/anna/photos/cat/22.jpg,1", "\(folder.path)/cat/22.jpg is there: is cat/22.jpg meant?")
    expect("dog/3.jpg,1", "\(folder.path)/in/dog/3.jpg is there: --root \(folder.path)/in means it.")
    #expect(
      problem("cat/1.jpg,0\nx/1.jpg,1\nx/2.jpg,1\n") == """
        \(folder.path)/list.csv: expected files at the paths of its lines, found that \(folder.path)/x/1.jpg of line 2 \
        is missing, as is 1 more. Paths are relative to \(folder.path); --root DIR names another folder.
        """)
  }

  /// No memory depends on the greatest number.
  @Test func identifiersOfAnySize() throws {
    try touch(["1.jpg", "2.jpg", "3.jpg"])
    let listing = try list("1.jpg 2147483647\n2.jpg 7\n3.jpg 99999999999999999999999\n")
    #expect(listing.classNames == ["7", "2147483647", "99999999999999999999999"])
    #expect(
      listing.account.notes == [
        "the labels are taken for identifiers of 3 classes, from 7 to 99999999999999999999999, in the order of their "
          + "numbers"
      ])
    #expect(try list("1.jpg 1.0\n2.jpg 0.0\n").classNames == ["0", "1"])
  }

  @Test func labelsThatMeanTwoThingsAreRefused() throws {
    try touch(["1.jpg", "2.jpg"])
    #expect(
      problem("1.jpg 007\n2.jpg 7\n") == """
        \(folder.path)/list.csv: expected one spelling of each label, found 007 in line 1 and 7 in line 2, which are \
        the same number. Write both alike if they are one class, or names such as id-7 if they are two.
        """)
    #expect(
      problem("1.jpg -1\n2.jpg 1\n").contains("found -1 for 1.jpg in line 1, which may be a class, or stand for none"))
  }

  /// All lines would be trained on, also those to test.
  @Test func aColumnOfSplits() throws {
    try touch(["1.jpg", "2.jpg", "3.jpg"])
    #expect(
      problem("filename,label,split\n1.jpg,a,train\n2.jpg,b,train\n3.jpg,b,TEST\n") == """
        \(folder.path)/list.csv: expected the pictures of one split in a list, found train and, in line 4, TEST in the \
        column split. Write the lines of each split to a list of its own, and name the others with --validation and \
        --test; or remove the column if all lines are to be trained on.
        """)
    #expect(try list("image_id,Usage,label\n1.jpg,train,a\n2.jpg,train,b\n").classNames == ["a", "b"])
    #expect(try list("image_id,set,label\n1.jpg,1,a\n2.jpg,2,b\n").classNames == ["a", "b"])
  }

  @Test func namesAmongNumbers() throws {
    try touch(["1.jpg", "2.jpg", "3.jpg"])
    #expect(
      try list("1.jpg,0\n2.jpg,1\n3.jpg,many\n").account.warnings == [
        "\(folder.path)/list.csv: most labels are numbers, and \"many\" in line 3 is not a whole one: all are taken "
          + "for names of classes"
      ])
    #expect(try list("1.jpg,0.5\n2.jpg,1\n3.jpg,2\n").account.warnings.count == 1)
    #expect(try list("1.jpg,7\n2.jpg,A\n3.jpg,B\n").account.warnings == [])
  }

  @Test func namesThatLookAlike() throws {
    try touch(["1.jpg", "2.jpg", "3.jpg"])
    func warnings(_ one: String, _ other: String) throws -> [String] {
      try list("1.jpg,\"\(one)\"\n2.jpg,\"\(other)\"\n").account.warnings
    }
    #expect(try warnings("Cat", "cat") == ["the classes Cat and cat differ only in case"])
    let blanks = "differ only in blanks, underscores or case"
    #expect(try warnings("cat", "cat ") == ["the classes \"cat\" and \"cat \" \(blanks)"])
    #expect(try warnings("tree frog", "Tree_frog") == ["the classes \"Tree_frog\" and \"tree frog\" \(blanks)"])
    #expect(try warnings("cat", "cart") == [])
    let names = try folder.write(Array("same\nsame\n".utf8), to: "n.txt")
    try touch(["p/a/1.jpg", "p/b/1.jpg"])
    #expect(
      try PackInput(source: folder.file("p"), classNames: names).listing().account.warnings == [
        "2 classes bear the same name, same"
      ])
  }

  /// macOS writes the accents of files' names behind their letters.
  @Test(arguments: [("caf\u{E9}", "cafe\u{301}"), ("cafe\u{301}", "caf\u{E9}")])
  func pathsInTheOtherFormOfUnicode(file: String, line: String) throws {
    try touch(["\(file)/1.jpg", "2.jpg"])
    let listing = try list("\(line)/1.jpg 0\n2.jpg 1\n")
    #expect(
      listing.parts[.training]?.entries.first.map { Array($0.name.utf8) } == Array("\(file)/1.jpg".utf8))
    #expect(listing.account.notes.map { $0.hasSuffix("with accented letters in the other form of Unicode") } == [true])
  }
}
