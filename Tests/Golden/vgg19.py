"""Writes VGG-19 of torchvision or of timm with random weights, and PyTorch's scores of photographs, to compare with.

usage: vgg19.py torchvision|timm PHOTOGRAPH...

Writes NAME.safetensors and NAME.json with the scores for the inputs of torchvision and for those of Caffe. The
photographs have sides of 256; their middle is taken. The same scores come from `prelu-dist train --model vgg-19
--activation relu --weights NAME.safetensors --weights-input torchvision|caffe --iterations 0` on a pack of 1000 classes
and `prelu-dist predict`. Needs PyTorch, torchvision or timm, safetensors, NumPy and Pillow from PyPI.
"""
import json
import sys

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

which = sys.argv[1]
with torch.device("meta"):
    if which == "torchvision":
        import torchvision
        model = torchvision.models.vgg19(weights=None)
    else:
        import timm
        model = timm.create_model("vgg19", pretrained=False)
model = model.to_empty(device="cpu").eval()
generator = torch.Generator().manual_seed(3)
with torch.no_grad():
    for values in model.state_dict().values():
        bound = (6 / values[0].numel()) ** 0.5 if values.dim() > 1 else 0.1
        values.uniform_(-bound, bound, generator=generator)
save_file({name: values.contiguous() for name, values in model.state_dict().items()}, f"{which}.safetensors")

photographs = [np.array(Image.open(path).convert("RGB"))[16:240, 16:240] for path in sys.argv[2:]]
pixels = torch.from_numpy(np.stack(photographs).transpose(0, 3, 1, 2).astype(np.float32))


def color(values):
    return torch.tensor(values).view(1, 3, 1, 1)


with torch.no_grad():
    scores = {
        "torchvision": model((pixels / 255 - color([0.485, 0.456, 0.406])) / color([0.229, 0.224, 0.225])).tolist(),
        "caffe": model((pixels - color([123.68, 116.779, 103.939])).flip(1)).tolist(),
    }
with open(f"{which}.json", "w") as file:
    json.dump(scores, file)
