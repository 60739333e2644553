"""The integrator's guide says every reason, key and setting, in both languages, and its files fit the shipped ones."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from fcv_api.cli import main
from fcv_api.mllp.listener import MOST_CONNECTIONS
from fcv_api.settings import NAMES
from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.sources_file import KEYS


@pytest.mark.parametrize("name", ["hl7.md", "hl7.es.md"])
def test_every_reason_and_every_key_is_tabled_and_no_other(root: Path, name: str) -> None:
    text = (root / "docs" / name).read_text("utf-8")
    firsts = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    tabled = {word for cell in firsts for word in re.findall(r"`([^`]+)`", cell)}
    assert tabled == {reason.value for reason in Reason} | set(KEYS) | {"AA", "AE", "AR"}


BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
GUIDES = ["hl7.md", "hl7.es.md"]


def blocks(root: Path, name: str, language: str) -> list[str]:
    text = (root / "docs" / name).read_text("utf-8")
    return [found[2] for found in BLOCK.finditer(text) if found[1] == language]


def merged(root: Path, number: int, base: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Return a block of the guide, the file that it is laid over, and what both say of networks and secrets."""
    own = yaml.safe_load(blocks(root, "hl7.md", "yaml")[number])
    below = yaml.safe_load((root / base).read_text("utf-8"))
    kinds = ("networks", "secrets", "configs", "volumes")
    return own["services"]["feed"], below, {kind: (below.get(kind) or {}) | (own.get(kind) or {}) for kind in kinds}


def settings_of(root: Path) -> list[dict[str, str]]:
    """Return the settings that the guide names: of a bare host, and of containers."""
    shell = [each for each in blocks(root, "hl7.md", "sh") if "FCV_HL7_BIND=" in each and "FCV_HL7_TLS_KEY" in each]
    return [dict(re.findall(r"^(FCV_\w+)=(\S+)$", each, re.MULTILINE)) for each in shell]


def named(entries: Iterable[Any]) -> set[str]:
    return {each if isinstance(each, str) else each["source"] for each in entries}


def test_both_languages_give_the_same_files_and_commands(root: Path) -> None:
    for language in ("yaml", "sh"):
        one, other = (blocks(root, name, language) for name in GUIDES)
        assert one == other


def test_every_setting_that_the_guide_names_exists(root: Path) -> None:
    host, containers = settings_of(root)
    assert host.keys() | containers.keys() <= set(NAMES)
    assert {"FCV_HL7_BIND", "FCV_HL7_SOURCES_FILE", "FCV_HL7_TLS_CERT", "FCV_HL7_TLS_CLIENT_CA"} <= containers.keys()


def test_the_file_for_compose_lays_over_docker_compose_yml(root: Path) -> None:
    own, below, both = merged(root, 0, "docker-compose.yml")
    assert "feed" in below["services"]
    assert set(below["services"]["feed"]["networks"]) < set(own["networks"]) <= set(both["networks"])
    assert not both["networks"]["gateways"].get("internal")  # an internal network has no published port
    assert named(own["secrets"]) <= set(both["secrets"])
    host, containers = settings_of(root)
    (port,) = own["ports"]
    assert port == f"{host['FCV_HL7_BIND']}:{containers['FCV_HL7_BIND'].rpartition(':')[2]}"
    mounted = {mount.split(":")[1] for mount in own["volumes"]} | {f"/run/secrets/{each}" for each in own["secrets"]}
    assert {value for value in containers.values() if value.startswith("/")} == mounted
    assert all(mount.startswith("./deploy/") and mount.endswith(":ro") for mount in own["volumes"])


def test_the_file_for_swarm_lays_over_swarm_yml(root: Path) -> None:
    own, below, both = merged(root, 1, "deploy/swarm.yml")
    assert set(below["services"]["feed"]["networks"]) < set(own["networks"]) <= set(both["networks"])
    assert named(own["secrets"]) <= set(both["secrets"])
    assert named(own["configs"]) <= set(both["configs"])
    assert [both["configs"][each["source"]]["file"] for each in own["configs"]] == [
        "sources.toml", "certs/server.crt", "certs/ca.crt",
    ]  # fmt: skip
    _host, containers = settings_of(root)
    targets = {each["target"] for each in own["configs"]} | {
        f"/run/secrets/{each['target']}" for each in own["secrets"]
    }
    assert {value for value in containers.values() if value.startswith("/")} == targets
    (port,) = own["ports"]
    assert port["mode"] == "host"  # the mesh hides who sends, and sources are found by their addresses
    assert own["deploy"]["update_config"]["order"] == "stop-first"  # the new one could not have the old one's port
    assert below["services"]["feed"]["deploy"]["update_config"]["order"] == "start-first"


def test_what_the_guide_copies_is_there_or_made_by_its_own_commands(root: Path) -> None:
    text = (root / "docs" / "hl7.md").read_text("utf-8")
    shipped = set(re.findall(r"deploy/sources/[\w.-]+", text))
    assert all((root / each).is_file() for each in shipped)
    made = set(re.findall(r"deploy/(?:certs|secrets)/[\w.-]+[a-z_]", text))
    assert made == {f"deploy/certs/{name}" for name in ("server.crt", "server.key", "ca.crt")} | {
        "deploy/secrets/hl7_key"
    }
    ignored = (root / ".gitignore").read_text("utf-8").splitlines()
    assert {"deploy/sources.toml", "deploy/swarm-hl7.yml", "docker-compose.hl7.yml"} <= set(ignored)


@pytest.mark.parametrize("name", GUIDES)
def test_every_command_of_the_guide_knows_its_options(root: Path, name: str) -> None:
    lines = "\n".join(blocks(root, name, "sh")).replace("\\\n", " ").splitlines()
    commands = [shlex.split(line)[1:] for line in lines if line.startswith(".venv/bin/fcv ")]
    assert len(commands) == 4
    for words in commands:
        group = words[: 2 if words[0] == "hl7" else 1]
        told = CliRunner().invoke(main, [*group, "--help"]).stdout
        assert {word for word in words if word.startswith("--")} <= set(re.findall(r"--[a-z0-9-]+", told))


def test_every_clause_is_proved_by_tests_that_exist(root: Path) -> None:
    named = set(re.findall(r"`(test_\w+)`", (root / "tests" / "wire" / "hl7" / "CLAUSES.md").read_text("utf-8")))
    code = "".join(
        file.read_text("utf-8") for room in ("wire", "mllp", "cli") for file in (root / "tests" / room).rglob("*.py")
    )
    assert named - set(re.findall(r"def (test_\w+)", code)) == set()
    assert len(named) > 60


def test_the_feed_may_open_more_files_than_gateways_may_connect(root: Path) -> None:
    unit = (root / "deploy" / "fcv-feed.service").read_text("utf-8")
    (files,) = re.findall(r"^LimitNOFILE=(\d+)$", unit, re.MULTILINE)
    assert int(files) > 2 * MOST_CONNECTIONS  # those that shake hands are not counted among them
