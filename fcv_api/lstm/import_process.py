"""Import a Keras file in a process of its own, so that no file can take this one down or run code in it."""

from __future__ import annotations

import base64
import logging
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from fcv_api.lstm import confined
from fcv_api.lstm.artifact import Artifact, Manifest
from fcv_api.lstm.import_request import ImportRequest
from fcv_api.lstm.keras_import import Report
from fcv_api.lstm.keras_names import KerasFileError
from fcv_api.lstm.parity import largest_difference

SECONDS = 600
CHILD = "fcv_api.lstm.import_child"
DECIDE = ("name", "version", "signs", "classes", "scaling", "step_minutes")
"""What of a manifest decides what is imported."""

log = logging.getLogger("fcv_api")


class TrainExtraMissing(KerasFileError):
    """The packages that an import needs are not installed. The message names the first one, and how to install them."""

    def __init__(self, package: str) -> None:
        command = f"{sys.executable} -m pip install -c constraints.txt -e '.[train]'"
        super().__init__(f"{package} is not installed. Install it with: {command}")


def import_file(path: Path, request: ImportRequest, report: Report, seconds: float = SECONDS) -> Artifact:
    """Import a Keras file. Raises KerasFileError or TrainExtraMissing; nothing is written anywhere."""
    result: dict[str, Any] = {}
    with _child(path, seconds) as child:
        assert child.stdin is not None  # noqa: S101 - for the type checker: both are pipes
        assert child.stdout is not None  # noqa: S101
        child.stdin.write(request.as_json())
        child.stdin.close()
        for line in child.stdout:
            result = orjson.loads(line)
            if "step" in result:
                report(result["step"], result["done"])
            elif "unconfined" in result:
                log.warning("%s", confined.warning(result["unconfined"]))
        code = child.wait()
    if "missing" in result:
        raise TrainExtraMissing(result["missing"])
    if "error" in result:
        raise KerasFileError(result["error"])
    if "manifest" not in result:
        raise KerasFileError(f"The import of {path} was ended ({_cause(code)}), so nothing was imported.")
    return Artifact(Manifest.from_json(result["manifest"].encode()), base64.b64decode(result["flatbuffer"]))


@contextmanager
def _child(path: Path, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    """Start the process, and end it when this one is interrupted or the time is over."""
    with tempfile.TemporaryDirectory(prefix="fcv-import-") as private:
        command = confined.command(CHILD, Path(private), path)
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        with subprocess.Popen(command, env=confined.environment(Path(private)), **pipes) as child:  # noqa: S603 - our own
            alarm = threading.Timer(seconds, child.kill)
            alarm.start()
            try:
                yield child
            finally:
                alarm.cancel()
                child.kill()


def _cause(code: int) -> str:
    if code < 0:
        return f"signal {-code}: it took too much memory or time, or the file crashed the library that reads it"
    return f"code {code}"


def parity_of(path: Path, artifact: Artifact, seconds: float = SECONDS) -> float:
    """Compare a Keras file with a model once more, and give the largest difference. Raises KerasFileError.

    The file is imported again with what the manifest says, so that it passes the same checks; then both flatbuffers
    score the same windows.
    """
    manifest = artifact.manifest
    request = ImportRequest(**{name: getattr(manifest, name) for name in DECIDE})
    fresh = import_file(path, request, lambda _step, _done: None, seconds)
    return largest_difference(fresh, artifact)
