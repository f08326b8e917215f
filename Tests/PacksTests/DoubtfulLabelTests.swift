import Images
import Packs
import TestSupport
import Testing

/// Tests of labels that are learned without complaint, and mean nothing: missing values, several classes in one cell,
/// classes of one split only.
@Suite struct DoubtfulLabelTests {
  private let folder: ScratchFolder
  private var path: String { folder.file("list.csv") }

  init() throws {
    folder = try ScratchFolder()
    for number in 1...6 { try folder.write([], to: "\(number).jpg") }
  }

  private func list(_ text: String, validation: String? = nil, names: String? = nil) throws -> PackListing {
    func write(_ text: String, _ name: String) throws -> String { try folder.write(Array(text.utf8), to: name) }
    return try PackInput(
      source: try write(text, "list.csv"), validation: try validation.map { try write($0, "val.csv") },
      classNames: try names.map { try write($0, "names.txt") }
    ).listing()
  }

  private func problem(_ text: String, validation: String? = nil, names: String? = nil) -> String {
    do {
      return "no error but \(try list(text, validation: validation, names: names))"
    } catch {
      return "\(error)".replacing("\(folder.path)/", with: "")
    }
  }

  private func warnings(_ text: String) throws -> [String] {
    try list(text).account.warnings.map { $0.replacing("\(folder.path)/", with: "") }
  }

  // MARK: - Missing values

  @Test(arguments: ["nan", "NaN", "NAN", "None", "null", "NULL", "<NA>", "NaT", "#N/A", "\" \""])
  func missingValuesAreRefused(word: String) throws {
    for others in [["cat", "dog"], ["0", "1"]] {
      let text = "1.jpg,\(others[0])\n2.jpg,\(word)\n3.jpg,\(others[1])\n4.jpg,\(word)\n"
      let shown = word.hasPrefix("\"") ? word : "\"\(word)\""
      #expect(
        problem(text) == """
          list.csv: expected a class for each picture, found \(shown) for 2.jpg in line 2 and for 1 more picture, \
          which programs write for a value that is missing. Leave out the pictures without a class; or, if it is a \
          class, name all classes in a file with --class-names.
          """)
    }
  }

  @Test func aClassThatIsNamedSo() throws {
    #expect(try list("1.jpg,cat\n2.jpg,None\n", names: "None\ncat\n").classNames == ["None", "cat"])
    #expect(
      try warnings("1.jpg,cat\n2.jpg,none\n3.jpg,none\n") == [
        "list.csv: \"none\" in line 2 is taken for a class of 2 pictures: leave them out if it stands for a value that "
          + "is missing"
      ])
    #expect(try warnings("1.jpg,cat\n2.jpg,nano\n3.jpg,nothing\n").isEmpty)
  }

  @Test(arguments: ["3.jpg,", "3.jpg,\"\"", "\"3.jpg\",", "3.jpg"])
  func emptyCells(line: String) {
    for header in ["", "filename,label\n"] {
      #expect(
        problem("\(header)1.jpg,cat\n2.jpg,dog\n\(line)\n") == """
          list.csv: expected a path and a label in each line, found \(line.debugDescription) in line \
          \(header.isEmpty ? 3 : 4). Remove the lines of pictures without a label, or write it.
          """)
    }
  }

  // MARK: - Several classes in one cell

  @Test(arguments: ["cat dog", "cat|dog", "\"cat,dog\"", "cat;dog", "cat/dog", "\"['cat', 'dog']\"", "cat | dog"])
  func severalClassesInACell(cell: String) throws {
    let word = cell.hasPrefix("\"") ? String(cell.dropFirst().dropLast()) : cell
    #expect(
      try warnings("1.jpg,cat\n2.jpg,dog\n3.jpg,\(cell)\n") == [
        "list.csv: \(word.debugDescription) in line 3 is taken for a class of its own, beside \"cat\" and \"dog\": a "
          + "picture has one class; if they are several, choose one, or leave the picture out"
      ])
  }

  @Test func namesOfSeveralWords() throws {
    #expect(try warnings("1.jpg,golden retriever\n2.jpg,\"cat, black\"\n3.jpg,cat\n4.jpg,and/or\n").isEmpty)
    let many = try warnings("1.jpg,a\n2.jpg,b\n3.jpg,a b\n4.jpg,b a\n5.jpg,a|c\n")
    #expect(many.count == 1 && many[0].contains("beside \"a\" and \"b\"; so are 2 more labels of several words: "))
  }

  // MARK: - Classes of one split only

  @Test func numbersInOneSplitAndNamesInTheOther() {
    #expect(
      problem("1.jpg,0\n2.jpg,1\n", validation: "3.jpg,cat\n4.jpg,dog\n") == """
        val.csv: expected only classes of list.csv, found none of them, but "cat" in line 1 and 1 more class. The \
        labels of list.csv are numbers, and this is a name: write those of both in the same way.
        """)
    #expect(
      problem("1.jpg,cat\n2.jpg,dog\n", validation: "3.jpg,cat\n4.jpg,1\n") == """
        val.csv: expected only classes of list.csv, found "1" in line 2 that is not there. The labels of list.csv are \
        names, and this is a number: write those of both in the same way.
        """)
  }

  @Test func classesThatTrainingDoesNotHave() throws {
    let advice = """
      Leave such classes out, or add pictures of them to train on. Where all classes are named with \
      --class-names, training may lack some.
      """
    #expect(
      problem("1.jpg,1001\n2.jpg,1002\n", validation: "3.jpg,1001\n4.jpg,5005\n") == """
        val.csv: expected only classes of list.csv, found "5005" in line 2 that is not there. \(advice)
        """)
    #expect(
      problem("1.jpg,cat\n2.jpg,dog\n", validation: "3.jpg,cat\n4.jpg,zebra\n5.jpg,mule\n") == """
        val.csv: expected only classes of list.csv, found "zebra" in line 2 and 1 more class that are not there. \
        \(advice)
        """)
    #expect(
      problem("1.jpg,cat\n2.jpg,dog\n", validation: "3.jpg,Cat\n") == """
        val.csv: expected only classes of list.csv, found none of them, but "Cat" in line 1. Is "cat" meant?
        """)
    #expect(
      problem("1.jpg,0\n2.jpg,1\n", validation: "3.jpg,1\n4.jpg,2\n") == """
        val.csv: expected only classes of list.csv, found "2" in line 2 that is not there. Its labels seem to count \
        from 1, and those of list.csv from 0: write both alike.
        """)
  }

  /// A person who names the classes may have no pictures of some yet; a split of none of training's is a mistake.
  @Test func classesThatAPersonNames() throws {
    let names = "bird\ncat\ndog\n"
    let listing = try list("1.jpg,cat\n2.jpg,bird\n", validation: "3.jpg,cat\n4.jpg,dog\n", names: names)
    #expect(listing.classNames == ["bird", "cat", "dog"] && listing.emptyClasses == [2])
    #expect(!listing.account.labelsArePlaces)
    let numbers = try list("1.jpg,1\n2.jpg,2\n", validation: "3.jpg,0\n4.jpg,1\n", names: names)
    #expect(numbers.emptyClasses == [0] && numbers.account.labelsArePlaces)
    #expect(
      problem("1.jpg,cat\n", validation: "4.jpg,dog\n", names: names) == """
        val.csv: expected only classes of list.csv, found none of them, but "dog" in line 1. Both need the same classes.
        """)
  }
}
