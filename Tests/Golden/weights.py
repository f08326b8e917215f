"""Small networks in the forms in which others publish theirs, and PyTorch's scores for two pictures: weights/.

Needs PyTorch, safetensors, h5py and NumPy from PyPI. The network is a VGG in small: its names are torchvision's, timm's
and Caffe's; its inputs are torchvision's (pixels of 0 to 1, mean and deviation of ImageNet) or Caffe's (blue, green,
red, less a mean).
"""
import json
import os

import h5py
import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn

torch.manual_seed(20)
folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "weights")
os.makedirs(folder, exist_ok=True)

features = nn.Sequential(
    nn.Conv2d(3, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
classifier = nn.Sequential(nn.Linear(24, 8), nn.ReLU(), nn.Dropout(), nn.Linear(8, 5))
network = nn.Sequential(features, nn.Flatten(), classifier).eval()
pixels = torch.randint(0, 256, (2, 3, 8, 8)).float()


def color(values):
    return torch.tensor(values).view(1, 3, 1, 1)


def scores(inputs):
    with torch.no_grad():
        return network(inputs).tolist()


state = {f"features.{k}": v for k, v in features.state_dict().items()}
state |= {f"classifier.{k}": v for k, v in classifier.state_dict().items()}
save_file(state, f"{folder}/torchvision.safetensors")

timm = {k: v for k, v in state.items() if k.startswith("features")}
timm["pre_logits.fc1.weight"] = state["classifier.0.weight"].view(8, 6, 2, 2)
timm["pre_logits.fc2.weight"] = torch.eye(8).view(8, 8, 1, 1)
timm |= {"pre_logits.fc1.bias": state["classifier.0.bias"], "pre_logits.fc2.bias": torch.zeros(8)}
timm |= {"head.fc.weight": state["classifier.3.weight"], "head.fc.bias": state["classifier.3.bias"]}
save_file(timm, f"{folder}/timm.safetensors")

with h5py.File(f"{folder}/caffe.caffemodel.h5", "w") as file:
    slopes = {"relu1": np.float32(0), "relu2": np.zeros(6, np.float32), "relu3": np.float32(0)}
    layers = {"conv1": features[0], "conv2": features[3], "ip1": classifier[0], "ip2": classifier[3]}
    for name, layer in layers.items():
        file[f"data/{name}/0"] = layer.weight.detach().numpy()
        file[f"data/{name}/1"] = layer.bias.detach().numpy()
    for name, slope in slopes.items():
        file[f"data/{name}/0"] = slope
    file.create_group("data/pool1")

result = {
    "pixels": pixels.flatten(1).tolist(),
    "torchvision": scores((pixels / 255 - color([0.485, 0.456, 0.406])) / color([0.229, 0.224, 0.225])),
    "caffe": scores((pixels - color([123.68, 116.779, 103.939])).flip(1)),
    "gray": scores((pixels[:, :1].expand(-1, 3, -1, -1) / 255 - 0.5) / 0.25),
}
with open(f"{folder}/scores.json", "w") as file:
    json.dump(result, file)
    file.write("\n")
