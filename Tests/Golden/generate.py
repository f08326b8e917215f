#!/usr/bin/env python3
"""Makes network.json: what PyTorch computes for one small net that has every kind of layer.

Run from anywhere:    python3 Tests/Golden/generate.py
The committed file:   PyTorch 2.15.0 (on the CPU), NumPy 2.4.6, Python 3.11; the file names the versions it was made with.

Everything is computed in float64 from inputs and parameters that are exact in float32, and stored as float32; so the
file holds the true values to half a unit in the last place, and a float32 program differs from it by its own rounding
only. How far PyTorch's own float32 differs (the largest relative L2 error of a tensor of each group) is stored under
"float32". A bound of 1e-4 is a hundred times that or more, and below what a wrong weight decay makes of the momentum:
none at all changes that of each weight by 1.2e-3 to 6.9e-3, decay on biases and slopes too changes theirs by up to 4e-2.

A value at a kink (a pre-activation at 0, two maxima in a window) would make the gradient depend on rounding. The seed
is therefore the first one, from 1 on, for which no pre-activation is closer to 0 than MARGIN and no maximum closer to
the second than MARGIN, in the first pass and in all ten steps of the solver.

Tensors, in this order; B images, K classes:
  input (B, 3, 38, 27), labels (B), features (B, 238) after spatial pyramid pooling, logits (B, K), loss (scalar)
  parameters/<layer>/<blob>   before training, in net order; weights (filters, channels, height, width) or
                              (outputs, inputs), biases, slopes (channels) or a scalar where shared
  gradients/<layer>/<blob>    of the mean loss over the B images, weight decay not included
  losses (10)                 before each of ten steps on the same images
  final/<layer>/<blob>, momentum/<layer>/<blob>, final_loss
                              after the ten steps v := 0.9 v - rate (g + decay w), w := w + v; the rate is 0.01 in the
                              first five and 0.001 in the last five; decay is 0.0005 on weights, 0 on biases and slopes
"""

import base64
import json
import pathlib
import platform

import numpy
import torch
import torch.nn.functional as F

BATCH, CLASSES, STEPS = 5, 7, 10
INPUT = (3, 38, 27)
MOMENTUM, DECAY = 0.9, 0.0005
RATES = [0.01] * 5 + [0.001] * 5
LEVELS = (3, 2, 1)
MARGIN = 1e-5

# The sizes are chosen so that windows fit badly: conv1 and pool1 drop a last row, pool2 sees two odd extents. The windows
# of average1 overlap.
#   38×27 → conv1 18×13 → pool1 8×6 → conv2 8×6 → average1 7×5 → conv3 6×4 → conv4 7×5 → pool2 3×2 → conv5 3×2
#   → spp 14 bins
CONVOLUTIONS = {  # name: (channels, filters, kernel, stride, padding)
    "conv1": (3, 20, 5, 2, 1),
    "conv2": (20, 24, 3, 1, 1),
    "conv3": (24, 24, 2, 1, 0),
    "conv4": (24, 18, 2, 1, 1),
    "conv5": (18, 17, 3, 1, 1),
}
CONNECTED = {"fc1": (17 * 14, 30), "fc2": (30, 20), "fc3": (20, CLASSES)}


def make_parameters(generator):
    """float32 parameters by name, in net order. Slopes start at positive, negative and zero values."""
    parameters = {}

    def normal(*shape, std):
        return torch.randn(*shape, generator=generator) * std

    for name, (channels, filters, kernel, _, _) in CONVOLUTIONS.items():
        fan_in = channels * kernel * kernel
        parameters[f"{name}/0"] = normal(filters, channels, kernel, kernel, std=(2 / fan_in) ** 0.5)
        parameters[f"{name}/1"] = normal(filters, std=0.1)
        if name == "conv1":  # a slope of 0 before a pool would make ties; conv2 and fc1 have it
            parameters["conv1_prelu/0"] = torch.linspace(-0.4, 1.2, filters)
        if name == "conv2":
            parameters["conv2_prelu/0"] = torch.tensor(0.0)
    for name, (inputs, outputs) in CONNECTED.items():
        parameters[f"{name}/0"] = normal(outputs, inputs, std=(1 / inputs) ** 0.5)
        parameters[f"{name}/1"] = normal(outputs, std=0.1)
        if name == "fc1":
            slopes = normal(outputs, std=0.4)
            slopes[::7] = 0
            parameters["fc1_prelu/0"] = slopes
        if name == "fc2":
            parameters["fc2_prelu/0"] = torch.tensor(-0.15)
    return parameters


class Network:
    """The forward pass, noting how near it comes to a kink."""

    def __init__(self, parameters):
        self.parameters = parameters
        self.margin = float("inf")

    def convolve(self, name, x):
        _, _, _, stride, padding = CONVOLUTIONS[name]
        return F.conv2d(x, self.parameters[f"{name}/0"], self.parameters[f"{name}/1"], stride=stride, padding=padding)

    def connect(self, name, x):
        return x @ self.parameters[f"{name}/0"].T + self.parameters[f"{name}/1"]

    def activate(self, y, slope):
        self.margin = min(self.margin, y.detach().abs().min().item())
        if slope.dim() == 1 and y.dim() == 4:
            slope = slope[:, None, None]
        return torch.where(y > 0, y, slope * y)

    def prelu(self, name, y):
        return self.activate(y, self.parameters[f"{name}_prelu/0"])

    def maximum(self, windows):
        """The maximum over the last axis."""
        if windows.shape[-1] > 1:
            first, second = windows.detach().topk(2, dim=-1).values.unbind(-1)
            self.margin = min(self.margin, (first - second).min().item())
        return windows.max(dim=-1).values

    def pool(self, x, size, stride):
        windows = x.unfold(2, size, stride).unfold(3, size, stride).flatten(4)
        pooled = self.maximum(windows)
        assert torch.equal(pooled, F.max_pool2d(x, size, stride))
        return pooled

    def pyramid(self, x):
        """Ordered by level, channel, bin row, bin column; bin i of n spans floor(i H / n) to ceil((i + 1) H / n)."""
        height, width = x.shape[2:]
        parts = []
        for level in LEVELS:
            bins = []
            for row in range(level):
                top, bottom = row * height // level, -(-(row + 1) * height // level)
                for column in range(level):
                    left, right = column * width // level, -(-(column + 1) * width // level)
                    bins.append(self.maximum(x[:, :, top:bottom, left:right].flatten(2)))
            pooled = torch.stack(bins, dim=2)
            assert torch.equal(pooled, F.adaptive_max_pool2d(x, level).flatten(2))
            parts.append(pooled.flatten(1))
        return torch.cat(parts, dim=1)

    def forward(self, x):
        constant = x.new_tensor
        x = self.pool(self.prelu("conv1", self.convolve("conv1", x)), size=3, stride=2)
        x = F.avg_pool2d(self.prelu("conv2", self.convolve("conv2", x)), 2, stride=1)
        x = self.activate(self.convolve("conv3", x), constant(0.0))
        x = self.pool(self.activate(self.convolve("conv4", x), constant(0.01)), size=2, stride=2)
        features = self.pyramid(self.convolve("conv5", x))
        x = self.prelu("fc1", self.connect("fc1", features))
        x = self.prelu("fc2", self.connect("fc2", x))
        return features, self.connect("fc3", x)


def run(seed, dtype, least_margin):
    """Every tensor of the file in `dtype`, and the smallest distance to a kink; nothing if that is below the least."""
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(BATCH, *INPUT, generator=generator).to(dtype)
    labels = torch.randint(CLASSES, (BATCH,), generator=generator)
    parameters = {
        name: value.to(dtype).requires_grad_() for name, value in make_parameters(generator).items()
    }
    network = Network(parameters)
    tensors = {"input": images, "labels": labels}

    def pass_through():
        features, logits = network.forward(images)
        loss = F.cross_entropy(logits, labels)
        gradients = dict(zip(parameters, torch.autograd.grad(loss, list(parameters.values()))))
        return features, logits, loss, gradients

    features, logits, loss, gradients = pass_through()
    if network.margin < least_margin:  # most seeds end here
        return None, network.margin
    tensors |= {"features": features, "logits": logits, "loss": loss}
    tensors |= {f"parameters/{name}": value.detach().clone() for name, value in parameters.items()}
    tensors |= {f"gradients/{name}": value for name, value in gradients.items()}

    losses = []
    velocities = {name: torch.zeros_like(value) for name, value in parameters.items()}
    for step in range(STEPS):
        _, _, loss, gradients = pass_through()
        if network.margin < least_margin:
            return None, network.margin
        losses.append(loss.detach())
        with torch.no_grad():
            for name, weight in parameters.items():
                is_weight = not name.split("/")[0].endswith("_prelu") and name.endswith("/0")
                decay = DECAY if is_weight else 0.0
                velocity = velocities[name]
                velocity.copy_(MOMENTUM * velocity - RATES[step] * (gradients[name] + decay * weight))
                weight.add_(velocity)
    tensors["losses"] = torch.stack(losses)
    tensors |= {f"final/{name}": value for name, value in parameters.items()}
    tensors |= {f"momentum/{name}": value for name, value in velocities.items()}
    tensors["final_loss"] = pass_through()[2]
    return {name: value.detach() for name, value in tensors.items()}, network.margin


def relative_error(value, reference):
    difference = (value.double() - reference.double()).norm()
    return (difference / reference.double().norm()).item()


def main():
    torch.set_num_threads(1)
    seed = 1
    while True:
        tensors, margin = run(seed, torch.float64, MARGIN)
        if tensors is not None and margin >= MARGIN:
            break
        seed += 1
    single, _ = run(seed, torch.float32, 0)
    errors = {}
    for name, value in tensors.items():
        group = name.split("/")[0]
        errors[group] = max(errors.get(group, 0.0), relative_error(single[name], value))

    head = {
        "made_by": "Tests/Golden/generate.py",
        "versions": {
            "torch": torch.__version__, "numpy": numpy.__version__, "python": platform.python_version(),
        },
        "seed": seed,
        "margin": float(f"{margin:.3g}"),
        "float32": {name: float(f"{error:.2g}") for name, error in errors.items()},
    }
    rows = []
    for name, value in tensors.items():
        data = base64.b64encode(value.numpy().astype("<f4").tobytes()).decode("ascii")
        rows.append(json.dumps({"name": name, "shape": list(value.shape), "data": data}))
    lines = json.dumps(head, indent=1).removesuffix("\n}") + ',\n "tensors": [\n  ' + ",\n  ".join(rows) + "\n ]\n}\n"
    path = pathlib.Path(__file__).resolve().parent / "network.json"
    path.write_text(lines)
    print(f"{path.name}: {len(lines)} bytes, {len(tensors)} tensors, {json.dumps(head)}")


if __name__ == "__main__":
    main()
