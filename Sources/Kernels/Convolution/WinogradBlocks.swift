import System

/// The grouping of a Winograd convolution's tiles: rows of tiles into blocks, blocks into groups.
///
/// Rows of tiles are numbered through all images. A block is what the filters' gradient is summed over before it is
/// added to the sum of the blocks before it, so it is a function of the shape only. A group is what goes through the
/// transform domain together; it has more blocks for larger teams, which changes no bit.
struct WinogradBlocks: Sendable {
  let tileRows: Int
  let tileColumns: Int
  /// The number of blocks that an image is cut into, if there are several.
  private let blocksInImage: Int
  /// The number of rows of tiles of a block, the last ones of an image excepted.
  private let rowsInBlock: Int

  /// - Parameter filterBytes: The size of the transformed filters.
  init(tileRows: Int, tileColumns: Int, filterBytes: Int) {
    self.tileRows = tileRows
    self.tileColumns = tileColumns
    // Enough tiles for the products to outweigh the traffic of filters and their gradients, few enough for a block's
    // data to stay in the cache; multiples of the product's 14 rows.
    let wanted = filterBytes > 16 << 20 ? 196 : 98
    let tilesInImage = tileRows * tileColumns
    if tilesInImage >= wanted {
      // Rows in equal parts, so that no short block is left over.
      rowsInBlock = tileRows.dividedUp(by: tilesInImage.dividedUp(by: wanted))
      blocksInImage = tileRows.dividedUp(by: rowsInBlock)
    } else {
      rowsInBlock = wanted / tilesInImage * tileRows
      blocksInImage = 1
    }
  }

  // MARK: - Blocks

  func blockCount(images: Int) -> Int {
    blocksInImage > 1 ? images * blocksInImage : (images * tileRows).dividedUp(by: rowsInBlock)
  }

  /// The rows of tiles of a block.
  func rows(ofBlock block: Int, images: Int) -> Range<Int> {
    guard blocksInImage > 1 else {
      return block * rowsInBlock..<min((block + 1) * rowsInBlock, images * tileRows)
    }
    let (image, part) = block.quotientAndRemainder(dividingBy: blocksInImage)
    let first = image * tileRows
    return first + part * rowsInBlock..<first + min((part + 1) * rowsInBlock, tileRows)
  }

  // MARK: - Groups

  /// Blocks that go through the transform domain together.
  struct Group {
    var blocks: Range<Int>
    var rows: Range<Int>
    /// The number of images of the pass.
    var images: Int
  }

  /// One block for a small team, and one for every four members of a larger one: a member's part of the data stays as
  /// large as its own cache, and the members wait for one another less often.
  private func blocksAtOnce(members: Int) -> Int { max(1, members / 4) }

  func groups(images: Int, members: Int) -> [Group] {
    let (count, most) = (blockCount(images: images), blocksAtOnce(members: members))
    let parts = count.dividedUp(by: most)
    return (0..<parts).map { part in
      let blocks = (0..<count).part(part, of: parts)
      let rows =
        rows(ofBlock: blocks.lowerBound, images: images)
        .lowerBound..<rows(
          ofBlock: blocks.upperBound - 1, images: images
        ).upperBound
      return Group(blocks: blocks, rows: rows, images: images)
    }
  }

  /// The number of tiles of the largest group.
  func mostTilesAtOnce(images: Int, members: Int) -> Int {
    (groups(images: images, members: members).map(\.rows.count).max() ?? 0) * tileColumns
  }

  // MARK: - Bands of the input gradient

  /// The rows of a group image by image, each image's cut into bands. Tiles of neighboring rows add to the same pixels;
  /// a band computes its first pixels' part from the row above once more.
  struct Bands {
    let group: Group
    let tileRows: Int
    /// The number of bands of an image.
    let perImage: Int

    /// A band, and the rows of the same image in the group.
    struct Band {
      var rows: Range<Int>
      var image: Range<Int>
    }

    private var images: Range<Int> { group.rows.lowerBound / tileRows..<(group.rows.upperBound - 1) / tileRows + 1 }
    var count: Int { images.count * perImage }

    func band(_ number: Int) -> Band {
      let (place, band) = number.quotientAndRemainder(dividingBy: perImage)
      let first = (images.lowerBound + place) * tileRows
      let rows = group.rows.clamped(to: first..<first + tileRows)
      return Band(rows: rows.part(band, of: perImage), image: rows)
    }
  }

  /// - Parameter panels: The number of panels of channels that a band's work is done for one by one.
  func bands(_ group: Group, panels: Int, members: Int) -> Bands {
    let whole = Bands(group: group, tileRows: tileRows, perImage: 1)
    // A band of one row would compute most of another row for nothing.
    let parts = evenParts(
      ofEach: whole.count * panels, units: max(1, min(tileRows, group.rows.count) / 2), members: members)
    return Bands(group: group, tileRows: tileRows, perImage: parts)
  }
}
