"""The process that loads a flatbuffer for the first time: a malformed one can end it, and nothing else.

Reads a model from standard input, and writes one JSON object: that it was loaded, or why not.
"""

from __future__ import annotations

import contextlib
import resource
import sys

import orjson

from fcv_api.lstm.artifact import Artifact, ArtifactError
from fcv_api.lstm.runtime import LiteRtModel

LARGEST_MEMORY = 4 * 1024**3  # bytes of address space; LiteRT's libraries take half of one
CPU_SECONDS = 30


def main() -> None:
    """Load the model on standard input and run its golden windows."""
    manifest, _, flatbuffer = sys.stdin.buffer.read().partition(b"\0")  # JSON holds no zero byte
    with contextlib.suppress(OSError, ValueError):  # a service's own unit may forbid to set any
        resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, LARGEST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        LiteRtModel(Artifact.from_bytes(manifest, flatbuffer, "standard input"))
    except ArtifactError as error:
        result: dict[str, object] = {"error": str(error)}
    else:
        result = {"loaded": True}
    sys.stdout.buffer.write(orjson.dumps(result) + b"\n")


if __name__ == "__main__":
    main()
