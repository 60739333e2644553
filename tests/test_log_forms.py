"""The log's two forms and three outputs: one line a fact, whatever it holds."""

from __future__ import annotations

import ast
import io
import json
import logging
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import MakeSettings
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api.access_log import JsonLine, Output, SyslogOutput, WallClock, log, open_log
from fcv_api.settings import SettingsError

ZONE = ZoneInfo("America/Bogota")
KEYS = ["at", "level", "url", "method", "date", "duration", "status", "request_id", "user", "encounter", "problem"]
HOSTILE = st.text(st.characters(), max_size=30) | st.sampled_from(
    ["\n", "\r\n", "\u2028", "\u2029", "\x85", "\x1b[31m", "\x7f", "\x00", "\"'\\", "\ud800", "\U0001f600", "\xa0"]
)


@contextmanager
def opened(folder: Path, output: Output) -> Iterator[None]:
    before = log.handlers[:], log.level, log.propagate
    log.handlers[:] = []
    open_log(folder, ZONE, output)
    try:
        yield
    finally:
        for handler in log.handlers:
            handler.close()
        log.handlers[:], level, log.propagate = before
        log.setLevel(level)


def record(message: str, *arguments: object) -> logging.LogRecord:
    return logging.LogRecord("fcv_api", logging.INFO, "", 0, message, arguments, None)


@settings(max_examples=60, deadline=None)
@given(HOSTILE, HOSTILE)
def test_no_text_breaks_a_line_of_either_form_and_both_give_it_back(url: str, word: str) -> None:
    facts = {"url": url, "method": word, "status": 404, "user": None}
    thesis, as_json = (each.format(record("%r", facts)) for each in (WallClock(ZONE), JsonLine(ZONE)))
    assert thesis.isprintable()
    assert as_json.isascii()
    assert as_json.isprintable()
    assert ast.literal_eval(thesis.split(" , ", 2)[2]) == facts
    assert {key: value for key, value in json.loads(as_json).items() if key in facts} == facts


@settings(max_examples=40, deadline=None)
@given(HOSTILE)
def test_no_message_breaks_a_line_of_either_form(word: str) -> None:
    for form in (WallClock(ZONE), JsonLine(ZONE)):
        assert form.format(record("feed: %s", word)).isprintable()
    assert json.loads(JsonLine(ZONE).format(record("feed: %s", word)))["message"] == f"feed: {word}"


def test_what_was_printable_is_written_as_before_byte_for_byte() -> None:
    asked = record("%r", {"url": "/años", "status": 200})
    line = logging.Formatter("%(levelname)s , %(message)s").format(asked)
    assert WallClock(ZONE).format(asked).endswith(f" , {line}")


def test_a_traceback_stays_on_one_line() -> None:
    error = ValueError("a\nb")
    failed = logging.LogRecord("x", logging.ERROR, "", 0, "failed", (), (ValueError, error, None))
    assert WallClock(ZONE).format(failed).isprintable()
    assert json.loads(JsonLine(ZONE).format(failed))["exception"].startswith("ValueError")


def test_a_request_is_one_object_with_the_keys_of_the_thesis_line(app: Flask, tmp_path: Path) -> None:
    with opened(tmp_path, Output("json", ("file",))):
        app.test_client().get("/nowhere\u2028", headers={"User-Agent": 'x"y'})
    (line,) = (tmp_path / "app.log").read_text("utf-8").splitlines()
    assert list(json.loads(line)) == KEYS
    assert json.loads(line)["url"] == "/nowhere\u2028"


def test_a_line_goes_to_each_output_that_was_asked_for_and_no_other(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(f"{short}/log")
        syslog.settimeout(30)
        with (
            redirect_stdout(io.StringIO()) as out,
            opened(tmp_path, Output("json", ("stdout", "syslog"), f"{short}/log")),
        ):
            log.warning("feed: %s", "a\nb")
        datagram = syslog.recv(4096).decode()
    assert datagram.startswith("<28>fcv-api: {")
    assert json.loads(datagram.partition(" ")[2]) == json.loads(out.getvalue())
    assert not (tmp_path / "app.log").exists()


def test_a_syslog_by_udp_gets_the_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog:
        syslog.bind(("127.0.0.1", 0))
        syslog.settimeout(30)
        with opened(tmp_path, Output("thesis", ("syslog",), f"127.0.0.1:{syslog.getsockname()[1]}")):
            log.info("Starting")
        assert syslog.recv(4096).decode().endswith(" , INFO , Starting")


def test_a_syslog_that_is_not_there_costs_its_own_lines_and_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path, Output("thesis", ("file", "syslog"), str(tmp_path / "none"))):
        log.info("first")
        log.info("second")
    assert len((tmp_path / "app.log").read_text("utf-8").splitlines()) == 2
    assert capsys.readouterr().err.count("takes no lines of the log") == 1


def test_a_syslog_that_reads_nothing_keeps_nobody_waiting(capsys: pytest.CaptureFixture[str]) -> None:
    """Its buffers hold some hundred datagrams; a socket that waits would wait for ever."""
    with tempfile.TemporaryDirectory() as short, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as syslog:
        syslog.bind(f"{short}/log")
        output = SyslogOutput(f"{short}/log")

        def write() -> None:
            for _ in range(3000):
                output.emit(record("%s", "x" * 900))

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        writer.join(60)
        assert not writer.is_alive()
        output.close()
    assert capsys.readouterr().err.count("takes no lines of the log") <= 1


@pytest.mark.parametrize(
    ("name", "value"),
    [("LOG_FORMAT", "xml"), ("LOG_TO", "printer"), ("LOG_TO", ""), ("SYSLOG", "logs.hospital.lan:514")],
)
def test_a_wrong_setting_of_the_log_stops_the_start_by_name(make_settings: MakeSettings, name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"FCV_{name}"):
        make_settings(**{name: value})


def test_outputs_are_named_with_commas_between(make_settings: MakeSettings) -> None:
    assert make_settings(LOG_TO="syslog,file", SYSLOG="10.0.0.5:514").log_to == ("syslog", "file")
