import Foundation
import Hashing
import System

/// The beginning of the origin of a network that PyTorch has had since.
let changedOrigin = "PyTorch, from "

/// The beginning of a module's last line, before the digest of all lines above it.
private let digestBeginning = "# SHA-256 of the lines above: "

/// The largest module that is looked at, in bytes; they have some kilobytes.
private let largestModule = 1 << 16

/// Returns a Python module that makes any of this program's networks, with the digest of itself.
///
/// - Parameter weights: the name of the safetensors file.
func pyTorchModule(reading weights: String) -> String {
  let text = pyTorchModuleText(reading: weights)
  return text + digestBeginning + SHA256.digest(of: text) + "\n"
}

/// Tells whether a file is a module as it was exported, by whatever version of this program, and nobody has changed it.
func isUnchangedPyTorchModule(_ path: String) -> Bool {
  guard let bytes = try? FileSystem.beginning(of: path, limit: largestModule),
    let text = String(validating: bytes, as: UTF8.self),
    let last = text.range(of: digestBeginning, options: .backwards)
  else { return false }
  return text[last.upperBound...] == SHA256.digest(of: String(text[..<last.lowerBound])) + "\n"
}

/// Returns a Python module that makes any of this program's networks in PyTorch, of the architecture in a safetensors
/// file's metadata.
///
/// PyTorch's adaptive max pooling has the same bins as spatial pyramid pooling: ⌊i·H/n⌋ to ⌈(i+1)·H/n⌉.
///
/// - Parameter weights: the name of the safetensors file.
private func pyTorchModuleText(reading weights: String) -> String {
  """
  '''A network that prelu-dist has trained, in PyTorch, made from the safetensors file beside this one.

      model = load(\(pythonText(weights)))
      scores = model.scores(pixels)    # (batch, channels, height, width), red, green, blue, from 0 to 255

  `model(x)` takes inputs from which the mean is subtracted already; `model.classes` names the scores, `model.names`
  the layers: `model.layers[model.names.index("conv1")]` is one of them.
  '''
  import json

  import torch
  from safetensors import safe_open
  from torch import nn


  class Pyramid(nn.Module):
      '''Spatial pyramid pooling; without levels the map itself.'''

      def __init__(self, levels):
          super().__init__()
          self.levels = levels

      def forward(self, x):
          if not self.levels:
              return x.flatten(1)
          return torch.cat([nn.functional.adaptive_max_pool2d(x, n).flatten(1) for n in self.levels], 1)


  def activation(name, channels):
      return {
          "relu": nn.ReLU, "lrelu": lambda: nn.LeakyReLU(0.01), "prelu": lambda: nn.PReLU(channels),
          "prelu-shared": nn.PReLU,
      }[name]()


  class Network(nn.Module):
      def __init__(self, mean, texts):
          super().__init__()
          architecture, origin = json.loads(texts["architecture"]), texts["origin"].removeprefix("\(changedOrigin)")
          self.scale, self.classes = float(texts["scale"]), json.loads(texts["classes"])
          self.texts = {**texts, "origin": "\(changedOrigin)" + origin}
          self.register_buffer("mean", mean, persistent=False)
          # A layer of the architecture may have any name, a module may not: the names stand in a list of their own.
          self.layers, self.names = nn.ModuleList(), []
          channels, *plane = (architecture["input"][key] for key in ("channels", "height", "width"))
          for layer in architecture["layers"]:
              (kind, s), = layer.items()
              name = s["name"]
              size, stride, padding = s.get("kernel", s.get("size", 1)), s.get("stride", 1), s.get("padding", 0)
              if kind == "convolution":
                  module = nn.Conv2d(channels, s["filters"], size, stride, padding)
                  channels = s["filters"]
              elif kind in ("maxPooling", "averagePooling"):
                  module = (nn.MaxPool2d if kind == "maxPooling" else nn.AvgPool2d)(size, stride)
              elif kind == "spatialPyramidPooling":
                  module = Pyramid(s["levels"])
                  bins = sum(n * n for n in s["levels"]) if s["levels"] else plane[0] * plane[1]
                  channels, plane = channels * bins, [1, 1]
              elif kind == "fullyConnected":
                  module = nn.Linear(channels, s["outputs"])
                  channels = s["outputs"]
              else:
                  raise ValueError(f"unknown kind of layer: {kind}")
              self.append(name, module)
              plane = [(extent + 2 * padding - size) // stride + 1 for extent in plane]
              if s.get("activation", "none") != "none":
                  self.append(f"{name}_prelu", activation(s["activation"], channels))
              if s.get("dropout", 0):
                  self.append(None, nn.Dropout(s["dropout"]))

      def append(self, name, module):
          self.names.append(name)
          self.layers.append(module)

      def forward(self, x):
          for layer in self.layers:
              x = layer(x)
          return x

      def scores(self, pixels):
          return self((pixels - self.mean) * self.scale)

      def tensors(self):
          '''For `prelu-dist train --weights`: `safetensors.torch.save_file(model.tensors(), FILE, model.texts)`.'''
          parts = [(key.split("."), tensor) for key, tensor in self.layers.state_dict().items()]
          tensors = {f"{self.names[int(index)]}.{part}": tensor for (index, part), tensor in parts}
          return {**tensors, "mean": self.mean, "scale": torch.tensor(self.scale, dtype=torch.float64)}


  def load(path):
      with safe_open(path, "pt") as file:
          texts, tensors = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}
      model = Network(tensors.pop("mean"), texts)
      parts = {name: name.rsplit(".", 1) for name in tensors if name != "scale"}
      model.layers.load_state_dict(
          {f"{model.names.index(layer)}.{part}": tensors[name] for name, (layer, part) in parts.items()})
      return model.eval()

  """
}

/// Returns a text as Python writes it: nothing in it ends the quotation, or a longer one around it, and a copy of it is
/// the same text.
func pythonText(_ text: String) -> String {
  var quoted = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"", "'", "\\": quoted += "\\\(scalar)"
    case _ where String(scalar).isWord || scalar == " " || scalar == ",": quoted.unicodeScalars.append(scalar)
    default:
      let digits = String(scalar.value, radix: 16)
      quoted += "\\U" + String(repeating: "0", count: 8 - digits.count) + digits
    }
  }
  return quoted + "\""
}
