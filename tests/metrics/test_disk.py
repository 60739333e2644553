"""What files say at a scrape."""

from __future__ import annotations

import os
import ssl
import subprocess
from pathlib import Path
from time import time

import pytest
from prometheus_client import Metric

from fcv_api.metrics import disk
from fcv_api.metrics.disk import Disk, Places, ends_at


def certificate(file: Path, days: int) -> Path:
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", str(file.with_suffix(".key"))]
    made = ["openssl", "req", "-x509", *key, "-subj", "/CN=fcv", "-days", str(days), "-out", str(file)]
    subprocess.run(made, check=True, capture_output=True)
    return file


def shown(places: Places) -> dict[tuple[str, ...], float]:
    families: list[Metric] = list(Disk(places).collect())
    return {(each.name, *each.labels.values()): each.value for family in families for each in family.samples}


@pytest.mark.parametrize("days", [20, 20_000])
def test_a_certificate_ends_when_openssl_says(tmp_path: Path, days: int) -> None:
    """Both ways to write a date: after 2049 it has four digits of a year."""
    file = certificate(tmp_path / "server.crt", days)
    said = subprocess.run(
        ["openssl", "x509", "-in", file, "-noout", "-enddate"], check=True, capture_output=True, text=True
    ).stdout
    assert ends_at(file).timestamp() == ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter="))
    left = shown(Places(tmp_path, certificates={"server": file}))["fcv_certificate_days_left", "server"]
    assert days - 0.1 < left <= days


def test_what_is_no_certificate_and_what_is_not_there_have_no_metric(tmp_path: Path) -> None:
    (tmp_path / "a.crt").write_text("nothing")
    (tmp_path / "b.crt").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    places = {each: tmp_path / f"{each}.crt" for each in "abc"}
    assert shown(Places(tmp_path, certificates=places)) == {}


def test_the_newest_backup_that_is_whole_counts(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    assert shown(Places(tmp_path, folder)) == {("fcv_backups",): 0}
    folder.mkdir()
    assert shown(Places(tmp_path, folder)) == {("fcv_backups",): 0}
    for name, age in {"a.db": 7200, "b.dump": 3600, "c.db.unfinished": 60, ".hidden": 60}.items():
        (folder / name).touch()
        os.utime(folder / name, (time() - age,) * 2)
    found = shown(Places(tmp_path, folder))
    assert found["fcv_backups",] == 1
    assert found["fcv_backup_age_seconds",] == pytest.approx(3600, abs=300)


def test_without_a_folder_of_backups_nothing_is_said_of_them(tmp_path: Path) -> None:
    assert shown(Places(tmp_path)) == {}


def test_what_drift_found_last_is_said_with_its_age(tmp_path: Path) -> None:
    (tmp_path / disk.DRIFT).write_bytes(disk.written("m/1", [("gaps", "drift", 2), ("gaps", "no drift seen", 7)]))
    found = shown(Places(tmp_path))
    assert found["fcv_drift_findings", "m/1", "gaps", "drift"] == 2
    assert 0 <= found["fcv_drift_age_seconds",] < 300


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"model": "m", "found": [[1]]}', b'{"found": 3}', b"\xff"])
def test_a_file_of_drift_that_cannot_be_read_says_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / disk.DRIFT).write_bytes(content)
    assert shown(Places(tmp_path)) == {}
