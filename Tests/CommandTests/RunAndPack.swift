import TestSupport
import Testing

/// A run `r` of two iterations by the recipe `small.yaml`, and a pack `p.h5` of the pictures in `photos`.
let runAndPack = PreparedFolder { folder in
  try folder.copy(smallFashion(), to: "small.yaml")
  let run = try Program.run(
    [
      "--recipe", "small.yaml", "--run", "r", "--width", "4", "--threads", "1", "--iterations", "2",
      "--checkpoint-every", "1", "--quiet",
    ], in: folder.path)
  try #require(run.exitCode == 0, "\(run.errors)")
  for (number, name) in ["rgb-420.jpg", "grey.jpg"].enumerated() {
    try folder.copy("\(goldenPhotos)/\(name)", to: "photos/class \(number)/\(name)")
  }
  let packed = try Program.run(
    ["pack", "photos", "-o", "p.h5", "--mean-side", "20", "--mean-crop", "16", "--quiet"], in: folder.path)
  try #require(packed.exitCode == 0, "\(packed.errors)")
}
