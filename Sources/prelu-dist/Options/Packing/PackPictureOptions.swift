import ArgumentParser
import Packs

/// The form in which `pack` stores pictures, and the pixels that it takes their mean of.
struct PackPictureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The shorter side that larger pictures are scaled down to before they are stored.", valueName: "pixels"))
  var shorterSide = 512

  @Flag(help: "Store every file's bytes as they are, however large the picture is.")
  var keep = false

  @Option(
    help: ArgumentHelp("The JPEG quality, from 1 to 100, of pictures that are scaled down.", valueName: "quality"))
  var quality = 90

  @Flag(
    help: ArgumentHelp(
      "Turn pictures upright by the orientation that the camera noted (EXIF); published results on ImageNet do not."))
  var exif = false

  @Option(
    help: ArgumentHelp(
      "What happens at a file that is not a whole picture: stop, or skip it and say so.", valueName: "action"))
  var onError: PackSettings.OnError = .stop

  @Option(
    help: ArgumentHelp(
      "The shorter side that pictures are scaled to before the mean image is taken of their middle.",
      valueName: "pixels"))
  var meanSide = 256

  @Option(
    help: ArgumentHelp(
      "The side of the square in the middle of each picture that the mean image is taken of.", valueName: "pixels"))
  var meanCrop = 224

  func validate() throws {
    try checkRange("--shorter-side", shorterSide, .within(32...16384), unit: "pixels")
    try checkRange("--quality", quality, .within(1...100))
    try checkRange("--mean-side", meanSide, .within(1...4096), unit: "pixels")
    try checkRange("--mean-crop", meanCrop, .within(1...meanSide), unit: "pixels")
  }
}
