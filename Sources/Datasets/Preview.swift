import Configuration
import Images
import Packs
import System

/// A sheet of a pack's training pictures as the recipe for photographs shows them, with the paper's augmentation.
public enum Preview {
  /// Writes a sheet.
  ///
  /// - Parameters:
  ///   - path: the pack.
  ///   - count: the number of pictures.
  ///   - sheet: the PNG file to write.
  /// - Throws: `FileError` or `DataError`.
  public static func write(pack path: String, count: Int, to sheet: String) throws {
    var configuration = try Configuration.recipe(named: Recipes.photographs)
    configuration.data.directory = path
    let data = try PackedData(Pack(path), heldOutCount: 0)
    try ContactSheet.write(data.trainingLoader(configuration), count: count, to: sheet)
  }
}
