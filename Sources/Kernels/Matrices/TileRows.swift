/// A tile of sums in several rows: a `RegisterTile` for each row, and any distance between the rows.
///
/// A kernel whose lines are shorter than the registers have room for takes several lines at once.
protocol TileRows {
  /// A row.
  associatedtype Line: RegisterTile

  static var count: Int { get }

  /// Starts every sum of every row with the same vectors.
  init(_ start: Line.Weights)

  /// The tile whose sums are all 0.
  static var zero: Self { get }

  /// Adds: sums[row][p] += input[row·rowStep + p·step] · weights.
  mutating func add(_ input: UnsafePointer<Float>, _ step: Int, rowStep: Int, _ weights: Line.Weights)

  /// Writes output[row·rowStep + p·pixelStep] = sums[row][p], or adds to it, or writes past the caches.
  func put(_ output: TileOutput, at place: UnsafeMutablePointer<Float>)
}

/// The way in which the sums of a tile go to memory.
struct TileOutput {
  enum Manner {
    case write
    case accumulate
    /// Writes past the caches; places have to be multiples of 64 bytes.
    case stream
  }

  var manner: Manner
  /// The distance of neighboring pixels, of rows, and of the second vector from the first, in floats.
  var pixelStep: Int
  var rowStep: Int
  var blockStep: Int
}

/// A tile of one row.
struct OneRow<Line: RegisterTile>: TileRows {
  private var sums: Line

  static var count: Int { @inline(__always) get { 1 } }
  static var zero: OneRow { @inline(__always) get { OneRow(sums: Line.zero) } }

  @inline(__always)
  private init(sums: Line) { self.sums = sums }

  @inline(__always)
  init(_ start: Line.Weights) { sums = Line(start) }

  @inline(__always)
  mutating func add(_ input: UnsafePointer<Float>, _ step: Int, rowStep: Int, _ weights: Line.Weights) {
    sums.add(input, step, weights)
  }

  @inline(__always)
  func put(_ output: TileOutput, at place: UnsafeMutablePointer<Float>) {
    switch output.manner {
    case .write: sums.write(place, pixelStep: output.pixelStep, output.blockStep)
    case .accumulate: sums.accumulate(place, pixelStep: output.pixelStep, output.blockStep)
    case .stream: sums.stream(place, pixelStep: output.pixelStep, output.blockStep)
    }
  }
}

/// A tile of the rows of one tile and then those of another.
struct StackedRows<A: TileRows, B: TileRows>: TileRows where A.Line == B.Line {
  typealias Line = A.Line

  private var a: A
  private var b: B

  static var count: Int { @inline(__always) get { A.count &+ B.count } }
  static var zero: StackedRows { @inline(__always) get { StackedRows(a: A.zero, b: B.zero) } }

  @inline(__always)
  private init(a: A, b: B) {
    self.a = a
    self.b = b
  }

  @inline(__always)
  init(_ start: Line.Weights) {
    a = A(start)
    b = B(start)
  }

  @inline(__always)
  mutating func add(_ input: UnsafePointer<Float>, _ step: Int, rowStep: Int, _ weights: Line.Weights) {
    a.add(input, step, rowStep: rowStep, weights)
    b.add(input + A.count &* rowStep, step, rowStep: rowStep, weights)
  }

  @inline(__always)
  func put(_ output: TileOutput, at place: UnsafeMutablePointer<Float>) {
    a.put(output, at: place)
    b.put(output, at: place + A.count &* output.rowStep)
  }
}

typealias Rows2<Line: RegisterTile> = StackedRows<OneRow<Line>, OneRow<Line>>
typealias Rows3<Line: RegisterTile> = StackedRows<Rows2<Line>, OneRow<Line>>
typealias Rows4<Line: RegisterTile> = StackedRows<Rows2<Line>, Rows2<Line>>
typealias Rows8<Line: RegisterTile> = StackedRows<Rows4<Line>, Rows4<Line>>
