"""Whole messages: how they are told apart, decoded, and acknowledged."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hl7.parser import parse
from hl7_messages import AT, CORPUS, SOURCE, message, obx, read_one, values
from hypothesis import given, settings
from hypothesis import strategies as st

from fcv_api.wire.hl7 import segments
from fcv_api.wire.hl7.acknowledgement import acknowledgement
from fcv_api.wire.hl7.reading import Ack, read
from fcv_api.wire.hl7.segments import header_of, messages_of, portions_of, segments_of

NOW = 1_772_378_101_000_000
TEST = replace(SOURCE, test=True)


@pytest.mark.parametrize(
    ("given_", "ack"),
    [
        ({"kind": "ORU^R01"}, "AA"),
        ({"kind": "ORU^R40^ORU_R40"}, "AA"),
        ({"kind": "ORU^W01"}, "AA"),
        ({"kind": "ADT^A01"}, "AA"),
        ({"kind": "ADT^A03"}, "AA"),
        ({"kind": "QRY^A19"}, "AR"),
        ({"kind": "ACK^R01"}, "AR"),
        ({"kind": ""}, "AR"),
        ({"control": ""}, "AR"),
        ({"control": " "}, "AR"),
        ({"control": '""'}, "AR"),
        ({"processing": ""}, "AR"),
        ({"processing": "T"}, "AR"),
        ({"processing": "D"}, "AR"),
        ({"processing": "P^A"}, "AA"),
    ],
)
def test_only_results_of_production_with_a_control_id_are_accepted(given_: dict[str, str], ack: str) -> None:
    found = read_one(message(obx(), **given_))
    assert found["ack"] == ack
    assert len(found["rows"]) == (ack == "AA" and given_.get("kind", "ORU^R01") == "ORU^R01")


def test_a_training_message_is_taken_of_a_test_source_while_these_are_allowed() -> None:
    training, real = message(obx(), processing="T"), message(obx())
    assert [read_one(each, TEST, allow_test=True)["ack"] for each in (training, real)] == ["AA", "AA"]
    assert [read_one(each, TEST, allow_test=False)["ack"] for each in (training, real)] == ["AR", "AR"]
    assert read_one(training, SOURCE, allow_test=True)["ack"] == "AR"


def test_each_msh_begins_a_message_and_envelopes_are_none() -> None:
    own = message(obx()), message(obx(value="81"), control="M2")
    batch = b"\r".join([b"FHS|^~\\&|GW", b"BHS|^~\\&|GW", *own, b"BTS|2"])
    assert [header_of(each).control for each in messages_of(batch)] == [b"M1", b"M2"]
    assert [read(each, SOURCE, allow_test=False).ack for each in messages_of(batch)] == ["AA", "AA"]
    behind = messages_of(message() + b"BTS|1\r" + obx().encode() + b"\r")
    assert [values(each.content()) for each in behind] == [[]]


def test_a_frame_of_many_messages_comes_in_portions_of_up_to_500_messages() -> None:
    portions = list(portions_of(b"\r\nMSH|" * 1_201))
    assert [len(messages_of(each)) for each in portions] == [500, 500, 201]
    large = [len(messages_of(each)) for each in portions_of(message("NTE|1||" + "x" * 40_000) * 5)]
    assert large == [2, 2, 1]


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([b"MSH|a", b"MSH", b"MSHX", b"PID|1", b" \0MSH|b", b"BTS|1", b"FHS|", b"", b"OBX|MSH|"]))
)
@pytest.mark.parametrize("end", [b"\r", b"\n", b"\x0b", b"\x1c", b"\x0b\x0b", b"\x0b\0\x0b", b"\r\x0b"])
def test_the_messages_of_the_portions_are_those_of_the_frame(end: bytes, lines: list[bytes]) -> None:
    content = end.join(lines) * 3
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(segments, "MESSAGES_AT_ONCE", 2)
        portions = list(portions_of(content))
    assert [message for each in portions for message in messages_of(each)] == messages_of(content)
    assert b"".join(portions) == content


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r\r", b"\n\n\r", b"\x1c\r\x0b"])
def test_segments_end_by_any_line_end(end: bytes) -> None:
    assert values(b"\xef\xbb\xbf" + message(obx(), obx(value="81", f4="0.1")).replace(b"\r", end)) == [81]


@pytest.mark.parametrize(
    ("charset", "codec"),
    [
        ("8859/1", "latin-1"),
        ("UNICODE UTF-8", "utf-8"),
        ("", "utf-8"),
        ("8859/5~UNICODE", "iso8859-5"),
        ("8859/9", "iso8859-9"),
    ],
)
def test_a_message_is_decoded_by_msh_18(charset: str, codec: str) -> None:
    name = "Ж" if codec == "iso8859-5" else "Ñ"
    own = message(obx(), charset=charset, patient=f"PID|||{name}1").decode().encode(codec)
    assert read_one(own)["rows"][0]["encounter"] == f"{name}1"


@pytest.mark.parametrize("charset", ["UNICODE UTF-8", "NO SUCH", "ASCII", "GB 18030-2000"])
def test_wrong_bytes_stop_no_message_and_make_no_two_patients_one(charset: str) -> None:
    found = [
        read_one(message(obx(), charset=charset, patient="PID|||A@").replace(b"@", wrong))["rows"][0]["encounter"]
        for wrong in (b"\xff", b"\xfe")
    ]
    assert found[0] != found[1]


@pytest.mark.parametrize("marks", [b"^~\\", b"^~&", b"^~", b"^~\\&#"])
def test_msh_2_may_have_other_than_four_characters(marks: bytes) -> None:
    assert values(message(obx()).replace(b"^~\\&", marks, 1)) == [80]


def test_an_answer_has_the_message_s_own_control_id_in_its_own_delimiters() -> None:
    own = message(obx(), control="A|B^1").replace(b"|", b"#").replace(b"A#B", b"A|B")
    header = header_of(messages_of(own)[0])
    (answer,) = messages_of(acknowledgement(header, Ack.ACCEPTED, NOW))
    assert answer.lines[1] == b"MSA#AA#A|B^1"
    assert answer.lines[0].startswith(b"MSH#^~\\&###GW#UCI#20260301151501+0000##ACK^R01^ACK#")


@pytest.mark.parametrize(("ack", "code"), [(Ack.ACCEPTED, b"CA"), (Ack.ERROR, b"CE"), (Ack.REJECTED, b"CR")])
def test_a_source_may_ask_for_accept_codes(ack: Ack, code: bytes) -> None:
    header = header_of(messages_of(message())[0])
    assert b"MSA|" + code + b"|M1\r" in acknowledgement(header, ack, NOW, accept=True)


def test_what_has_no_header_is_answered_without_a_control_id() -> None:
    assert acknowledgement(None, Ack.REJECTED, NOW).endswith(b"MSA|AR|\r")


def test_no_control_character_of_a_header_comes_back() -> None:
    header = header_of(messages_of(message(control="A\x01\x02B\x7f"))[0])
    assert header.control == b"AB"


@pytest.mark.parametrize("file", [file for file in sorted((CORPUS / "hl7").iterdir()) if "21a" not in file.name])
def test_segments_and_fields_are_those_of_python_hl7(file: object) -> None:
    (own,) = messages_of(file.read_bytes())  # type: ignore[attr-defined]
    header = header_of(own)
    oracle = parse(own.content().decode("utf-8") + "\r")
    found = segments_of(own, header)
    assert [[str(field) for field in segment] for segment in list(oracle)[1:]] == found
    assert str(oracle[0][10]).encode() == header.control


@settings(deadline=None)
@given(st.lists(st.text("AZ09 ^~&.-", max_size=8), min_size=1, max_size=9))
def test_fields_of_any_segment_are_those_of_python_hl7(cells: list[str]) -> None:
    line = "|".join(["OBX", *cells])
    (own,) = messages_of(f"MSH|^~\\&|GW|||||||M1|P|2.6\r{line}\rNTE|1".encode())
    oracle = parse(own.content().decode() + "\r")
    assert segments_of(own, header_of(own))[0] == [str(field) for field in oracle[1]]


@pytest.mark.parametrize("noise", [b"\x0b", b"\x0b ", b"\0", b"\r\0", b"\x0bMS", b"\x0bFHS", b"\x0bMSHX"])
def test_to_tell_messages_apart_takes_time_by_their_length_only(noise: bytes) -> None:
    content = noise * (1_000_000 // len(noise))
    assert list(portions_of(content)) == [content]
    assert messages_of(content) == []


def test_a_message_of_very_many_segments_is_accepted_and_not_read() -> None:
    found = read_one(message(obx()) + b"OBX|\r" * 20_000)
    assert (found["ack"], found["dropped"]) == ("AA", [{"where": "message", "reason": "unreadable"}])


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_no_bytes_stop_the_reader(noise: bytes) -> None:
    for content in (noise, b"MSH" + noise, message(obx())[:-30] + noise, b"MSH|^~\\&|||||" + AT.encode() + noise):
        for each in messages_of(content):
            found = read(each, SOURCE, allow_test=False)
            assert found.ack in ("AA", "AR")
            acknowledgement(found.header, found.ack, NOW)
