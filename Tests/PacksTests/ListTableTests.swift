import Images
import Packs
import TestSupport
import Testing

/// Tests of lists that are tables with a column for each class, and of comments in lists.
@Suite struct ListTableTests {
  private let folder: ScratchFolder
  private var path: String { folder.file("list.csv") }

  init() throws {
    folder = try ScratchFolder()
    for name in ["1.jpg", "2.jpg", "3.jpg", "#4.jpg"] { try folder.write([], to: name) }
  }

  private func list(_ text: String, _ set: (inout PackInput) -> Void = { _ in }) throws -> PackListing {
    try folder.write(Array(text.utf8), to: "list.csv")
    var input = PackInput(source: path)
    set(&input)
    return try input.listing()
  }

  private func pairs(_ listing: PackListing) -> [String] {
    listing.parts[.training]?.entries.map { "\($0.name) is \(listing.classNames[Int($0.label)])" } ?? []
  }

  private func problem(_ text: String) -> String {
    do { return "no error but \(try list(text))" } catch { return "\(error)" }
  }

  @Test(arguments: [
    "image,cat,dog\n1.jpg,1,0\n2.jpg,0,1\n", "image,cat,dog\n1,1.0,0.0\n2,0.0,1.0\n",
    "image_id\tdog\tcat\r\n1.jpg\t0\t1\r\n2.jpg\t1\t0\r\n", ",Bild,cat,dog\n0,1.jpg,1,0\n1,2.jpg,0,1\n",
    "id;cat;dog\n1;1;0\n2;0;1\n", "image,cat,dog\n\"1.jpg\",True,False\n2.jpg,False,True\n",
    "image,split,cat,dog,age\n1.jpg,train,1,0,17\n2.jpg,train,0,1,1\n", "image cat dog\n1.jpg 1 0\n2.jpg 0 1\n",
  ])
  func aColumnForEachClass(text: String) throws {
    #expect(pairs(try list(text)) == ["1.jpg is cat", "2.jpg is dog"])
  }

  @Test func theColumnsAreSaid() throws {
    let listing = try list("image,cat,dog,bird,age\n1.jpg,1,0,0,44\n2.jpg,0,1,0,45\n")
    #expect(
      listing.account.notes == [
        "line 1 of \(path) is taken for a header; the columns are image and one with a 0 or a 1 for each of 3 classes, "
          + "from cat to bird; age does not count",
        "1 column of \(path) without a 1 in any line: bird",
      ])
    #expect(listing.classNames == ["cat", "dog"])
    #expect(
      pairs(try list("image,class 0,class 1\n1.jpg,1,0\n2.jpg,0,1\n")) == ["1.jpg is class 0", "2.jpg is class 1"])
    #expect(pairs(try list("image,0,1\n1.jpg,0,1\n2.jpg,1,0\n")) == ["1.jpg is 1", "2.jpg is 0"])
    // A column of labels counts before columns that have a 0 or a 1.
    #expect(pairs(try list("image,label,isNew,isOld\n1.jpg,0,1,0\n2.jpg,1,1,1\n")) == ["1.jpg is 0", "2.jpg is 1"])
  }

  @Test func severalClassesOrNoneAreRefused() throws {
    let advice = """
      A picture has one class: remove the line, or choose one. If the columns are not classes, name the columns of \
      paths and of labels filename and label.
      """
    let expected = "\(path): expected a 1 in the column of one class in each line, found"
    #expect(
      problem("image,cat,dog\n1.jpg,1,0\n2.jpg,1,1\n")
        == "\(expected) one for \"cat\" and \"dog\" in line 3, for 2.jpg. \(advice)")
    #expect(problem("image,cat,dog\n1.jpg,0,0\n2.jpg,0,1\n") == "\(expected) none in line 2, for 1.jpg. \(advice)")
    #expect(
      problem("image,cat,dog\n1.jpg,1,0\n2.jpg,0.3,0.7\n") == """
        \(path): expected a path and 0 or 1 in the column of each class, found "2.jpg,0.3,0.7" in line 3.
        """)
    let rest = try list("image,cat,dog\n1.jpg,1,0\n2.jpg,1,1\n") { $0.exclude = ["2.jpg"] }
    #expect(pairs(rest) == ["1.jpg is cat"])
  }

  @Test(arguments: [
    "image,cat,dog\n1.jpg,-1,1\n2.jpg,1,-1\n", "image,label_1,label_2\n1.jpg,a,b\n2.jpg,b,a\n",
  ])
  func columnsThatAreNotKnown(text: String) {
    #expect(
      problem(text).contains(
        "If line 1 is a header, its columns are not known: call those of paths and of labels filename and label."),
      "\(problem(text))")
  }

  /// Another column may be the label, and columns of splits are none of classes.
  @Test(arguments: [
    "image,finding,left,right\n1.jpg,cyst,1,0\n2.jpg,normal,0,1\n",
    "image,grade,left,right\n1.jpg,3,1,0\n2.jpg,0,0,1\n",
    "foto,klasse,links,rechts\n1.jpg,Hund,1,0\n2.jpg,Katze,0,1\n", "image,train,test\n1.jpg,1,0\n2.jpg,0,1\n",
  ])
  func aColumnThatMayBeTheLabelIsNotPassedOver(text: String) {
    #expect(problem(text).contains("its columns are not known"), "\(problem(text))")
  }

  @Test(arguments: [
    "filename,label,is_valid\n1.jpg,cat,False\n2.jpg,dog,True\n", "filename,label,is_test\n1.jpg,cat,0\n2.jpg,dog,1\n",
    "filename,label,train\n1.jpg,cat,1\n2.jpg,dog,0\n", "id,label,is_training_image\n1.jpg,cat,1\n2.jpg,dog,0\n",
    "filename,label,partition\n1.jpg,cat,0\n2.jpg,dog,2\n", "filename,label,group\n1.jpg,cat,train\n2.jpg,dog,test\n",
    "filename,label,Usage\n1.jpg,cat,Training\n2.jpg,dog,PublicTest\n",
    "image,cat,dog,is_valid\n1.jpg,1,0,0\n2.jpg,0,1,1\n",
    "filename,label,is_valid\n1.jpg,cat,no\n2.jpg,dog,yes\n",
    "filename,label,split\n1.jpg,cat,trainval\n2.jpg,dog,test\n",
    "filename,label,split\n1.jpg,cat,train\n2.jpg,dog,id_val\n",
  ])
  func splitsAreNotTrainedOnTogether(text: String) {
    #expect(problem(text).contains("expected the pictures of one split in a list, found "), "\(problem(text))")
    let same = text.replacing("True", with: "False").replacing(/,2\n$/, with: ",0\n")
      .replacing("dog,test", with: "dog,train")
    guard same != text else { return }
    #expect(throws: Never.self) { try list(same) }
  }

  /// A column that is called so is a class, not a value that is missing, and not a split.
  @Test(arguments: ["None", "train", "test", "valid"]) func aColumnMayHaveAnyName(name: String) throws {
    #expect(
      pairs(try list("image,cat,\(name)\n1.jpg,1,0\n2.jpg,0,1\n")) == ["1.jpg is cat", "2.jpg is \(name)"])
  }

  @Test func comments() throws {
    let listing = try list("# by hand\n#my label\n\n1.jpg cat\n# 2.jpg dog\n##\n#4.jpg dog\n")
    #expect(pairs(listing) == ["1.jpg is cat", "#4.jpg is dog"])
    #expect(listing.account.notes == ["4 lines of \(path) that begin with # are comments: line 1, …"])
    let headed = try list("# by hand\nfilename,label\n1.jpg,cat\n")
    #expect(pairs(headed) == ["1.jpg is cat"])
    #expect(
      headed.account.notes == [
        "line 2 of \(path) is taken for a header; the columns are filename and label",
        "1 line of \(path) that begins with # is a comment: line 1",
      ])
    let commented = try list("# by hand\n# label, filename\ncat,1.jpg\n")
    #expect(pairs(commented) == ["1.jpg is cat"])
    #expect(commented.account.notes[0] == "line 2 of \(path) is taken for a header; the columns are filename and label")
    #expect(problem("1.jpg cat\n#2.jpg dog\n").contains("2.jpg is there: a comment begins with # and a blank."))
    #expect(problem("# nothing\n").hasSuffix("expected a list of paths and labels, found no line."))
  }
}
