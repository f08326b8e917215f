#!/usr/bin/env python3
"""Writes the values that PyTorch, timm and torchvision give for schedules, soft labels, mixing, averages and clipping.

Run from anywhere:    python3 Tests/Golden/regularization.py      (writes regularization.json beside itself)
Used by:              TrainingTests/RateCurveTests.swift, KernelTests/SoftLabelLossTests.swift,
                      KernelTests/GradientClippingTests.swift, NetworkTests/WeightAverageTests.swift,
                      ImagesTests/SampleMixingTests.swift
Needs:                torch, torchvision, timm from PyPI; made with torch 2.15.0, torchvision 0.29.2, timm 1.0.31

All values are float32, so the tests' bounds are a few roundings of float32.
"""

import base64
import json
import pathlib
import types

import numpy
import torch
import torchvision
from timm.data.mixup import mixup_target
from timm.scheduler import PolyLRScheduler
from timm.utils import ModelEmaV3
from torchvision.transforms import v2

torch.manual_seed(20)
tensors = []


def keep(name, values):
    array = numpy.ascontiguousarray(torch.as_tensor(values, dtype=torch.float64).numpy().astype("<f4"))
    tensors.append(
        {"name": name, "shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode("ascii")})


# Schedules: 40 steps, 8 an epoch, a warm-up of 1.5 epochs from 0.01 of the rate, a rate of 0.1 that falls to 0.002.
STEPS, EPOCH, BASE, END, START = 40, 8, 0.1, 0.002, 0.01
WARM_UP = EPOCH * 3 // 2


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)


def rates(schedule, solver):
    found = []
    for _ in range(STEPS + 3):
        found.append(solver.param_groups[0]["lr"])
        solver.step()
        schedule.step()
    return found


def after_warm_up(solver, fall):
    rise = torch.optim.lr_scheduler.LinearLR(solver, start_factor=START, total_iters=WARM_UP)
    return torch.optim.lr_scheduler.SequentialLR(solver, [rise, fall], milestones=[WARM_UP])


solver = optimizer()
fall = torch.optim.lr_scheduler.CosineAnnealingLR(solver, T_max=STEPS - WARM_UP, eta_min=END)
keep("cosine", rates(after_warm_up(solver, fall), solver)[: STEPS + 1])
solver = optimizer()
fall = torch.optim.lr_scheduler.PolynomialLR(solver, total_iters=STEPS - WARM_UP, power=2)
keep("polynomial/0", rates(after_warm_up(solver, fall), solver))
solver = optimizer()
timm = PolyLRScheduler(solver, t_initial=STEPS, power=0.9, lr_min=END, t_in_epochs=False)
keep("polynomial/end", [timm._get_lr(step)[0] for step in range(STEPS + 3)])

# Losses of five rows and seven classes: smoothed, weighted and smoothed, mixed, mixed and smoothed.
ROWS, CLASSES, SMOOTHING = 5, 7, 0.1
scores = 3 * torch.randn(ROWS, CLASSES)
labels = torch.tensor([0, 6, 3, 3, 1])
partners = torch.tensor([5, 6, 0, 2, 1])
weights = 0.25 + 2 * torch.rand(CLASSES)
shares = torch.tensor([0.9, 0.3, 0.5, 0.125, 1.0])
for name, values in [
    ("scores", scores), ("labels", labels), ("partners", partners), ("weights", weights), ("shares", shares)
]:
    keep(f"loss/{name}", values)


def loss(name, target, **options):
    own = scores.double().requires_grad_()
    value = torch.nn.functional.cross_entropy(own, target, **options)
    value.backward()
    keep(f"loss/{name}", value.detach())
    keep(f"loss/{name}/gradient", own.grad)


def mixed(smoothing):
    """timm's mixup_target pairs a mini-batch with itself turned round; a pair of rows gives any two classes."""
    rows = []
    for label, partner, share in zip(labels, partners, shares):
        pair = torch.stack([label, partner])
        rows.append(mixup_target(pair, CLASSES, lam=float(share), smoothing=smoothing)[0])
    return torch.stack(rows).double()


loss("smoothed", labels, label_smoothing=SMOOTHING)
loss("weighted", labels, label_smoothing=SMOOTHING, weight=weights.double())
loss("mixed", mixed(0))
loss("mixed-smoothed", mixed(SMOOTHING))

# Mixup and CutMix of two images of 2 channels, 6 by 9, by torchvision, which mixes an image with the one before it: the
# second of two images with the first. (timm 1.0.31 makes a rectangle of an odd length one longer than the CutMix
# paper's own program and torchvision do.)
images = torch.randn(2, 2, 6, 9)
keep("mix/images", images)
for index, share in enumerate([0.25, 0.7, 1.0]):
    mixup = v2.MixUp(num_classes=4)
    mixup._dist = types.SimpleNamespace(sample=lambda _=(): torch.tensor([share]))
    keep(f"mix/blend/{index}", mixup(images, torch.tensor([0, 1]))[0][1])
    keep(f"mix/blend/{index}/share", share)
for index, (share, row, column) in enumerate([(0.3, 2, 4), (0.75, 0, 8), (0.9, 5, 0), (1.0, 3, 3), (0.0, 1, 1)]):
    numbers = iter([column, row])
    cutmix = v2.CutMix(num_classes=4)
    cutmix._dist = types.SimpleNamespace(sample=lambda _=(): torch.tensor([share]))
    torch.randint, former = lambda *_, **__: torch.tensor([next(numbers)]), torch.randint
    pasted, target = cutmix(images, torch.tensor([0, 1]))
    torch.randint = former
    keep(f"mix/paste/{index}", pasted[1])
    keep(f"mix/paste/{index}/draw", [share, row, column])
    keep(f"mix/paste/{index}/share", target[1, 1])

# The distribution of shares: the cumulative distribution of B(a, a) at 0.1, 0.3, 0.5, 0.8 by numeric integration over
# u = x^a, in which the density has no pole at 0; the other half is the first one's mirror image.
def lower(shape, x):
    points = torch.linspace(0, x**shape, 1_000_001, dtype=torch.float64)
    middle = (points[1:] + points[:-1]) / 2
    return float(((1 - middle ** (1 / shape)) ** (shape - 1)).sum() * (points[1] - points[0]))


for shape in [0.2, 1.0, 3.0]:
    half = lower(shape, 0.5)
    shares = [0.5 * lower(shape, x) / half for x in (0.1, 0.3, 0.5, 0.2)]
    keep(f"beta/{shape}", shares[:3] + [1 - shares[3]])

# The moving average of eleven parameters over six steps.
model = torch.nn.Linear(10, 1)
average = ModelEmaV3(model, decay=0.7, use_warmup=True, warmup_gamma=1.0, warmup_power=1.0)
for step in range(6):
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn_like(parameter))
    average.update(model, step=step + 1)
    keep(f"average/{step}/weights", torch.cat([p.flatten() for p in model.parameters()]).detach())
    keep(f"average/{step}/average", torch.cat([p.flatten() for p in average.module.parameters()]).detach())

# Clipping of a gradient in two tensors of 19 and 3 elements, by value, by norm, and by one after the other.
gradients = [4 * torch.randn(19), 4 * torch.randn(3)]
keep("clip/gradient", torch.cat(gradients))
for name, value, norm in [("value", 1.5, None), ("norm", None, 2.0), ("long", None, 1e3), ("both", 1.5, 2.0)]:
    own = [torch.nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for parameter, gradient in zip(own, gradients):
        parameter.grad = gradient.clone()
    if value is not None:
        torch.nn.utils.clip_grad_value_(own, value)
    if norm is not None:
        keep(f"clip/{name}/norm", torch.nn.utils.clip_grad_norm_(own, norm))
    keep(f"clip/{name}", torch.cat([p.grad for p in own]))

print(f"torch {torch.__version__}, torchvision {torchvision.__version__}: {len(tensors)} tensors")
with open(pathlib.Path(__file__).with_suffix(".json"), "w") as file:
    json.dump({"tensors": tensors}, file, indent=1)
    file.write("\n")
