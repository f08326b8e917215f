import Configuration
import Packs
import System

/// The command that trains on a pack of some size, and what there is to say against it.
package struct PackSuggestion {
  /// The pack's file.
  let path: String
  /// The number of pictures to train on.
  let pictures: Int
  /// The median of the pictures' shorter sides in pixels; nil where it is not known.
  let shorterSide: Int?

  /// The number of pictures from which the paper's recipe, whose rate falls at plateaus, suits better than `photos`.
  private static let many = 200_000
  /// The number of steps that an epoch should have at least: a run of fewer hardly learns anything.
  private static let steps = 20
  /// The shorter side in pixels below which the recipes' networks mostly see what was made up by enlarging.
  private static let smallSide = 128
  /// The number of pictures whose sides are looked at.
  private static let sampled = 1000

  package init(path: String, pictures: Int, shorterSide: Int?) {
    (self.path, self.pictures, self.shorterSide) = (path, pictures, shorterSide)
  }

  /// Looks at a pack that has just been made.
  init(_ summary: PackingSummary) {
    let (path, pictures) = (summary.paths[0], summary.pictures[.training] ?? 0)
    var side: Int?
    if let images = (try? Pack(path))?.images(.training) {
      let sides = stride(from: 0, to: images.count, by: max(1, images.count / Self.sampled)).map { index in
        let extents = images.extents(of: index)
        return min(extents.height, extents.width)
      }
      side = sides.median()
    }
    self.init(path: path, pictures: pictures, shorterSide: side)
  }

  package var command: String {
    let recipe = pictures < Self.many ? Recipes.photographs : "imagenet-small14"
    return "prelu-dist train --data \(path) --recipe \(recipe)" + (batch.map { " --batch \($0)" } ?? "")
  }

  /// The number of images of a step, a power of two; nil for the recipe's own.
  private var batch: Int? {
    let wanted = pictures / Self.steps
    return [8, 16, 32, 64].last { wanted < 128 && ($0 <= wanted || $0 == 8) }
  }

  /// A sentence on pictures that the recipe does not suit; nil where it does.
  package var doubt: String? {
    guard let shorterSide, shorterSide < Self.smallSide else { return nil }
    return "most pictures have a shorter side of \(shorterSide) pixels or less, and the recipe enlarges them to 256 or "
      + "more: a small network of your own trains faster, as the guide Your own pictures (OwnPictures.md) shows"
  }
}
