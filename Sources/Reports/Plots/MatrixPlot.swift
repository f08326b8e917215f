/// A plot of a square matrix of shares, from 0 to 1, with the same names for rows and columns.
///
/// The shares are colors of a picture whose opacity is larger for larger shares, so that it fits light and dark pages.
/// Few rows have their names and percentages; many are drawn in blocks of several, which show the largest share.
struct MatrixPlot {
  /// A place that is marked by a ring.
  struct Mark {
    let row: Int
    let column: Int
    let title: String
  }

  let names: [String]
  /// (rows, columns).
  let shares: [Double]
  let rowLabel: String
  let columnLabel: String
  var marks: [Mark] = []

  /// The largest number of rows that have names.
  static let namedLimit = 40

  /// The width and height of the least block in pixels.
  private static let leastBlock = 2.0
  private static let (right, wrong): ([UInt8], [UInt8]) = ([38, 132, 200], [219, 96, 20])

  private var count: Int { names.count }
  private var isNamed: Bool { count <= Self.namedLimit }

  /// Returns whether the blocks of a drawing hold several rows, and how many.
  func blockSize(_ size: FigureSize) -> Int {
    let room = size.width - 2 * size.fontSize - 24
    return isNamed ? 1 : max(1, Int((Double(count) / (room / Self.leastBlock)).rounded(.up)))
  }

  func drawing(_ size: FigureSize) -> Drawing {
    let font = size.fontSize
    let longest = names.map { size.textWidth($0) }.max() ?? 0
    let left = font + 12 + (isNamed ? min(longest, size.width * 0.26) + 8 : 0)
    let width = min(size.width - left - 12, isNamed ? Double(count) * 56 : .infinity)
    let cell = width / Double(count)
    let rowHeight = isNamed ? max(cell, font + 5) : cell
    let height = rowHeight * Double(count)
    let top = size.top + font + 8
    let namesColumns = isNamed && cell >= font + 4
    let below = namesColumns ? min(longest, 110) + 16 : 10
    var drawing = Drawing(width: size.width, height: top + height + below)
    size.drawTitle(&drawing)
    drawing.text(columnLabel, x: left + width / 2, y: size.top + font, size: font, anchor: .middle)
    drawing.text(rowLabel, x: font, y: top + height / 2, size: font, anchor: .middle, turned: true)
    drawing.picture(picture(blockSize(size)), x: left, y: top, width: width, height: height)
    for edge in [0, 1] as [Double] {
      drawing.line(left, top + edge * height, left + width, top + edge * height, style: "axis")
      drawing.line(left + edge * width, top, left + edge * width, top + height, style: "axis")
    }
    if isNamed { drawNames(in: &drawing, size, (left, top, cell, rowHeight), columns: namesColumns) }
    for mark in marks {
      drawing.ring(
        left + (Double(mark.column) + 0.5) * cell, top + (Double(mark.row) + 0.5) * rowHeight, 6, title: mark.title)
    }
    return drawing
  }

  /// Draws the names of rows and columns, and the percentages that have room.
  private func drawNames(
    in drawing: inout Drawing, _ size: FigureSize,
    _ grid: (left: Double, top: Double, cell: Double, rowHeight: Double), columns: Bool
  ) {
    let font = size.fontSize
    for (index, name) in names.enumerated() {
      let middle = grid.top + (Double(index) + 0.5) * grid.rowHeight + font * 0.35
      drawing.text(
        size.fitting(name, width: size.width * 0.26), x: grid.left - 6, y: middle, size: font, anchor: .end)
      if columns {
        drawing.text(
          size.fitting(name, width: 110), x: grid.left + (Double(index) + 0.5) * grid.cell + font * 0.35,
          y: grid.top + Double(count) * grid.rowHeight + 8, size: font, anchor: .end, turned: true)
      }
      for column in 0..<count {
        let text = "\(Int((100 * shares[index * count + column]).rounded()))"
        guard text != "0", size.textWidth(text) + 2 <= grid.cell else { continue }
        drawing.text(
          text, x: grid.left + (Double(column) + 0.5) * grid.cell, y: middle, size: font, anchor: .middle)
      }
    }
  }

  /// Returns the picture of all blocks. Where there are names, the diagonal is drawn in a color of its own; where there
  /// are none, it would hide what lies beside it.
  private func picture(_ block: Int) -> String {
    let blocks = (count + block - 1) / block
    var pixels: [UInt8] = []
    pixels.reserveCapacity(4 * blocks * blocks)
    for y in 0..<blocks {
      for x in 0..<blocks {
        var share = 0.0
        for row in y * block..<min((y + 1) * block, count) {
          for column in x * block..<min((x + 1) * block, count) where isNamed || row != column {
            share = max(share, shares[row * count + column])
          }
        }
        let isRight = isNamed && x == y
        // The square root shows small shares, and text on large ones must be readable.
        let (least, range) = !isNamed ? (0.15, 0.85) : isRight ? (0.06, 0.5) : (0.06, 0.7)
        let opacity = share > 0 ? least + range * share.squareRoot() : 0
        pixels += (isRight ? Self.right : Self.wrong) + [UInt8(255 * min(opacity, 1))]
      }
    }
    return Picture.dataURI(pixels, height: blocks, width: blocks, channels: 4)
  }
}
