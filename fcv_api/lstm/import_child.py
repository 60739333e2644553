"""The process that imports: it alone opens the Keras file, and it has a limit on its memory and its time.

Reads a request from standard input and writes one JSON object a line to standard output: progress, and at last the
artifact or the error. Whatever TensorFlow prints goes nowhere.
"""

from __future__ import annotations

import base64
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

import orjson

from fcv_api.domain.errors import NoModel
from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.keras_file import KerasFile
from fcv_api.lstm.keras_import import import_model
from fcv_api.lstm.keras_names import KerasFileError

LARGEST_MEMORY = 12 * 1024**3  # bytes of address space, of which TensorFlow's libraries take some
CPU_SECONDS = 600
UNUSED = ("matplotlib", "pandas", "sklearn")
"""Keras loads them where they are there, which takes as long as half of TensorFlow, and an import draws nothing."""


def main() -> None:
    """Import the file that the command line names, by the request on standard input."""
    resource.setrlimit(resource.RLIMIT_AS, (LARGEST_MEMORY, LARGEST_MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    sys.modules.update(dict.fromkeys(UNUSED))  # type: ignore[arg-type]  # None: they are not installed
    request = ImportRequest.from_json(sys.stdin.buffer.read())
    with _own_output() as output:
        output.write(_run(Path(sys.argv[1]), request, output) + b"\n")


def _own_output() -> BinaryIO:
    """Keep standard output for ourselves: what the libraries print would end up between our lines."""
    output = os.fdopen(os.dup(1), "wb", buffering=0)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return output


def _run(path: Path, request: ImportRequest, output: BinaryIO) -> bytes:
    def report(step: str, done: int) -> None:
        output.write(orjson.dumps({"step": step, "done": done}) + b"\n")

    try:
        with tempfile.TemporaryDirectory(prefix="fcv-import-") as private:
            artifact = import_model(KerasFile.inspect(path, Path(private)), request, report)
    except ImportError as error:
        return orjson.dumps({"missing": error.name or "tensorflow"})
    except (KerasFileError, NoModel) as error:
        return orjson.dumps({"error": str(error)})
    except MemoryError:
        return orjson.dumps({"error": f"{path} needs more memory than an import may take."})
    flatbuffer = base64.b64encode(artifact.flatbuffer).decode()
    return orjson.dumps({"manifest": artifact.manifest.as_json().decode(), "flatbuffer": flatbuffer})


if __name__ == "__main__":
    main()
