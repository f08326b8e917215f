#!/usr/bin/env python3
"""Prints the random numbers that the tests of draws expect, as Swift literals.

Run from anywhere:    python3 Tests/Golden/draws.py
Used by:              RandomnessTests/DrawTests.swift, NetworkTests/InitialDrawTests.swift

Philox 4x32-10 is written anew from Salmon et al. (SC 2011); the counter's four words are

  place of the block, low and high word of the owner, purpose + 256 * part

and whatever a training draws depends on this order: a change of it changes every run's bits.
"""

import math
import struct

MASK = 0xFFFFFFFF
INITIALIZATION, PERMUTATION, AUGMENTATION, DROPOUT = 1, 2, 3, 4


def philox(counter, seed):
    c = list(counter)
    key = [seed & MASK, seed >> 32]
    for _ in range(10):
        left, right = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
        c = [(right >> 32) ^ c[1] ^ key[0], right & MASK, (left >> 32) ^ c[3] ^ key[1], left & MASK]
        key = [(key[0] + 0x9E3779B9) & MASK, (key[1] + 0xBB67AE85) & MASK]
    return c


def words(seed, purpose, owner, count, part=0):
    blocks = range((count + 3) // 4)
    counters = ([place, owner & MASK, owner >> 32, purpose | part << 8] for place in blocks)
    return [word for counter in counters for word in philox(counter, seed)][:count]


def gaussian_pair(first, second):
    radius = math.sqrt(-2 * math.log((first + 0.5) * 2.0**-32))
    angle = 2 * math.pi * second * 2.0**-32
    return radius * math.cos(angle), radius * math.sin(angle)


def below(bound, source):
    """Lemire's method without its rejection, which these draws do not meet."""
    return source.pop(0) * bound >> 32


def float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def permutation(count, source):
    order = list(range(count))
    for last in range(count - 1, 0, -1):
        other = below(last + 1, source)
        order[last], order[other] = order[other], order[last]
    return order


SEED = 0x0123456789ABCDEF
PAIR = 7 << 32 | 9

print("words of (7, 9) for augmentation:", ", ".join(f"0x{w:08x}" for w in words(SEED, AUGMENTATION, PAIR, 10)))
drawn = words(SEED, AUGMENTATION, PAIR, 40)
print("below 1000:", [below(1000, drawn) for _ in range(8)])
drawn = words(SEED, INITIALIZATION, 3, 12)
print("gaussians:", [float32(gaussian_pair(drawn[2 * i], drawn[2 * i + 1])[0]) for i in range(6)])
print("permutation:", permutation(12, words(SEED, PERMUTATION, 4, 40)))

# Layer 2, weights 0 ... 9, standard deviation 0.5: two pairs of each block.
drawn = words(SEED, INITIALIZATION, 2, 12)
pairs = [gaussian_pair(drawn[2 * i], drawn[2 * i + 1]) for i in range(6)]
print("weights:", [float32(0.5 * value) for pair in pairs for value in pair][:10])

# Iteration 5, layer 1, rows 0 ... 2, 11 units, a share of 0.3: 1 for a unit that is kept.
for row in range(3):
    threshold = int(struct.unpack("<f", struct.pack("<f", 0.3))[0] * 2.0**32)
    drawn = words(SEED, DROPOUT, 5 << 32 | row, 11, part=1)
    print(f"kept in row {row}:", [0 if word < threshold else 1 for word in drawn])
