"""Compares the exports of a run with the program's own scores of seven random pictures: ONNX in batches of 7 and of 1,
from pixels and from inputs, the PyTorch module, and the safetensors file that both read.

usage: exports.py PROGRAM RUN SIDE CROP CHANNELS

SIDE is the pictures' side, CROP that of the network's input, which is taken of their middle. Needs NumPy, Pillow, onnx,
onnxruntime, safetensors and PyTorch from PyPI. Files are written to the current folder. Ends with 1 where a score
differs by more than 1e-5 of the scores' range.
"""
import json
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import torch
from PIL import Image
from safetensors import safe_open

program, run, (side, crop, channels) = sys.argv[1], sys.argv[2], map(int, sys.argv[3:6])
random = np.random.default_rng(1)
names, pictures = [], []
for number in range(7):
    picture = random.integers(0, 256, (side, side, channels), dtype=np.uint8)
    names.append(f"picture-{number}.png")
    Image.fromarray(picture if channels == 3 else picture[:, :, 0]).save(names[-1])
    first = (side - crop) // 2
    pictures.append(picture[first:first + crop, first:first + crop].transpose(2, 0, 1).astype(np.float32))
pixels = np.stack(pictures)

lines = subprocess.run([program, "predict", run, *names, "--json"], capture_output=True, text=True, check=True).stdout
expected = np.array([json.loads(line)["scores"] for line in lines.splitlines()])
for options in ("onnx --from-pixels -o pixels.onnx", "onnx -o inputs.onnx", "pytorch -o net.py"):
    subprocess.run([program, "export", run, "--to", *options.split()], check=True, stdout=subprocess.DEVNULL)


def scores(path, inputs):
    onnx.checker.check_model(path, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: inputs})[0]


sys.path.insert(0, ".")
import net  # noqa: E402  the module that was just written

with safe_open("net.safetensors", "np") as file:
    inputs = (pixels - file.get_tensor("mean")) * np.float32(file.metadata()["scale"])
    written = {name: file.get_tensor(name) for name in file.keys() if name != "mean"}
model = net.load("net.safetensors")
with torch.no_grad():
    torch_scores = model.scores(torch.from_numpy(pixels)).numpy()
back = {name: tensor for name, tensor in model.tensors().items() if name not in ("mean", "scale")}
assert back.keys() == written.keys() and all(np.array_equal(back[name].numpy(), written[name]) for name in back)
worst = 0
for what, found in [
    ("ONNX from pixels, 7", scores("pixels.onnx", pixels)), ("ONNX from pixels, 1", scores("pixels.onnx", pixels[:1])),
    ("ONNX from inputs, 7", scores("inputs.onnx", inputs)), ("PyTorch, 7", torch_scores),
]:
    difference = np.abs(found - expected[:len(found)]).max() / (expected.max() - expected.min())
    worst = max(worst, difference)
    print(f"{run}: {what}: {difference:.1e} of the scores' range")
sys.exit(1 if worst > 1e-5 else 0)
