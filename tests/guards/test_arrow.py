"""The house: which room may import which, as docs/architecture.md draws it."""

from __future__ import annotations

import sys

import pytest
from source import Module, package

NOTHING: set[str] = set()
MAY_IMPORT = {
    "fcv_api": NOTHING,
    "domain": NOTHING,
    "extensions": NOTHING,
    "settings": NOTHING,
    "serving": NOTHING,
    "access_log": NOTHING,
    "security_log": {"access_log"},
    "heads_log": {"access_log", "ledger"},
    "accounts": {"extensions"},
    "directory": {"settings", "extensions"},
    "activations": {"extensions"},
    "ledger": {"extensions"},
    "wire": {"domain"},
    "lstm": {"domain"},
    "alerts": {"ledger", "extensions", "domain"},
    "maintenance": {"ledger", "feed", "accounts", "settings", "extensions"},
    "scoring": {"ledger", "domain"},
    "feed": {"scoring", "alerts", "ledger", "domain", "extensions"},
    "metrics": {"maintenance", "feed", "alerts", "ledger", "activations", "domain"},
    "mllp": {"maintenance", "feed", "wire", "domain"},
    "fhir": {"feed", "wire", "domain"},
    "training": {"wire", "lstm", "domain"},
    "validation": {"training", "ledger", "wire", "lstm", "domain"},
    "bulk": {"scoring", "wire", "lstm", "domain"},
    "web": {
        *("scoring", "feed", "alerts", "wire", "accounts", "ledger", "activations", "extensions", "domain"),
        *("security_log", "access_log", "directory", "metrics", "fhir"),
    },
    "app": {
        *("web", "serving", "lstm", "scoring", "accounts", "ledger", "activations", "settings", "extensions"),
        *("domain", "maintenance", "directory", "metrics", "fhir"),
    },
    "cli": {
        "app",
        "mllp",
        "fhir",
        "lstm",
        "scoring",
        "feed",
        "alerts",
        "accounts",
        "directory",
        "security_log",
        "heads_log",
        "ledger",
        "activations",
        "settings",
        "extensions",
        "access_log",
        "domain",
        "wire",
        "training",
        "validation",
        "bulk",
        "maintenance",
        "metrics",
        "serving",
    },
}
PURE = {"numpy"} | sys.stdlib_module_names - {"os", "time", "logging", "socket", "subprocess", "sqlite3"}
MODULES = package()


def rooms_imported(module: Module) -> set[str]:
    ours = {name.split(".")[1] for name in module.imports() if name.startswith("fcv_api.")}
    return {room for room in ours if room in MAY_IMPORT and room != module.room}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_no_import_goes_against_the_arrow(module: Module) -> None:
    assert rooms_imported(module) <= MAY_IMPORT[module.room]


@pytest.mark.parametrize(("room", "users"), [("web", {"app"}), ("cli", set()), ("serving", {"app", "cli"})])
def test_only_what_puts_the_service_together_imports_its_doors(room: str, users: set[str]) -> None:
    assert {name for name, allowed in MAY_IMPORT.items() if room in allowed} == users


def test_the_domain_is_pure() -> None:
    foreign = {
        (module.name, name)
        for module in MODULES
        for name in module.imports()
        if module.room == "domain" and name.split(".")[0] not in PURE | {"fcv_api"}
    }
    assert foreign == set()


def test_the_domain_reads_no_clock() -> None:
    text = "".join(module.path.read_text("utf-8") for module in MODULES if module.room == "domain")
    assert not any(clock in text for clock in (".now(", ".today(", ".utcnow(", "perf_counter"))


@pytest.mark.parametrize("library", ["tensorflow", "keras", "tf_keras", "ai_edge_litert", "h5py"])
def test_only_the_models_room_knows_litert_and_keras(library: str) -> None:
    users = {module.room for module in MODULES for name in module.imports() if name.split(".")[0] == library}
    assert users == {"lstm"}


def test_no_modules_import_each_other_in_a_circle() -> None:
    names = {module.name for module in MODULES}
    arrows = {
        module.name: {known for name in module.imports() for known in (name, name.rpartition(".")[0]) if known in names}
        for module in MODULES
    }
    while arrows:
        leaves = {name for name, targets in arrows.items() if not (targets - {name}) & arrows.keys()}
        assert leaves, f"a circle among {sorted(arrows)}"
        arrows = {name: targets for name, targets in arrows.items() if name not in leaves}
