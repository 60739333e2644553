"""A flatbuffer that ends the process that loads it. Its sha256 fits.

Run as a program, it looks for the byte again, as a new LiteRT may need: each trial is a process of its own.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from pathlib import Path

from fcv_api.lstm.artifact import Artifact, ArtifactError
from fcv_api.lstm.trial import load

UNTRAINED = Path(__file__).parents[1] / "fixtures" / "models" / "fcv-untrained" / "0.1.0"
PLACE, BYTE = 50_525, 7  # instead of 0
STRUCTURE = 30_000
"""Weights lie before it; a wrong weight is only a wrong number."""


def malformed(version: str = "6.6.6", place: int = PLACE, byte: int = BYTE) -> Artifact:
    """Return a model with one byte changed. LiteRT finds nothing wrong with it, and reads where nothing is."""
    sound = Artifact.load(UNTRAINED)
    flatbuffer = bytearray(sound.flatbuffer)
    flatbuffer[place] = byte
    sha256 = hashlib.sha256(flatbuffer).hexdigest()
    return Artifact(replace(sound.manifest, version=version, sha256=sha256), bytes(flatbuffer))


def search(seed: int = 2) -> tuple[int, int]:
    """Change one byte after another until a child is ended by a signal."""
    dice, last = random.Random(seed), len(Artifact.load(UNTRAINED).flatbuffer) - 1
    while True:
        place, byte = dice.randint(STRUCTURE, last), dice.randrange(10)
        try:
            load(malformed(place=place, byte=byte))
        except ArtifactError as error:
            if "signal" in str(error):
                return place, byte


if __name__ == "__main__":
    print(search())
