"""Takes the digests of a checkpoint with hashlib alone, as the guides say, and compares them with those in the file.

usage: digests.py CHECKPOINT

Prints JSON: the number of tensors, the names of those whose digest is another, and the digest of the network.
"""

import hashlib
import json
import sys

import h5py

file = h5py.File(sys.argv[1])


def digest(tensor):
    return hashlib.sha256(tensor[()].tobytes()).hexdigest()


tensors = [file["data"][name] for name in file["prelu_dist/parameter_names"].asstr()]
tensors += [file["history"][str(index)] for index in range(len(file["history"]))]
if "average" in file:
    tensors += [file["average"][name] for name in file["prelu_dist/parameter_names"].asstr()]
others = [t.name for t in tensors + [file["prelu_dist/mean"]] if t.attrs["sha256"].decode() != digest(t)]
lines = [f"{digest(t)} {t.name} {list(t.shape)}\n" for t in tensors]
network = hashlib.sha256("".join(lines).encode()).hexdigest()
json.dump({"tensors": len(tensors), "others": others, "network": network}, sys.stdout)
