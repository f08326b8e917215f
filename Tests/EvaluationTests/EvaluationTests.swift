import Communication
import Evaluation
import Foundation
import Images
import Kernels
import Network
import RankTestSupport
import Synchronization
import System
import Testing

/// Tests of small networks on all ranks. Alone in one process; `scripts/test` runs these on several ranks.
@Suite(.serialized) struct EvaluationTests {
  private let world: World
  private let pool = ThreadPool(threads: 2)

  init() throws {
    world = try startedWorld()
  }

  private func network(seed: UInt64 = 5, flatten: Bool = false, classes: Int = 6) throws -> Network {
    var layers: [LayerDescription] = [
      .convolution(.init(name: "conv1", filters: 6, kernel: 3, padding: 1, activation: .prelu)),
      .maxPooling(.init(name: "pool", size: 2, stride: 2)),
      .convolution(.init(name: "conv2", filters: 18, kernel: 2, activation: .relu)),
      .convolution(.init(name: "conv3", filters: 7, kernel: 2, padding: 1, activation: .prelu)),
    ]
    if !flatten { layers.append(.spatialPyramidPooling(.init(name: "spp", levels: [3, 2, 1]))) }
    layers.append(.fullyConnected(.init(name: "fc1", outputs: classes, activation: .none)))
    let network = try Network(
      Architecture(name: "small", input: Extents(channels: 3, height: 16, width: 16), layers: layers).resolved())
    Initializer().fill(network.parameters.values, for: network.architecture, seed: seed, initialSlope: 0.25)
    // Scores that differ between windows.
    for tensor in network.architecture.parameters where tensor.part == .head && tensor.role == .weight {
      for place in tensor.range { network.parameters.base[place] *= 10 }
    }
    return network
  }

  /// Waves of a size of their own for each image.
  private struct Waves: TestImages {
    let sizes: [PlaneExtents]
    var labels: [Int32] { sizes.indices.map { Int32($0 % 6) } }
    var classCount: Int { 6 }
    var channels: Int { 3 }
    /// An image that cannot be read.
    var damaged: Int?
    let reads = Reads()

    final class Reads: Sendable {
      let all = Mutex<[Int]>([])
      /// The most pixels that were asked for at once.
      let largest = Mutex(0)
    }

    func name(of index: Int) -> String { "wave \(index)" }
    func announce(_ indices: [Int]) {}

    func extents(of index: Int, shorterSide: Int?) -> PlaneExtents {
      let (height, width) = (sizes[index].height, sizes[index].width)
      guard let side = shorterSide else { return sizes[index] }
      return height < width
        ? PlaneExtents(height: side, width: side * width / height)
        : PlaneExtents(height: side * height / width, width: side)
    }

    func read(
      _ index: Int, shorterSide: Int?, rows: Range<Int>, columns: Range<Int>, into values: UnsafeMutablePointer<Float>
    ) throws(DataError) {
      if index == damaged { throw DataError(.invalid, path: name(of: index), expected: "a wave", found: "none") }
      reads.all.withLock { $0.append(index) }
      reads.largest.withLock { $0 = max($0, rows.count * columns.count) }
      let extents = extents(of: index, shorterSide: shorterSide)
      var place = 0
      for channel in 0..<3 {
        for row in rows {
          for column in columns {
            let (y, x) = (Double(row) / Double(extents.height), Double(column) / Double(extents.width))
            values[place] = Float(128 + 100 * sin(9 * y + Double(index + channel)) * cos(11 * x - Double(index)))
            place += 1
          }
        }
      }
    }
  }

  private func member(
    _ network: Network, _ images: any TestImages, place: EnsembleMember.MeanPlace = .crop, padding: Int = 0
  )
    -> EnsembleMember
  {
    let extents = Extents(channels: 3, height: 16, width: 16)
    let mean = MeanImage(values: (0..<extents.count).map { 120 + Float($0 % 16) }, extents: extents)
    return EnsembleMember(
      network, images: images, mean: mean, meanPlace: place, scale: 1 / 64, shorterSide: 20, padding: padding)
  }

  private let sizes = (0..<23).map { PlaneExtents(height: 20 + 3 * ($0 % 4), width: 20 + 5 * ($0 % 3)) }

  @Test(arguments: TestProtocol.Views.allCases)
  func everyImageIsScoredOnce(views: TestProtocol.Views) throws {
    // More than a group of center crops has, for each of four ranks.
    let count = 131
    let images = Waves(sizes: (0..<count).map { sizes[$0 % sizes.count] })
    let member = member(try network(), images)
    let test = TestProtocol(views, scales: [20, 27])
    let evaluation = try Evaluator([member], test, world: world, on: pool)
    let result = try #require(try evaluation.run(keepsPredictions: true))
    #expect(result.total.images == count && result.predictions.map(\.sample) == Array(0..<count))
    #expect(result.classes.map(\.images) == [22, 22, 22, 22, 22, 21])
    // The same images on no two ranks, and some on each.
    let own = Set(images.reads.all.withLock { $0 })
    #expect(!own.isEmpty && (world.size == 1 || own.count < count), "\(own.count) on rank \(world.rank)")
    var read = [Int64](repeating: 0, count: count)
    for index in own { read[index] += 1 }
    try world.allreduceSum(&read)
    #expect(read.allSatisfy { $0 == 1 }, "\(read)")

    // The same alone, by the other way in.
    let alone = try Predictor(member.network, test, on: ThreadPool(threads: 1)).scores(member)
    var wrong = 0
    for (guess, scores) in zip(result.predictions, alone) {
      #expect(guess.classes == scores.best(5) && guess.scores == guess.classes.map { scores.probabilities[$0] })
      #expect(abs(scores.probabilities.reduce(0, +) - 1) < 1e-9)
      if scores.best(1) != [guess.label] { wrong += 1 }
    }
    #expect(result.total.top1 == wrong)
    #expect(Set(result.predictions.map { $0.scores[0] }).count == count, "images look the same to the network")
  }

  @Test func modelsAreAveraged() throws {
    let images = Waves(sizes: sizes)
    let members = [member(try network(), images), member(try network(seed: 6, flatten: true), images, place: .image)]
    let test = TestProtocol(.tenView)
    let evaluation = try Evaluator(members, test, world: world, on: pool)
    let result = try #require(try evaluation.run(keepsPredictions: true))
    let each = try members.map { try Predictor($0.network, test, on: pool).scores($0) }
    let averages = try Predictor(members.map(\.network), test, on: pool).results(members).map { try $0.get() }
    for guess in result.predictions {
      for (place, score) in zip(guess.classes, guess.scores) {
        let mean = each.reduce(0) { $0 + $1[guess.sample].probabilities[place] } / 2
        // Kept in single precision between the models.
        #expect(abs(score - mean) < 1e-6)
        #expect(abs(averages[guess.sample].probabilities[place] - mean) < 1e-12)
      }
    }
  }

  /// Windows of tiles are the whole image's own, and all of them.
  @Test(arguments: [(20, 150), (150, 20), (33, 61), (90, 70)], [0, 2])
  func largeImagesAreCut(size: (Int, Int), padding: Int) throws {
    let images = Waves(sizes: [PlaneExtents(height: size.0, width: size.1)])
    let member = member(try network(), images, padding: padding)
    let test = TestProtocol(.dense, scales: [size.0 < size.1 ? size.0 : size.1])
    func scores(limit: Int?) throws -> [Double] {
      let evaluation = try Evaluator([member], test, pixelLimit: limit, world: world, on: pool)
      let guess = try #require(try evaluation.run(keepsPredictions: true)?.predictions.first)
      return zip(guess.classes, guess.scores).sorted { $0.0 < $1.0 }.map { $0.1 }
    }
    let extents = PlaneExtents(height: size.0 + 2 * padding, width: size.1 + 2 * padding)
    let uncut = try scores(limit: nil)
    for limit in [1, 1000, 1500] {
      let tiles = try member.network.tiles(of: extents, pixelLimit: limit)
      let whole = try member.network.denseShape(extents)
      #expect(tiles.count > 1 && tiles.reduce(0) { $0 + $1.windows.count } == whole.allWindows.count)
      // One pixel is not enough for a window. The last image's shorter side is too long for strips.
      #expect(limit == 1 || tiles.allSatisfy { $0.rows.count * $0.columns.count <= limit }, "\(tiles)")
      let cutsBoth = tiles.contains { $0.rows.count < extents.height && $0.columns.count < extents.width }
      #expect(cutsBoth || size != (90, 70), "\(tiles)")
      let cut = try scores(limit: limit)
      #expect(zip(cut, uncut).allSatisfy { abs($0 - $1) < 1e-6 }, "\(cut), uncut \(uncut), limit \(limit)")
    }
  }

  /// One window of an image of the network's own size, and the mirror image of it.
  @Test func aWindowOfItsOwnSizeIsTheCenter() throws {
    let images = Waves(sizes: [PlaneExtents(height: 16, width: 16)])
    let member = member(try network(), images)
    func scores(_ test: TestProtocol) throws -> [Double] {
      try Predictor(member.network, test, on: pool).scores(member)[0].probabilities
    }
    let center = try scores(TestProtocol(.center, scales: [16]))
    #expect(try scores(TestProtocol(.dense, scales: [16], mirror: false)) == center)
    let both = try scores(TestProtocol(.center, scales: [16], mirror: true))
    #expect(both != center)
    #expect(try scores(TestProtocol(.dense, scales: [16])) == both)
  }

  @Test func aRankThatIsToStopStopsAll() throws {
    let member = member(try network(), Waves(sizes: sizes))
    let evaluation = try Evaluator([member], .center, world: world, on: pool)
    let isLast = world.rank == world.size - 1
    #expect(try evaluation.run(keepGoing: { !isLast }) == nil)
  }

  @Test func whatDoesNotFitIsRefused() throws {
    let member = member(try network(), Waves(sizes: sizes))
    func problem(_ members: [EnsembleMember], _ test: TestProtocol = TestProtocol(.center)) -> String {
      let error = #expect(throws: EvaluationError.self) { try Evaluator(members, test, world: world, on: pool) }
      return error?.description ?? ""
    }
    #expect(
      problem([member], TestProtocol(.dense, scales: [15]))
        == "wave 0 is 15×15 at scale 15, but the network's input is 16×16: choose scales of at least 16")
    let padded = self.member(member.network, member.images, padding: 2)
    #expect(
      problem([padded], TestProtocol(.dense, scales: [11])) == """
        wave 0 is 11×11 at scale 11 with 2 zeros on each side, but the network's input is 16×16: choose scales of at \
        least 12
        """)
    #expect(
      problem([member, self.member(try network(classes: 5), member.images)])
        == "expected networks of the same classes, whose scores have an average, found 6 and 5 classes: leave the "
        + "other network out")
    #expect(
      problem([member, self.member(member.network, Waves(sizes: sizes.dropLast()))]) == """
        expected the same images for all networks, found 23 and 22 that differ: their settings of data.validation are \
        not the same; take --split test
        """)
    var damaged = Waves(sizes: [PlaneExtents(height: 20, width: 20)])
    damaged.damaged = 0
    let broken = self.member(try network(), damaged)
    let error = #expect(throws: DataError.self) { try Predictor(broken.network, .center, on: pool).scores(broken) }
    #expect(error?.description == "wave 0: expected a wave, found none.")
  }

  /// One image of a group cannot be read: the others are scored all the same.
  @Test func oneDamagedImageIsOneFailure() throws {
    var images = Waves(sizes: sizes)
    let whole = try Predictor(try network(), .center, on: pool).scores(member(try network(), images))
    images.damaged = 7
    let member = member(try network(), images)
    let results = try Predictor(member.network, .center, on: pool).results([member])
    for (index, result) in results.enumerated() {
      switch result {
      case .success(let scores):
        #expect(index != 7)
        #expect(zip(scores.logits, whole[index].logits).allSatisfy { abs($0 - $1) < 1e-4 }, "image \(index)")
      case .failure(let error): #expect(index == 7 && error.path == "wave 7")
      }
    }
    #expect(results.count == sizes.count)
  }

  /// The part of an image that is read at once, and the memory for its mean, do not grow with the image.
  @Test(arguments: [TestProtocol.Views.dense, .tenView], [(160_000, 25), (2000, 2000)])
  func memoryDoesNotGrowWithTheImage(views: TestProtocol.Views, size: (Int, Int)) throws {
    let images = Waves(sizes: [PlaneExtents(height: size.0, width: size.1)])
    let member = member(try network(), images, place: .image)
    let test = TestProtocol(views, scales: [min(size.0, size.1)], mirror: false)
    let limit = 20_000
    let small = Waves(sizes: [PlaneExtents(height: 100, width: 100)])
    // Once before, so that all that is needed for any image is there.
    for (place, images) in [small, images].enumerated() {
      let member = place == 0 ? self.member(member.network, small, place: .image) : member
      let test = place == 0 ? TestProtocol(views, scales: [100]) : test
      let evaluation = try Evaluator([member], test, pixelLimit: limit, world: world, on: pool)
      let before = try residentMegabytes(resetsPeak: true)
      _ = try evaluation.run()
      let peak = try residentMegabytes(resetsPeak: false)
      #expect(images.reads.largest.withLock { $0 } <= limit)
      // The whole image and its mean are 48 MB each. In a process without ranks other suites run at the same time.
      #expect(place == 0 || world.size == 1 || peak - before < 30, "\(peak - before) MB more for \(size)")
    }
  }

  /// The largest resident memory so far; or what it is now, from which the largest counts anew.
  private func residentMegabytes(resetsPeak: Bool) throws -> Double {
    if resetsPeak { try Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs")) }
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try #require(Double(line.split(whereSeparator: \.isWhitespace)[1])) / 1024
  }

  @Test func nothingIsNoError() throws {
    let member = member(try network(), Waves(sizes: []))
    let result = try Evaluator([member], .center, world: world, on: pool).run()
    #expect(result?.total == ErrorCounts())
  }
}

@Test func theHighestComeFirstAndNumbersBeforeNone() {
  func best(_ scores: [Double], _ count: Int = 3) -> [Int] {
    scores.withUnsafeBufferPointer { highest(count, of: $0) }
  }
  #expect(best([0.1, 0.5, 0.2, 0.5]) == [1, 3, 2])
  #expect(best([.nan, 0.5, .nan, 0.1]) == [1, 3, 0])
  #expect(best([1], 5) == [0])
  #expect(best([]) == [])
}

/// A part of a resized mean has the bits that it has in the whole.
@Test(arguments: [(57, 91), (16, 16), (7, 40)])
func partsOfMeansAreTheWholes(size: (Int, Int)) {
  let extents = Extents(channels: 3, height: 16, width: 16)
  let mean = MeanImage(values: (0..<extents.count).map { Float($0 * 7919 % 251) }, extents: extents)
  let target = Extents(channels: 3, height: size.0, width: size.1)
  let whole = mean.resized(to: target).values
  for (rows, columns) in [(0..<size.0, 0..<size.1), (3..<6, 5..<14), (size.0 - 1..<size.0, 0..<1), (2..<2, 3..<9)] {
    let part = mean.resized(to: target, rows: rows, columns: columns)
    let expected = (0..<3).flatMap { channel in
      rows.flatMap { row in columns.map { whole[(channel * size.0 + row) * size.1 + $0] } }
    }
    #expect(part == expected, "rows \(rows), columns \(columns) of \(size)")
  }
}
