#!/usr/bin/env python3
"""Makes Tests/Golden/photos: small synthetic photographs in many formats, and what they become.

Usage: python3 Tests/Golden/photos.py     (Pillow 13.0.0, NumPy 2.4.6 and SciPy 1.17.1 made the files that are committed)

The expected values are computed from the definitions by NumPy and Pillow: Philox with Python's integers, resizing by
Pillow's BILINEAR on float planes (which rounds nothing on the way), mean and covariance by NumPy.
"""

import base64
import io
import json
import pathlib

import numpy as np
import scipy.io
from PIL import Image, ImageDraw, ImageFilter

HERE = pathlib.Path(__file__).parent
OUT = HERE / "photos"


def photo(seed, width, height):
    """Gradients, shapes and grain."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack(
        [128 + 60 * np.sin(x / width * rng.uniform(1, 6) + c) + 50 * np.cos(y / height * rng.uniform(1, 6) + c)
         for c in range(3)], axis=-1)
    image = Image.fromarray(np.clip(base, 0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for _ in range(8):
        cx, cy, r = rng.integers(0, width), rng.integers(0, height), rng.integers(2, max(3, height // 4))
        draw.ellipse([cx - r, cy - r, cx + r, cy + r], fill=tuple(int(v) for v in rng.integers(0, 256, 3)))
    image = image.filter(ImageFilter.GaussianBlur(0.7))
    grain = rng.normal(0, 4, (height, width, 3))
    return Image.fromarray(np.clip(np.asarray(image) + grain, 0, 255).astype(np.uint8))


def ink(image):
    """The picture in cyan, magenta, yellow and black: Pillow's own conversion leaves the black away."""
    rgb = np.asarray(image).astype(np.float64)
    black = 255 - rgb.max(axis=-1, keepdims=True)
    colors = 255 - rgb * 255 / np.maximum(255 - black, 1)
    return Image.fromarray(np.rint(np.concatenate([colors, black], axis=-1)).astype(np.uint8), mode="CMYK")


def write_photos():
    OUT.mkdir(exist_ok=True)
    a, b, c = photo(1, 93, 61), photo(2, 60, 84), photo(3, 71, 71)
    a.save(OUT / "rgb-420.jpg", quality=90, subsampling=2)
    b.save(OUT / "rgb-422.jpg", quality=90, subsampling=1)
    c.save(OUT / "rgb-444.jpg", quality=90, subsampling=0)
    a.save(OUT / "progressive.jpg", quality=85, progressive=True)
    b.convert("L").save(OUT / "grey.jpg", quality=90)
    c.convert("CMYK").save(OUT / "cmyk.jpg", quality=90)
    ink(b).save(OUT / "ink.jpg", quality=95)
    a.save(OUT / "rgb.png")
    c.save(OUT / "rgb-2.png")
    rgba = b.convert("RGBA")
    rgba.putalpha(Image.fromarray((np.mgrid[0:84, 0:60][1] * 255 // 59).astype(np.uint8)))
    rgba.save(OUT / "rgba.png")
    c.quantize(32).save(OUT / "palette.png")
    grey16 = np.asarray(b.convert("L")).astype(np.uint16) * 257
    Image.fromarray(grey16).save(OUT / "grey-16.png")
    Image.new("RGB", (1, 1), (200, 100, 50)).save(OUT / "one-pixel.png")
    # A camera that was turned: the picture is stored lying on its side.
    exif = Image.Exif()
    exif[274] = 6
    a.save(OUT / "turned.jpg", quality=90, exif=exif)
    # Nothing but gradients, since it is large.
    y, x = np.mgrid[0:620, 0:760]
    large = np.stack([x * 255 // 759, y * 255 // 619, (x + y) * 255 // 1378], axis=-1).astype(np.uint8)
    Image.fromarray(large).save(OUT / "large.jpg", quality=75)


# MARK: the program's random numbers, from their definition


def philox(counter, key):
    c, k = list(counter), list(key)
    for _ in range(10):
        left, right = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(right >> 32) ^ c[1] ^ k[0], right & 0xFFFFFFFF, (left >> 32) ^ c[3] ^ k[1], left & 0xFFFFFFFF]
        k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c


class Stream:
    AUGMENTATION = 3

    def __init__(self, seed, epoch, sample):
        self.key = (seed & 0xFFFFFFFF, seed >> 32)
        self.owner = (sample, epoch)
        self.position, self.words = 0, []

    def word(self):
        if not self.words:
            self.words = philox((self.position, *self.owner, self.AUGMENTATION), self.key)
            self.position += 1
        return self.words.pop(0)

    def below(self, bound):
        product = self.word() * bound
        if (product & 0xFFFFFFFF) < bound:
            threshold = (2**32 - bound) % bound
            while (product & 0xFFFFFFFF) < threshold:
                product = self.word() * bound
        return product >> 32

    def gaussian(self):
        radius = (self.word() + 0.5) / 2**32
        angle = self.word() / 2**32
        return np.sqrt(-2 * np.log(radius)) * np.cos(2 * np.pi * angle)


# MARK: the paper's augmentation


def resized(image, width, height):
    """Float planes (3, height, width)."""
    pixels = np.asarray(image.convert("RGB")).astype(np.float32)
    planes = [Image.fromarray(pixels[..., c]).resize((width, height), Image.BILINEAR) for c in range(3)]
    return np.stack([np.asarray(plane) for plane in planes]).astype(np.float64)


def extents(image, side):
    width, height = image.size
    short = min(width, height)
    return (side if width == short else side * width // short, side if height == short else side * height // short)


def center(image, side, crop):
    width, height = extents(image, side)
    planes = resized(image, width, height)
    top, left = (height - crop) // 2, (width - crop) // 2
    return planes[:, top : top + crop, left : left + crop]


def statistics(images, side, crop):
    squares = np.stack([np.floor(center(image, side, crop) + 0.5) for image in images])
    pixels = squares.transpose(0, 2, 3, 1).reshape(-1, 3)
    covariance = np.cov(pixels / 255, rowvar=False, bias=True)
    values, vectors = np.linalg.eigh(covariance)
    order = np.argsort(values)[::-1]
    vectors = vectors[:, order].T
    vectors = np.stack([v * np.sign(v[np.argmax(np.abs(v))]) for v in vectors])
    return squares.mean(axis=0), pixels.mean(axis=0), covariance, values[order], vectors


def augmented(image, seed, epoch, sample, sides, crop, deviation, mean, values, vectors):
    stream = Stream(seed, epoch, sample)
    side = sides[0] + stream.below(sides[1] - sides[0] + 1)
    width, height = extents(image, side)
    top, left = stream.below(height - crop + 1), stream.below(width - crop + 1)
    mirrored = stream.word() & 1 == 1
    alphas = [deviation * stream.gaussian() for _ in range(3)]
    planes = resized(image, width, height)[:, top : top + crop, left : left + crop]
    shift = 255 * (np.array(alphas) * values) @ vectors
    planes = planes + shift[:, None, None] - mean
    if mirrored:
        planes = planes[:, :, ::-1]
    return planes, [side, top, left, float(mirrored), *alphas]


def write_golden():
    tensors = []

    def add(name, values):
        values = np.ascontiguousarray(values, dtype="<f4")
        tensors.append({"name": name, "shape": list(values.shape),
                        "data": base64.b64encode(values.tobytes()).decode()})

    names = ["rgb.png", "rgb-2.png"]
    images = [Image.open(OUT / name) for name in names]
    mean, color, covariance, values, vectors = statistics(images, 40, 32)
    for name, value in [("mean", mean), ("color_mean", color), ("color_covariance", covariance),
                        ("color_eigenvalues", values), ("color_eigenvectors", vectors)]:
        add(name, value)
    for name, image in zip(names, images):
        for epoch in range(3):
            for sample in (0, 5):
                planes, draw = augmented(image, 11, epoch, sample, (32, 80), 32, 0.1, mean, values, vectors)
                add(f"{name} {epoch} {sample}", planes)
                add(f"{name} {epoch} {sample} draw", draw)
        add(f"{name} center", center(image, 40, 32) - mean)
    # Larger than life: the shorter side of 61 becomes 200, and of 620 only 30, where decoding scales down.
    add("rgb-420.jpg center 200", center(Image.open(OUT / "rgb-420.jpg"), 200, 32))
    add("large.jpg center 100", center(Image.open(OUT / "large.jpg"), 100, 32))
    for name in ["cmyk.jpg", "ink.jpg"]:
        add(name, np.asarray(Image.open(OUT / name).convert("RGB")).transpose(2, 0, 1))
    (HERE / "photos.json").write_text(json.dumps({"tensors": tensors}, indent=0) + "\n")


def write_kit():
    """ImageNet's development kit in small: three classes, numbered in another order than their identifiers."""
    kit = HERE / "devkit" / "data"
    kit.mkdir(parents=True, exist_ok=True)
    synsets = np.array(
        [(np.float64(i + 1), identifier, words, "a gloss", np.float64(0), np.zeros((0, 0)), np.float64(0),
          np.float64(1300))
         for i, (identifier, words) in enumerate(
             [("n03000000", "third, the"), ("n01000000", "first"), ("n02000000", "second, Zwei")])],
        dtype=[(name, "O") for name in ("ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children",
                                        "wordnet_height", "num_train_images")])
    scipy.io.savemat(kit / "meta.mat", {"synsets": synsets[:, None]}, do_compression=True)
    (kit / "ILSVRC2012_validation_ground_truth.txt").write_text("2\n1\n3\n2\n")


if __name__ == "__main__":
    write_photos()
    write_golden()
    write_kit()
