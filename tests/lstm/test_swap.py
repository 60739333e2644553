"""The swap: what a process serves before, during and after an activation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from malformed import malformed

from fcv_api.domain.errors import NoModel
from fcv_api.domain.prediction import ModelIdentity
from fcv_api.lstm.artifact import Artifact, ArtifactError, Manifest
from fcv_api.lstm.registry import Registry
from fcv_api.lstm.runtime import LiteRtModel
from fcv_api.lstm.swap import Serving, SwappedModels
from fcv_api.settings import ROOT

SIGMOID = Artifact.load(ROOT / "tests" / "fixtures" / "field_models" / "sigmoid" / "1.0.0")
SHIPPED = Registry(ROOT / "models").artifact("fcv-sim/2.0.0")


@dataclass
class FakeActivations:
    """Activations in a list. `away` is raised instead of any answer."""

    artifacts: list[Artifact] = field(default_factory=list)
    reported: list[Serving] = field(default_factory=list)
    away: Exception | None = None

    def latest_id(self) -> int:
        """Give the number of the last one."""
        if self.away:
            raise self.away
        return len(self.artifacts)

    def artifact(self, activation: int) -> Artifact:
        """Give a model."""
        return self.artifacts[activation - 1]

    def find(self, model: ModelIdentity) -> Artifact:
        """Give a model by its version."""
        for each in self.artifacts:
            if each.manifest.identity.is_same(model):
                return each
        raise NoModel("It is not here.")

    def report(self, state: Serving) -> None:
        """Keep what was said."""
        self.reported.append(state)

    def forget(self) -> None:
        """Forget all."""
        self.reported.clear()


def version(number: str) -> Artifact:
    return replace(SHIPPED, manifest=replace(SHIPPED.manifest, version=number))


def broken(number: str) -> Artifact:
    """Make a model whose golden windows do not come out."""
    golden = tuple(replace(window, outputs=[0.25] * 4) for window in SHIPPED.manifest.golden)
    return replace(SHIPPED, manifest=replace(SHIPPED.manifest, version=number, golden=golden))


def whole(_manifest: Manifest) -> None:
    """Find nothing wrong on the disk."""


@pytest.fixture
def activations() -> FakeActivations:
    """Give activations, none yet."""
    return FakeActivations()


@pytest.fixture
def make(activations: FakeActivations) -> Callable[..., SwappedModels]:
    """Start a service on the activations."""

    def start(disk: Callable[[Manifest], None] = whole) -> SwappedModels:
        models = SwappedModels(LiteRtModel(SHIPPED), activations, disk)
        models.prepare()
        return models

    return start


Make = Callable[..., SwappedModels]


def served(models: SwappedModels) -> str:
    return models.active().identity.version


def test_without_an_activation_the_shipped_model_serves(make: Make) -> None:
    assert served(make()) == "2.0.0"


def test_a_new_activation_is_taken_up_at_the_next_look(make: Make, activations: FakeActivations) -> None:
    models = make()
    assert served(models) == "2.0.0"
    activations.artifacts.append(version("2"))
    assert served(models) == "2.0.0"
    models.look()
    assert served(models) == "2"


def test_the_model_in_force_at_the_start_is_loaded_once_and_shared(make: Make, activations: FakeActivations) -> None:
    activations.artifacts.append(version("2"))
    models = make()
    assert models.active() is models.prepared


def test_a_process_born_after_an_activation_never_answers_with_what_the_master_was_started_with(
    make: Make, activations: FakeActivations, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = make()
    assert served(models) == "2.0.0"
    activations.artifacts.append(version("2"))
    monkeypatch.setattr("os.getpid", lambda: 4_000_000)  # as after a fork
    assert served(models) == "2"


def test_a_process_that_cannot_know_what_is_active_does_not_answer(make: Make, activations: FakeActivations) -> None:
    models = make()
    activations.away = ConnectionError("the database is away")
    with pytest.raises(ConnectionError):
        models.active()
    activations.away = None
    assert served(models) == "2.0.0"


def test_a_database_that_goes_away_later_changes_nothing(make: Make, activations: FakeActivations) -> None:
    models = make()
    assert served(models) == "2.0.0"
    activations.away = ConnectionError("the database is away")
    assert served(models) == "2.0.0"


def test_an_activation_that_fails_keeps_the_old_model_serving_and_says_so(
    make: Make, activations: FakeActivations
) -> None:
    models = make()
    models.look()
    activations.artifacts.append(broken("2"))
    models.look()
    assert served(models) == "2.0.0"
    assert "Activation failed: Model fcv-sim/2 differs" in models.problem()


def test_a_malformed_flatbuffer_does_not_end_the_worker_that_looks(make: Make, activations: FakeActivations) -> None:
    models = make()
    models.look()
    activations.artifacts.append(malformed())
    models.look()
    assert served(models) == "2.0.0"
    assert "Activation failed: Model fcv-untrained/6.6.6 ended the process that loaded it" in models.problem()


def test_a_model_that_would_answer_nobody_is_not_switched_to(make: Make, activations: FakeActivations) -> None:
    """As one may be that was activated by an older version of this service."""
    models = make()
    models.look()
    activations.artifacts.append(SIGMOID)
    models.look()
    assert served(models) == "2.0.0"
    assert "Activation failed: Model sigmoid/1.0.0 gives four numbers that are no probabilities" in models.problem()
    with pytest.raises(NoModel, match="add a softmax"):
        make()


def test_a_service_does_not_start_on_a_malformed_flatbuffer(make: Make, activations: FakeActivations) -> None:
    activations.artifacts.append(malformed())
    with pytest.raises(NoModel, match="ended the process that loaded it"):
        make()


def test_an_activation_that_failed_is_not_tried_every_second(
    make: Make, activations: FakeActivations, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = make()
    models.look()
    activations.artifacts.append(broken("2"))
    models.look()
    monkeypatch.setattr(activations, "artifact", lambda _activation: pytest.fail("tried again"))
    models.look()


def test_the_activation_after_one_that_failed_is_taken_up(make: Make, activations: FakeActivations) -> None:
    models = make()
    models.look()
    activations.artifacts.append(broken("2"))
    models.look()
    activations.artifacts.append(version("3"))
    models.look()
    assert (served(models), models.problem()) == ("3", "")


def test_a_process_born_while_the_active_model_fails_does_not_answer(make: Make, activations: FakeActivations) -> None:
    models = make()
    activations.artifacts.append(broken("2"))
    with pytest.raises(NoModel, match="golden window 0"):
        models.active()


def test_a_service_does_not_start_on_a_damaged_folder_and_one_that_runs_goes_on(
    make: Make, activations: FakeActivations
) -> None:
    activations.artifacts.append(version("2"))
    whole_so_far = [True]

    def disk(_manifest: Manifest) -> None:
        if not whole_so_far[0]:
            raise ArtifactError("model.tflite was damaged.")

    models = make(disk)
    whole_so_far[0] = False
    assert served(models) == "2"
    assert "model.tflite was damaged. The model in memory goes on answering" in models.problem()
    with pytest.raises(ArtifactError, match="was damaged"):
        make(disk)


def test_what_is_served_is_reported_when_it_changes(make: Make, activations: FakeActivations) -> None:
    models = make()
    reported = models._look_and_report(None)  # noqa: SLF001 - what the watch does every second
    reported = models._look_and_report(reported)  # noqa: SLF001
    activations.artifacts.append(version("2"))
    models._look_and_report(reported)  # noqa: SLF001
    assert [each.model.identity.version for each in activations.reported] == ["2.0.0", "2"]
