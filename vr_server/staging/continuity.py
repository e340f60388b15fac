"""Which random numbers a look follows: the seed of the take, or the project's memory of who and where.

A shot with `continuity` takes looks from that key and the name alone, so that a character keeps face, height and wardrobe
and a place its layout, whatever the take's seed; without it everything follows the seed.
"""

import hashlib

import numpy as np

from vr_server.domain.shot import ShotSpec


def look_seed(spec: ShotSpec, seed: int, name: str) -> int:
    """A number in 0..2**31 - 1 for the look of a subject's key or a place's id."""
    root = spec.continuity or str(seed)
    return int.from_bytes(hashlib.sha256(f"{root}/{name}".encode()).digest()[:4], "big") >> 1


def look_rng(spec: ShotSpec, seed: int, name: str) -> np.random.Generator:
    return np.random.default_rng(look_seed(spec, seed, name))
