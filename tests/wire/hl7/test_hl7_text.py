"""Text of a message: escapes, character sets, delimiters, and what is a segment of which message."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hl7_messages import AT, SOURCE, TEMPERATURE, message, obx, patient, read_one, reasons, values

from fcv_api.wire.hl7.frames import FrameBuffer, framed
from fcv_api.wire.hl7.patients import Identifier
from fcv_api.wire.hl7.reading import Reading, read
from fcv_api.wire.hl7.segments import header_of, messages_of
from fcv_api.wire.hl7.source import Source

NEW_YORK = Source("gateway", ZoneInfo("America/New_York"))


def named(patient_lines: str, **given: str) -> tuple[str, str | None]:
    """Return the encounter and the bed that a message names."""
    (row,) = read_one(message(obx(), patient=patient_lines, **given))["rows"]
    return row["encounter"], row["bed"]


def reading_of(content: bytes, source: Source = SOURCE) -> Reading:
    (only,) = messages_of(content)
    return read(only, source, allow_test=False)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"A\F\B\S\C\T\D\R\E\E\F", r"A|B^C&D~E\F"),
        (r"A\X41\B\X4243\\Xzz\\X4\ ".strip(), r"AABBC\Xzz\\X4" + "\\"),
        (r"A\XC391\B", "AÑB"),
        (r"A\X0D0A0B1C07\B", "AB"),
        (r"\H\A\N\B\.br\C\Z9\D\M2041\E\C2842\F", "ABCDEF"),
        (r"A\B", r"A\B"),
        (r"A\Q\B", r"A\Q\B"),
        (r"\E\F\E\ ".strip(), "\\F\\"),
    ],
)
def test_escapes_are_resolved_in_identifiers_and_beds(written: str, meant: str) -> None:
    lines = f"PID|||5\nPV1||I|{written}" + "|" * 16 + written
    assert named(lines) == (meant, meant)


def test_escapes_mean_the_message_s_own_delimiters() -> None:
    own = message(obx(), patient="PID|||5\nPV1||I|U!F!1!S!2!T!3!R!4!E!" + "|" * 16 + "9!S!1", time=AT)
    own = own.replace(b"^~\\&", b"@*!$", 1).replace(b"^", b"@").replace(b"|", b"#").replace(b"UCI!!", b"UCI")
    (row,) = read_one(own)["rows"]
    assert (row["encounter"], row["bed"]) == ("9@1", "U#1@2$3*4!")


def test_without_an_escape_character_nothing_is_an_escape() -> None:
    own = message(obx(), patient=r"PID|||5\F\6").replace(b"^~\\&", b"^~&", 1)
    assert read_one(own)["rows"][0]["encounter"] == r"5\F\6"


@pytest.mark.parametrize("written", ['""', "^^^", "^^&", " ", "\\X0D\\"])
def test_a_location_that_names_nothing_is_no_bed(written: str) -> None:
    assert named("\n".join(patient("9", written))) == ("9", None)


@pytest.mark.parametrize(
    ("charset", "codec", "name"),
    [
        ("8859/1", "cp1252", "Ñ€"),
        ("GB 18030-2000", "gb18030", "床"),
        ("BIG-5", "big5", "床"),
        ("KS X 1001", "euc_kr", "침"),
        ("8859/15", "iso8859-15", "Š€"),
        ("8859/8", "iso8859-8", "א"),
        ("UNICODE UTF-16", "utf-8", "Ñ"),
        ("~UNICODE UTF-8", "utf-8", "Ñ"),
        ("nobody knows", "utf-8", "Ñ"),
    ],
)
def test_a_bed_is_read_by_the_character_set_that_msh_18_names(charset: str, codec: str, name: str) -> None:
    own = message(obx(), charset=charset, patient="\n".join(patient("9", name))).decode()
    assert read_one(own.encode(codec))["rows"][0]["bed"] == name


@pytest.mark.parametrize("charset", ["", "UNICODE UTF-8", "ASCII", "8859/1", "nobody knows"])
def test_each_wrong_byte_is_a_letter_of_its_own(charset: str) -> None:
    own = message(obx(), charset=charset, patient="PID|||A@")
    found = {read_one(own.replace(b"@", bytes([byte])))["rows"][0]["encounter"] for byte in range(0x80, 0x100)}
    assert len(found) == 128
    assert all(each.startswith("A") for each in found)


@pytest.mark.parametrize("codec", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_what_was_written_in_wide_characters_is_no_message_and_stops_nothing(codec: str) -> None:
    assert messages_of(message(obx()).decode().encode(codec)) == []


def test_msh_within_a_text_begins_no_message() -> None:
    own = message("NTE|1||MSH|^~\\&|GW", obx(), "OBX|2|ST|1^x^L||MSH|^~\\&", "MSHX|1", obx(TEMPERATURE, "37"))
    assert values(own) == [80, 37]


@pytest.mark.parametrize("control", [b"\x0b", b"\x01", b"\x0c", b"\x7f", b"\0", b"\x0b\x0b "])
def test_a_control_character_within_a_text_ends_no_segment(control: bytes) -> None:
    own = message(obx(), patient="PID|||5||PEREZ@JUAN|||||||||||||V9").replace(b"@", control)
    (framed_one,) = FrameBuffer(10_000).feed(framed(own), 0.0)
    assert read_one(own)["rows"] == read_one(framed_one)["rows"]
    assert read_one(own)["rows"][0]["encounter"] == "V9"


def test_what_stands_before_msh_is_of_no_message() -> None:
    own = b"PID|||77\rPV1||I|B9\r" + message(obx(), patient="PID|||5")
    assert [row["encounter"] for row in read_one(own)["rows"]] == ["5"]


def test_a_pv1_above_the_pid_is_not_that_patient_s() -> None:
    lines = "PV1||I|B1" + "|" * 16 + "41\nPID|||5"
    assert named(lines) == ("5", None)


def test_a_second_pid_has_neither_the_visit_the_bed_nor_the_time_of_the_first() -> None:
    own = message(obx(), "PID|||6", obx(value="81", f14=""), "OBR|2||||||20260301101600-0500", obx(value="82", f14=""))
    found = read_one(own)
    assert [(row["encounter"], row["bed"], row["value"]) for row in found["rows"]] == [
        ("900", "UCI^^07", 80), ("6", None, 82),
    ]  # fmt: skip
    assert found["dropped"] == [{"where": "OBX 2", "reason": "no-time"}]


def test_one_number_of_two_authorities_is_two_patients() -> None:
    own = message(obx(value="70"), "PID|||5^^^B^MR", obx(value="132", f4="1.0"), patient="PID|||5^^^A^MR")
    assert values(own) == [70, 132]
    first, second = reading_of(own).groups
    assert first.identifier != second.identifier


def test_an_identifier_has_its_type_and_authority_as_sent() -> None:
    (group,) = reading_of(message(obx(), patient="PID|||7^^^H^pi~8^^^H&1.2&ISO^vn")).groups
    assert group.identifier == Identifier("VN", "H&1.2&ISO", "8", is_visit=True)
    (group,) = reading_of(message(obx(), patient="PID|||7\nPV1||I|B" + "|" * 16 + "9")).groups
    assert group.identifier == Identifier("VN", "", "9", is_visit=True)


@pytest.mark.parametrize(
    ("lines", "number"),
    [
        (["PID|||1^^^H^MR", "PV1||I|B" + "|" * 16 + "5501"], 5501),
        (["PID|||1^^^H^MR|||||||||||||||5502"], 5502),
        (["PID|||1^^^H^MR~5503^^^H^VN"], 5503),
        (["PID|||1^^^H^MR~5504^^^H^AN"], 5504),
        (["PID|||0"], None),
        (["PID|||5505^^^H^MR"], None),
        (["PID|||5506^^^H^PI"], None),
        (["PID|||1^^^H^MR~05503^^^H^VN"], None),
        (["PID|||1^^^H^MR~9223372036854775808^^^H^VN"], None),
        (["PID|||1^^^H^MR~9223372036854775807^^^H^VN"], 2**63 - 1),
        (["PID|||1^^^H^MR~V5503^^^H^VN"], None),
        (["PID|||1^^^H^MR~-5^^^H^VN"], None),
    ],
)
def test_only_a_visit_s_or_an_account_s_number_may_be_a_pseudonym(lines: list[str], number: int | None) -> None:
    (group,) = reading_of(message(obx(), patient="\n".join(lines))).groups
    assert group.identifier is not None
    assert group.identifier.number == number


def test_a_control_id_comes_back_with_its_blanks_and_without_control_characters() -> None:
    (own,) = messages_of(message(control=" A\x07 1 "))
    assert header_of(own).control == b" A 1 "


@pytest.mark.parametrize("time", ["20260301101500-0500", "20260301101500", "20261101013000-0500"])
def test_when_a_message_was_sent_is_what_msh_7_says(time: str) -> None:
    assert reading_of(message(time=time), NEW_YORK).sent_at is not None


@pytest.mark.parametrize("time", ["", "20260301", '""', "20261101013000", "20260308023000"])
def test_when_a_message_was_sent_is_unknown_where_msh_7_is_no_instant(time: str) -> None:
    assert reading_of(message(time=time), NEW_YORK).sent_at is None  # the last two were shown twice, and never


def test_obr_7_has_the_offset_of_msh_7_or_the_source_s_zone_too() -> None:
    own = message(obx(f14=""), time="20260301101500-0400").replace(
        b"OBR|1||||||20260301101500-0500", b"OBR|1||||||20260301101500"
    )
    assert read_one(own)["rows"][0]["time"] == "2026-03-01T14:15:00Z"
    local = replace(SOURCE, msh7_zone_for_obx=False)
    assert read_one(own, local)["rows"][0]["time"] == "2026-03-01T15:15:00Z"
    own = own.replace(b"20260301101500|", b"20261101013000|", 1)
    assert reasons(own.replace(b"OBR|1||||||20260301101500", b"OBR|1||||||20260229101500")) == ["unreadable-time"]
