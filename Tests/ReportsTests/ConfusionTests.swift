import CPNG
import Foundation
import Reports
import System
import TestSupport
import Testing

/// Tests of confusion matrices in reports: the order of classes, the picture, the pairs, the table.
@Suite struct ConfusionTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  /// Returns the figures of a matrix that has been through the file.
  private func figures(_ counts: [[Int]], names: [String]? = nil) throws -> [Figure] {
    let names = names ?? counts.indices.map { "class \($0)" }
    try ConfusionFile.write(counts.flatMap { $0 }, classNames: names, to: folder.file("confusion.csv"))
    return try Report(paths: [folder.file("confusion.csv")]).figures
  }

  private func rows(_ figure: Figure) throws -> [[String]] {
    try CSVTable(figure.table.csv, path: figure.name).rows.map(\.fields)
  }

  /// Returns the opacities of a matrix's picture: (rows, columns).
  private func opacities(_ figure: Figure, _ size: FigureSize) throws -> [[UInt8]] {
    let picture = try #require(try SVGReading(figure.svg(size)).pictures.first)
    let data = try #require(Data(base64Encoded: String(picture.dataURI.dropFirst("data:image/png;base64,".count))))
    var image = png_image()
    image.version = UInt32(PNG_IMAGE_VERSION)
    defer { png_image_free(&image) }
    let pixels = data.withUnsafeBytes { bytes -> [UInt8]? in
      guard png_image_begin_read_from_memory(&image, bytes.baseAddress!, bytes.count) != 0 else { return nil }
      image.format = UInt32(PNG_FORMAT_FLAG_COLOR | PNG_FORMAT_FLAG_ALPHA)
      var pixels = [UInt8](repeating: 0, count: 4 * Int(image.width * image.height))
      return png_image_finish_read(&image, nil, &pixels, 0, nil) != 0 ? pixels : nil
    }
    let (values, width) = (try #require(pixels), Int(image.width))
    return (0..<Int(image.height)).map { y in (0..<width).map { x in values[4 * (y * width + x) + 3] } }
  }

  /// Classes 0, 2 and 4 are taken for each other, and so are 1 and 3; 5 is never wrong.
  private let counts = [
    [40, 0, 6, 0, 4, 0],
    [0, 45, 0, 5, 0, 0],
    [9, 0, 40, 0, 1, 0],
    [0, 8, 0, 42, 0, 0],
    [2, 0, 3, 0, 45, 0],
    [0, 0, 0, 0, 0, 50],
  ]

  @Test func classesThatAreTakenForEachOtherAreNeighbors() throws {
    let figures = try figures(counts)
    #expect(figures.map(\.name) == ["confusion", "confused-pairs"])
    let places = try rows(figures[0])
    #expect(places.map { $0[1] } == ["2", "0", "4", "1", "3", "5"])
    #expect(places[1] == ["2", "0", "class 0", "50", "40", "class 2", "6"])
    #expect(places[5] == ["6", "5", "class 5", "50", "50", "", "0"])
  }

  @Test func thePictureShowsEachShare() throws {
    let figure = try figures(counts)[0]
    for size in [FigureSize.wide, .narrow] {
      let found = try opacities(figure, size)
      let order = [2, 0, 4, 1, 3, 5]
      for (y, truth) in order.enumerated() {
        for (x, guess) in order.enumerated() where x != y {
          #expect((found[y][x] > 0) == (counts[truth][guess] > 0), "\(truth) for \(guess)")
          for other in order.indices where other != y && counts[truth][order[other]] < counts[truth][guess] {
            #expect(found[y][other] < found[y][x], "\(truth) for \(guess)")
          }
        }
      }
      // Six classes have their names twice and a number in each cell that is not 0.
      let svg = figure.svg(size)
      for name in (0..<6).map({ "class \($0)" }) { #expect(svg.components(separatedBy: ">\(name)<").count == 3) }
      #expect(svg.contains(">18<") && svg.contains(">80<") && !svg.contains(">0<"))
    }
  }

  @Test func pairsAreNamedByTheirImages() throws {
    let figure = try figures(counts)[1]
    #expect(
      try rows(figure).prefix(3).map { $0 } == [
        ["2", "class 2", "0", "class 0", "9", "50"], ["3", "class 3", "1", "class 1", "8", "50"],
        ["0", "class 0", "2", "class 2", "6", "50"],
      ])
    #expect(figure.caption == "class 2 is taken for class 0: 9 of 50. The 8 pairs shown have 38 of 38 wrong guesses.")
    let bars = try SVGReading(figure.svg(.wide)).bars
    #expect(bars.count == 8 && bars[0].title == "class 2 is taken for class 0: 9 of 50")
    // On a phone both names are cut, and none is lost.
    let long = (0..<6).map { "a class with an uncommonly long name, number \($0)" }
    #expect(try figures(counts, names: long)[1].svg(.narrow).components(separatedBy: " → ").count == 9)
  }

  /// A thousand classes, each taken for its partner 500 numbers away, or for one of a group of ten.
  @Test func aThousandClasses() throws {
    let count = 1000
    var counts = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    for truth in 0..<count {
      counts[truth][truth] = 30
      counts[truth][(truth + 500) % count] += 8 + truth % 3
      counts[truth][(truth + 100) % count] += 1
    }
    counts[7][900] = 99
    let figures = try figures(counts)
    let places = try rows(figures[0]).map { Int($0[1]) ?? -1 }
    #expect(places.sorted() == Array(0..<count))
    var place = [Int](repeating: 0, count: count)
    for (index, label) in places.enumerated() { place[label] = index }
    let apart = (0..<500).count { abs(place[$0] - place[$0 + 500]) == 1 }
    #expect(apart > 480, "\(apart) of 500 partners are neighbors")
    for size in [FigureSize.wide, .narrow] {
      let found = try opacities(figures[0], size)
      // The picture is no finer than what can be seen, and no wrong guess is lost.
      #expect(found.count == found[0].count && Double(found.count) * 2 <= size.width && found.count > 100)
      let block = (count + found.count - 1) / found.count
      for truth in 0..<count {
        #expect(found[place[truth] / block][place[(truth + 500) % count] / block] > 60)
      }
      let rings = try SVGReading(figures[0].svg(size)).circles
      #expect(rings.count == 10 && rings.contains { $0.title == "class 7 is taken for class 900: 99 of 139" })
    }
    #expect(try rows(figures[1])[0] == ["7", "class 7", "900", "class 900", "99", "139"])
    #expect(figures[0].caption.contains("A point stands for 3 × 3 classes"))
  }

  @Test func classesWithoutImagesOrErrors() throws {
    let figures = try figures([[5, 0, 0], [0, 0, 0], [0, 0, 3]])
    #expect(figures.map(\.name) == ["confusion"])
    #expect(try rows(figures[0]).map { $0[1] } == ["0", "1", "2"])
  }

  @Test func aRunAndTwoTables() throws {
    try ConfusionFile.write([3, 1, 0, 4], classNames: ["a", "b"], to: folder.file("one.csv"))
    try ConfusionFile.write([3, 1, 2, 4], classNames: ["a", "b"], to: folder.file("two.csv"))
    let report = try Report(paths: [folder.file("one.csv"), folder.file("two.csv")])
    #expect(report.figures.map(\.name) == ["confusion-1", "confused-pairs-1", "confusion-2", "confused-pairs-2"])
    #expect(report.title == "one, two" && report.html().contains("Which class is taken for which: two"))
  }

  @Test(arguments: [
    ("class,name,images,0,2\n0,a,1,1,0\n1,b,1,0,1\n", "expected guesses by class with the header"),
    ("class,name,images,\n0,a,1,1\n", "expected guesses by class with the header"),
    ("class,name,images,0,1\n0,a,1,1,0\n", "expected a row for each of 2 classes, found 1 row"),
    ("class,name,images,0,1\n1,a,1,1,0\n0,b,1,0,1\n", "line 2: expected class 0, found 1"),
    ("class,name,images,0,1\n0,a,2,1,0\n1,b,1,0,1\n", "line 2: expected 2 guesses, one for each image, found 1"),
    ("class,name,images,0,1\n0,a,1,1,0\n1,b,1,0,-1\n", "line 3, 1: expected a whole number from 0 to 2^40, found"),
  ])
  func tablesThatAreNone(text: String, words: String) throws {
    let path = try folder.write(Array(text.utf8), to: "c.csv")
    let error = #expect(throws: FileError.self) { try Report(paths: [path]) }
    #expect(error?.description.contains(words) == true, "\(error!)")
  }
}
