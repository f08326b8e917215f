#!/usr/bin/env python3
"""The paper's testing protocols, computed from checkpoints by NumPy alone, or by PyTorch.

    python3 Tests/Golden/protocols.py pictures FOLDER
    python3 Tests/Golden/protocols.py scores --pictures FILE... [--protocol center|10-view|dense] [--scales S,...]
        [--mirror] [--average probabilities|logits] [--torch] CHECKPOINT...

`pictures` writes PNG pictures of several aspect ratios into two class folders. `scores` prints, as JSON, the averaged
probabilities of each picture. It knows nothing of prelu-dist's sources: only what its guides promise of the file and of
the protocols. Networks are those of a recipe with `model.layers`.
"""

import argparse
import json
import pathlib
import struct
import zlib

import h5py
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

SHAPES = [(61, 93), (93, 61), (71, 71), (48, 150), (61, 93), (71, 71)]


def write_png(path, pixels):
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))


def read_png(path):
    """Of write_png's files only: RGB, 8 bits, no filter."""
    data = pathlib.Path(path).read_bytes()
    place, body = 8, b""
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place:place + 8])
        content = data[place + 8:place + 8 + length]
        if kind == b"IHDR":
            width, height = struct.unpack(">II", content[:8])
        if kind == b"IDAT":
            body += content
        place += 12 + length
    rows = np.frombuffer(zlib.decompress(body), np.uint8).reshape(height, 1 + 3 * width)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3).transpose(2, 0, 1).astype(np.float64)


def write_pictures(folder):
    for index, (height, width) in enumerate(SHAPES):
        rng = np.random.default_rng(index)
        y, x = np.mgrid[0:height, 0:width]
        waves = [
            128 + 70 * np.sin(x * rng.uniform(0.02, 0.4) + c) + 50 * np.cos(y * rng.uniform(0.02, 0.4) - c)
            for c in range(3)]
        pixels = np.stack(waves, -1) + rng.normal(0, 12, (height, width, 3))
        target = pathlib.Path(folder) / f"class {index % 2}"
        target.mkdir(parents=True, exist_ok=True)
        write_png(target / f"{index}.png", np.clip(pixels, 0, 255).astype(np.uint8))


class NumPyMath:
    @staticmethod
    def windows(x, size, stride):
        return sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]

    @classmethod
    def convolve(cls, x, w, b, stride, padding):
        x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
        return np.einsum("ncijrs,kcrs->nkij", cls.windows(x, w.shape[2], stride), w) + b[:, None, None]

    @classmethod
    def pool(cls, x, size, stride):
        return cls.windows(x, size, stride).max(axis=(4, 5))

    @classmethod
    def average(cls, x, size, stride):
        return cls.windows(x, size, stride).mean(axis=(4, 5))

    @staticmethod
    def linear(x, w, b):
        return x @ w.T + b

    @staticmethod
    def prelu(y, a):
        return np.where(y > 0, y, (a[:, None, None] if a.ndim and y.ndim == 4 else a) * y)

    @staticmethod
    def weights(source, target):
        """Triangles as wide as the pixels that they gather."""
        scale = source / target
        reach = max(scale, 1)
        centers = (np.arange(target) + 0.5) * scale
        w = np.maximum(0, 1 - np.abs(np.arange(source) + 0.5 - centers[:, None]) / reach)
        return w / w.sum(1, keepdims=True)

    @classmethod
    def resize(cls, x, height, width):
        return cls.weights(x.shape[1], height) @ x @ cls.weights(x.shape[2], width).T


class TorchMath:
    """Single precision, as PyTorch computes it."""

    @staticmethod
    def tensor(x):
        import torch
        return torch.as_tensor(np.ascontiguousarray(x), dtype=torch.float32)

    @classmethod
    def convolve(cls, x, w, b, stride, padding):
        from torch.nn.functional import conv2d
        return conv2d(cls.tensor(x), cls.tensor(w), cls.tensor(b), stride=stride, padding=padding).numpy()

    @classmethod
    def pool(cls, x, size, stride):
        from torch.nn.functional import max_pool2d
        return max_pool2d(cls.tensor(x), size, stride).numpy()

    @classmethod
    def average(cls, x, size, stride):
        from torch.nn.functional import avg_pool2d
        return avg_pool2d(cls.tensor(x), size, stride).numpy()

    @classmethod
    def linear(cls, x, w, b):
        from torch.nn.functional import linear
        return linear(cls.tensor(x), cls.tensor(w), cls.tensor(b)).numpy()

    @classmethod
    def prelu(cls, y, a):
        from torch.nn.functional import prelu
        return prelu(cls.tensor(y), cls.tensor(np.atleast_1d(a))).numpy()

    @classmethod
    def resize(cls, x, height, width):
        from torch.nn.functional import interpolate
        return interpolate(
            cls.tensor(x)[None], (height, width), mode="bilinear", antialias=True, align_corners=False)[0].numpy()


class Model:
    def __init__(self, path, math):
        self.math = math
        with h5py.File(path, "r") as file:
            self.data = {
                f"{layer}/{blob}": file["data"][layer][blob][()].astype(np.float64)
                for layer in file["data"] for blob in file["data"][layer]}
            self.mean = file["prelu_dist/mean"][()].astype(np.float64)
            configuration = json.loads(file["prelu_dist/configuration"][()].decode())
        self.layers = [(kind, layer) for entry in configuration["model"]["layers"] for kind, layer in entry.items()]
        self.activation = configuration["model"]["activation"]
        self.scale = configuration["data"]["scale"]
        self.side = configuration["data"]["shorterSide"]
        self.crop = self.mean.shape[1]

    def activate(self, layer, y):
        kind = layer.get("activation", self.activation)
        if f"{layer['name']}_prelu/0" in self.data:
            return self.math.prelu(y, self.data[f"{layer['name']}_prelu/0"])
        return np.maximum(y, 0) if kind == "relu" else y

    def tower(self, x):
        """(images, channels, height, width) up to the last map."""
        for kind, layer in self.layers:
            if kind == "convolution":
                w, b = self.data[f"{layer['name']}/0"], self.data[f"{layer['name']}/1"]
                x = self.math.convolve(x, w, b, layer.get("stride", 1), layer.get("padding", 0))
                x = self.activate(layer, x)
            elif kind == "maxPooling":
                x = self.math.pool(x, layer["size"], layer["stride"])
            elif kind == "averagePooling":
                x = self.math.average(x, layer["size"], layer["stride"])
            else:
                assert kind in ("spatialPyramidPooling", "fullyConnected"), kind
        return x

    def head(self, x):
        """(images, channels, height, width) of windows to scores."""
        levels = next((layer["levels"] for kind, layer in self.layers if kind == "spatialPyramidPooling"), [])
        features = [] if levels else [x.reshape(len(x), -1)]
        for n in levels:
            rows, columns = (
                [(i * extent // n, -(-(i + 1) * extent // n)) for i in range(n)] for extent in x.shape[2:])
            bins = [[x[:, :, a:b, c:d].max(axis=(2, 3)) for c, d in columns] for a, b in rows]
            features.append(np.moveaxis(np.array(bins), (0, 1), (2, 3)).reshape(len(x), -1))
        x = np.concatenate(features, axis=1)
        connected = [layer for kind, layer in self.layers if kind == "fullyConnected"]
        for layer in connected:
            x = self.math.linear(x, self.data[f"{layer['name']}/0"], self.data[f"{layer['name']}/1"])
            if layer is not connected[-1]:
                x = self.activate(layer, x)
        return x

    def resized(self, picture, side):
        _, height, width = picture.shape
        short = min(height, width)
        height, width = (side if height == short else side * height // short,
                         side if width == short else side * width // short)
        return self.math.resize(picture, height, width)

    def scores(self, picture, protocol, side, mirror):
        """(views, classes), before the softmax."""
        x = self.resized(picture, side or self.side)
        _, height, width = x.shape
        n = self.crop
        if protocol == "dense":
            x = (x - self.math.resize(self.mean, height, width)) * self.scale
            window = self.tower(np.zeros((1, 3, n, n))).shape[2]
            rows = []
            for image in [x, x[:, :, ::-1]] if mirror else [x]:
                last = self.tower(image[None])
                windows = [
                    last[:, :, i:i + window, j:j + window]
                    for i in range(last.shape[2] - window + 1) for j in range(last.shape[3] - window + 1)]
                rows.append(self.head(np.concatenate(windows)))
            return np.concatenate(rows)
        down, across = height - n, width - n
        places = [(down // 2, across // 2)]
        if protocol == "10-view":
            places = [(0, 0), (0, across), (down, 0), (down, across)] + places
        crops = []
        for i, j in places:
            crop = (x[:, i:i + n, j:j + n] - self.mean) * self.scale
            crops += [crop, crop[:, :, ::-1]] if mirror or protocol == "10-view" else [crop]
        return self.head(self.tower(np.stack(crops)))


def softmax(scores):
    e = np.exp(scores - scores.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("pictures").add_argument("folder")
    scores = commands.add_parser("scores")
    scores.add_argument("checkpoints", nargs="+")
    scores.add_argument("--pictures", nargs="+", required=True)
    scores.add_argument("--protocol", default="center")
    scores.add_argument("--scales", default="")
    scores.add_argument("--mirror", action="store_true")
    scores.add_argument("--average", default="probabilities")
    scores.add_argument("--torch", action="store_true")
    arguments = parser.parse_args()
    if arguments.command == "pictures":
        return write_pictures(arguments.folder)
    math = TorchMath if arguments.torch else NumPyMath
    models = [Model(path, math) for path in arguments.checkpoints]
    sides = [int(side) for side in arguments.scales.split(",") if side] or [None]
    results = []
    for path in arguments.pictures:
        picture = read_png(path)
        views = [
            model.scores(picture, arguments.protocol, side, arguments.mirror) for model in models for side in sides]
        if arguments.average == "logits":
            results.append(softmax(np.mean([view.mean(0) for view in views], axis=0)))
        else:
            results.append(np.mean([softmax(view).mean(0) for view in views], axis=0))
    print(json.dumps([result.tolist() for result in results]))


main()
