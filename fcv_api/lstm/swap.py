"""The model that a process serves, and its exchange for another one without a restart.

Each worker looks every second for a newer activation, loads it, runs its golden windows, and only then switches: one
reference, so that no answer mixes two models. One that fails keeps the old model serving.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import ModelIdentity
from fcv_api.lstm import trial
from fcv_api.lstm.artifact import Artifact, Manifest
from fcv_api.lstm.runtime import LiteRtModel

SECONDS_BETWEEN_LOOKS = 1.0
LOOKS_BETWEEN_REPORTS = 15

Disk = Callable[[Manifest], None]

log = logging.getLogger("fcv_api")


class Activations(Protocol):
    """Where activations are kept. Any error that it raises is taken for its absence."""

    def latest_id(self) -> int:
        """Return the id of the activation in force; 0 for none."""
        ...

    def artifact(self, activation: int) -> Artifact:
        """Return its model. Raises NoModel when the copy is damaged."""
        ...

    def find(self, model: ModelIdentity) -> Artifact:
        """Return the model of this name, version and sha256, active or not. Raises NoModel when it is not here."""
        ...

    def report(self, state: Serving) -> None:
        """Record what this process serves."""
        ...

    def forget(self) -> None:
        """Record that this process ends."""
        ...


@dataclass(frozen=True, slots=True)
class Serving:
    """What a process serves. activation: the id that it took up. problem: why it did not take up a newer one."""

    host: str
    pid: int
    model: LiteRtModel
    activation: int
    problem: str = ""


class SwappedModels:
    """`Models` of a serving process. Built in the master; each worker starts its own watch after the fork."""

    def __init__(self, first: LiteRtModel, activations: Activations, disk: Disk, verdicts: Path | None = None) -> None:
        """Serve `first` where nothing was activated. disk: raises NoModel when a model's folder is damaged.

        verdicts: the folder of `trial.load`.
        """
        self._first, self._activations, self._disk, self._verdicts = first, activations, disk, verdicts
        self._serving: Serving | None = None
        self._refused: int | None = None  # the activation that was tried last and failed
        self._lock, self._failure = threading.Lock(), ""
        self._prepared = (0, first)  # (activation, model): loaded in the master and shared by fork

    @property
    def prepared(self) -> LiteRtModel:
        """The model that was in force when this service started."""
        return self._prepared[1]

    def prepare(self) -> None:
        """Load what is in force, before the fork. Raises NoModel, or what the database raises.

        A service does not start on a model whose folder is damaged; one that runs keeps what it holds.
        """
        latest = self._activations.latest_id()
        if latest:
            self._prepared = (latest, self._loaded(self._activations.artifact(latest)))
            self._disk(self.prepared.manifest)  # the first one has just been read from its folder

    def active(self) -> LiteRtModel:
        """Return the model that answers now. Raises NoModel when this process cannot know which one that is."""
        return self._current().model

    def at(self, model: ModelIdentity) -> LiteRtModel:
        """Return the model of a name, version and sha256, active or not. Raises NoModel when it is not here."""
        active = self.active()
        return active if active.identity.is_same(model) else self._loaded(self._activations.find(model))

    def verify(self) -> None:
        """Run its golden windows. Raises NoModel when they do not come out."""
        self.active().verify()

    def manifest(self) -> Manifest:
        """Return its manifest."""
        return self.active().manifest

    def problem(self) -> str:
        """Return what is wrong without keeping this process from answering: a failed activation, a damaged folder."""
        current = self._current()
        if current.problem:
            return current.problem
        try:
            self._disk(current.model.manifest)
        except NoModel as reason:
            return f"{reason} The model in memory goes on answering; restore the folder before a restart."
        return ""

    def watch(self) -> None:
        """Take up the activation in force, and look for newer ones from now on."""
        reported = self._look_and_report(None)
        threading.Thread(target=self._watch, args=(reported,), name="models", daemon=True).start()

    def forget(self) -> None:
        """Record that this process ends."""
        self._activations.forget()

    def look(self) -> None:
        """Look once for a newer activation. Raises what the database raises, or NoModel where nothing can serve."""
        with self._lock:
            latest = self._activations.latest_id()
            current = self._own()
            if latest not in (current and current.activation, self._refused):
                self._serving = self._take_up(latest, current)

    def _take_up(self, activation: int, current: Serving | None) -> Serving:
        """Load an activation and switch to it; keep what is served when it fails. Raises NoModel without either."""
        try:
            model = self._load(activation)
        except NoModel as reason:
            log.error("models: activation %d failed: %s", activation, reason)  # noqa: TRY400 - a fact, not a bug
            if current is None:
                raise
            self._refused = activation
            return Serving(current.host, current.pid, current.model, current.activation, f"Activation failed: {reason}")
        log.info("models: serving %s sha256 %s", model.identity, model.identity.sha256)
        return Serving(socket.gethostname(), os.getpid(), model, activation)

    def _load(self, activation: int) -> LiteRtModel:
        """Return an activation's model: the shipped or pinned one for 0."""
        if activation == self._prepared[0]:
            return self.prepared
        return self._loaded(self._activations.artifact(activation)) if activation else self._first

    def _loaded(self, artifact: Artifact) -> LiteRtModel:
        return trial.load(artifact, self._verdicts)

    def _own(self) -> Serving | None:
        """Return what this very process took up: what a parent did before the fork does not count."""
        serving = self._serving
        return serving if serving and serving.pid == os.getpid() else None

    def _current(self) -> Serving:
        current = self._own()
        if current is None:  # born lately: never answer with what the master was started with
            self.look()
            current = self._own()
        if current is None:
            raise NoModel("This process does not know yet which model is active.")
        return current

    def _watch(self, reported: Serving | None) -> None:
        looks = 0
        while True:
            time.sleep(SECONDS_BETWEEN_LOOKS)
            looks += 1
            reported = self._look_and_report(None if looks % LOOKS_BETWEEN_REPORTS == 0 else reported)

    def _look_and_report(self, reported: Serving | None) -> Serving | None:
        """Look once, and report what is served unless it is what was `reported` last. Gives what was reported."""
        try:
            self.look()
            current = self._own()
            if current is not None and current is not reported:
                self._activations.report(current)
        except Exception as error:  # noqa: BLE001 - a database that is away must not end the watch
            failure = type(error).__name__
            if failure != self._failure:  # once: it looks each second
                log.warning("models: %s while looking for an activation", failure)
            self._failure = failure
            return None
        self._failure = ""
        return current
