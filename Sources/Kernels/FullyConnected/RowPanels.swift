import System

/// The extents of a matrix of `rows`×`columns` as panels of 32 columns, [panel][row][32], with zeros behind the last
/// column: an operand of the products of panels.
public struct RowPanels: Equatable, Sendable {
  public let rows: Int
  public let columns: Int

  public init(rows: Int, columns: Int) {
    precondition(rows >= 0 && columns >= 1, "\(rows)×\(columns) in panels")
    self.rows = rows
    self.columns = columns
  }

  var panels: Int { columns.dividedUp(by: PanelProduct.width) }
  /// The number of floats of all panels.
  public var count: Int { panels * rows * PanelProduct.width }
  /// The number of pieces in which `pack` works; they may run at once.
  public var pieces: Int { panels }

  /// Writes panel `piece` from a row-major matrix.
  public func pack(_ matrix: UnsafePointer<Float>, piece: Int, into panels: UnsafeMutablePointer<Float>) {
    let width = PanelProduct.width
    let used = min(width, columns &- piece &* width)
    let target = panels + piece &* rows &* width
    for row in 0..<rows {
      let from = matrix + (row &* columns &+ piece &* width)
      let to = target + row &* width
      if used == width {
        store(load(from), to)
        store(load(from + blockWidth), to + blockWidth)
      } else {
        for column in 0..<width { to[column] = column < used ? from[column] : 0 }
      }
    }
  }
}
