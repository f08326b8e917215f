#!/usr/bin/env python3
"""The scores of Fashion-MNIST's first test images, from a checkpoint that h5py alone reads; NumPy computes.

    python3 Tests/Golden/forward.py CHECKPOINT COUNT

Knows nothing of prelu-dist's sources: only what its guides promise of the file, and the network of `own.yaml` beside
this script. Prints one JSON object: the shape of every tensor of /data, and COUNT lists of scores.
"""

import gzip
import json
import pathlib
import sys

import h5py
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def windows(x, size, stride):
    """(images, channels, rows, columns, size, size)"""
    return sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]


def convolve(x, w, b, stride=1, padding=0):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return np.einsum("ncijrs,kcrs->nkij", windows(x, w.shape[2], stride), w) + b[:, None, None]


def prelu(y, a):
    return np.where(y > 0, y, (a[:, None, None] if a.ndim and y.ndim == 4 else a) * y)


def pool(x, size, stride):
    return windows(x, size, stride).max(axis=(4, 5))


def pyramid(x, levels):
    """Ordered by level, channel, bin row, bin column; bin i of n spans floor(i H / n) to ceil((i + 1) H / n)."""
    features = []
    for n in levels:
        rows, columns = ([(i * extent // n, -(-(i + 1) * extent // n)) for i in range(n)] for extent in x.shape[2:])
        bins = [[x[:, :, top:bottom, left:right].max(axis=(2, 3)) for left, right in columns] for top, bottom in rows]
        features.append(np.moveaxis(np.array(bins), (0, 1), (2, 3)).reshape(len(x), -1))
    return np.concatenate(features, axis=1)


def main():
    path, count = sys.argv[1], int(sys.argv[2])
    with h5py.File(path, "r") as file:
        data = {f"{layer}/{blob}": file["data"][layer][blob][()] for layer in file["data"] for blob in file["data"][layer]}
        mean = file["prelu_dist/mean"][()]
        scale = json.loads(file["prelu_dist/configuration"][()].decode())["data"]["scale"]
    shapes = {name: list(value.shape) for name, value in data.items()}
    data = {name: value.astype(np.float64) for name, value in data.items()}

    archive = pathlib.Path("/usr/share/datasets/fashion-mnist/t10k-images-idx3-ubyte.gz")
    pixels = np.frombuffer(gzip.decompress(archive.read_bytes()), np.uint8, count * 784, 16)
    x = (pixels.reshape(count, 1, 28, 28) - mean.astype(np.float64)) * scale

    x = prelu(convolve(x, data["conv1/0"], data["conv1/1"], stride=2, padding=2), data["conv1_prelu/0"])
    x = pool(x, 3, 2)
    x = prelu(convolve(x, data["conv2/0"], data["conv2/1"], padding=1), data["conv2_prelu/0"])
    x = np.maximum(convolve(x, data["conv3/0"], data["conv3/1"]), 0)
    x = pyramid(x, (4, 2, 1))
    x = prelu(x @ data["fc1/0"].T + data["fc1/1"], data["fc1_prelu/0"])
    scores = x @ data["fc2/0"].T + data["fc2/1"]
    print(json.dumps({"shapes": shapes, "scores": scores.tolist()}))


main()
