"""The nine rules that decide the rows, one by one."""

from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from hl7_messages import (
    AT,
    HEART_RATE,
    HEIGHT,
    PERFUSION,
    SATURATION,
    SOURCE,
    TEMPERATURE,
    WEIGHT,
    message,
    obx,
    patient,
    read_one,
    reasons,
    values,
)

from fcv_api.domain.units import UNIT_BY_NAME
from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.wire.hl7.reading import read
from fcv_api.wire.hl7.segments import messages_of
from fcv_api.wire.hl7.source import Source

RESPIRATION = INDEX_BY_NAME["MDC_TTHOR_RESP_RATE"]
BERLIN = Source("gateway", ZoneInfo("Europe/Berlin"))
FROM_MSH7, NOT_MSH7_ZONE = replace(SOURCE, time_from_msh7=True), replace(SOURCE, msh7_zone_for_obx=False)


@pytest.mark.parametrize(
    ("time", "msh7", "source", "wanted"),
    [
        ("20260301101500", "20260301101500", SOURCE, "2026-03-01T15:15:00Z"),
        ("20260301101500", "20260301101500-0400", SOURCE, "2026-03-01T14:15:00Z"),
        ("20260301101500", "20260301101500-0400", NOT_MSH7_ZONE, "2026-03-01T15:15:00Z"),
        ("20260301101500+0530", "20260301101500-0400", SOURCE, "2026-03-01T04:45:00Z"),
        ("202603011015", "20260301", BERLIN, "2026-03-01T09:15:00Z"),
        ("20260301101500.1234567-0500", "", SOURCE, "2026-03-01T15:15:00.123456Z"),
        ("20260301101500Z", "", SOURCE, "2026-03-01T10:15:00Z"),
        (" 20260301101500-0500^S ", "", SOURCE, "2026-03-01T15:15:00Z"),
        ("20261025023000", "20261025023000+0200", BERLIN, "2026-10-25T00:30:00Z"),
        ("20261025023000", "20261025-0100", BERLIN, "2026-10-25T03:30:00Z"),
    ],
)
def test_a_naive_time_has_its_own_offset_or_that_of_msh_7_or_the_source_s_zone(
    time: str, msh7: str, source: Source, wanted: str
) -> None:
    (row,) = read_one(message(obx(f14=time), time=msh7), source)["rows"]
    assert row["time"] == wanted


@pytest.mark.parametrize(
    ("time", "reason"),
    [
        ("20261025023000", "ambiguous-time"),  # shown twice in Berlin
        ("20260329023000", "ambiguous-time"),  # never shown there
        ("20260301", "unreadable-time"),
        ("2026030110", "unreadable-time"),
        ("20260231101500", "unreadable-time"),
        ("20260301246000", "unreadable-time"),
        ("2026-03-01 10:15", "unreadable-time"),
        ("20260301101500-9900", "unreadable-time"),
        ("00010101000000", "unreadable-time"),
        ("٢٠٢٦٠٣٠١١٠١٥", "unreadable-time"),
    ],
)
def test_a_time_that_is_no_instant_is_dropped_and_not_replaced(time: str, reason: str) -> None:
    assert reasons(message(obx(f14=time), time="20261025023000"), BERLIN) == [reason]


def test_the_time_is_obx_14_else_obr_7_else_msh_7_where_allowed_and_never_the_arrival() -> None:
    bare = message(obx(f14="")).replace(f"OBR|1||||||{AT}".encode(), b"OBR|1")
    assert read_one(message(obx(f14='""')))["rows"][0]["time"] == "2026-03-01T15:15:00Z"
    assert reasons(bare) == ["no-time"]
    assert read_one(bare, FROM_MSH7)["rows"][0]["time"] == "2026-03-01T15:15:00Z"
    assert reasons(bare.replace(AT.encode(), b""), FROM_MSH7) == ["no-time"]


def test_obr_7_is_that_of_the_group_above_and_of_no_other_patient() -> None:
    lines = [obx(f14=""), "OBR|2||||||20260301101600-0500", obx(value="81", f14="")]
    lines += ["PID|||6", "PV1||I|B2", obx(value="82", f14="")]
    found = read_one(message(*lines))
    assert [(row["value"], row["time"][11:16]) for row in found["rows"]] == [(80, "15:15"), (81, "15:16")]
    assert found["dropped"] == [{"where": "OBX 3", "reason": "no-time"}]


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (patient("77"), "77"),
        (["PID|||5^^^H^MR||||||||||||||| V9 ^^^H^AN", "PV1||I|B"], "V9"),
        (["PID|||5^^^H^MR~8^^^H^VN", "PV1||I|B"], "8"),
        (["PID|||5^^^H^MR~9^^^H^an"], "9"),
        (["PID|||^^^H^MR~6^^^H^PI"], "6"),
        (["PID|||5", 'PV1||I|B||||||||||||||||""'], "5"),
        (["PV1||I|B||||||||||||||||41"], "41"),
        (["PID|||5\\T\\6\\X0D0A\\"], "5&6"),
        (["PID|||ÑANDÚ"], "ÑANDÚ"),
    ],
)
def test_the_encounter_is_the_visit_then_the_account_then_the_first_number(lines: list[str], wanted: str) -> None:
    (row,) = read_one(message(obx(), patient="\n".join(lines)))["rows"]
    assert row["encounter"] == wanted


@pytest.mark.parametrize("lines", [["PID|", "PV1||I|B1"], ["PID|||^^^H^PI"], ["PV1||I|B1"], []])
def test_an_encounter_is_never_guessed(lines: list[str]) -> None:
    found = read_one(message(obx(), patient="\n".join(lines) or "\n"))
    assert (found["ack"], found["rows"]) == ("AA", [])
    assert [each["reason"] for each in found["dropped"]] == ["no-encounter"]


def test_a_patient_without_a_number_has_nothing_of_the_one_above() -> None:
    found = read_one(message(obx(), "PID|||", "PV1||I|B2", obx(value="132")))
    assert [row["value"] for row in found["rows"]] == [80]
    assert found["dropped"] == [{"where": "patient 2", "reason": "no-encounter"}]


def test_a_second_visit_below_one_pid_is_another_stay() -> None:
    second = "PV1||I|B2" + "|" * 16 + "901"
    found = read_one(message(obx(), second, f"OBR|1||||||{AT}", obx(value="90")))
    assert [(row["encounter"], row["value"]) for row in found["rows"]] == [("900", 80), ("901", 90)]


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("147842", "vendor-code"),
        ("147842^MDC_ECG_HEART_RATE", "vendor-code"),
        ("147842^HR^99GW", "vendor-code"),
        ("150456^MDC_PULS_OXIM_PULS_RATE^MDC", "code-and-name-disagree"),
        ("150344^MDC_TEMP_SKIN^MDC", "code-and-name-disagree"),
        *((f"{number}^MDC_OTHER^MDC", "other-sign") for number in (151562, 151594, 151570, 149522, 149546, 188496)),
        ("", "other-sign"),
    ],
)
def test_what_is_none_of_the_nine_in_mdc_is_dropped(code: str, reason: str) -> None:
    assert reasons(message(obx(code))) == [reason]


@pytest.mark.parametrize(
    "code",
    [
        "147842^MDC_ECG_HEART_RATE^MDC",
        "147842^^MDC",
        "147842^Heart rate^mdc",
        "0^MDC_ECG_HEART_RATE^MDC",
        "147842^NOM_ECG_HEART_RATE^MDC",
        "147842^MDC_ECG_CARD_BEAT_RATE^MDC",
        "352^GW_HR^99GW^147842^MDC_ECG_HEART_RATE^MDC",
    ],
)
def test_the_heart_rate_goes_by_its_names_and_code_in_mdc(code: str) -> None:
    (row,) = read_one(message(obx(code)))["rows"]
    assert row["sign"] == "MDC_ECG_HEART_RATE"


@pytest.mark.parametrize(
    "tables",
    [
        {"names": {"mdc_co2_resp_rate": RESPIRATION}},
        {"codes": {"151594": RESPIRATION}},
        {"codes": {"151594^mdc": RESPIRATION}},
    ],
)
def test_another_respiration_is_one_only_by_the_source_s_table(tables: dict[str, dict[str, int]]) -> None:
    other = message(obx("151594^MDC_CO2_RESP_RATE^MDC", "14", "264928^MDC_DIM_RESP_PER_MIN^MDC"))
    assert values(other) == []
    (row,) = read_one(other, replace(SOURCE, **tables))["rows"]  # type: ignore[arg-type]
    assert (row["sign"], row["value"]) == ("MDC_TTHOR_RESP_RATE", 14)


@pytest.mark.parametrize("number", [151562, 151594, 151570])
def test_any_other_respiration_is_one_by_the_source_s_table_alone(number: int) -> None:
    own = message(obx(f"{number}^MDC_X_RESP^MDC", "14", "264928^MDC_DIM_RESP_PER_MIN^MDC"))
    assert reasons(own) == ["other-sign"]
    assert values(own, replace(SOURCE, codes={str(number): RESPIRATION})) == [14]


@pytest.mark.parametrize(
    ("number", "sign", "unit", "value"),
    [
        (149522, "MDC_PULS_OXIM_PULS_RATE", "264864", "60"),
        (149546, "MDC_PULS_OXIM_PULS_RATE", "264864", "60"),
        (188496, "MDC_TEMP", "268192", "37"),
    ],
)
def test_so_are_other_pulses_and_temperatures(number: int, sign: str, unit: str, value: str) -> None:
    own = message(obx(f"{number}^MDC_OTHER^MDC", value, unit))
    assert reasons(own) == ["other-sign"]
    (row,) = read_one(own, replace(SOURCE, names={"mdc_other": INDEX_BY_NAME[sign]}))["rows"]
    assert (row["sign"], row["value"]) == (sign, float(value))


def test_the_sign_s_own_name_serves_before_an_alias_of_it_and_another_system_is_another_number() -> None:
    source = replace(SOURCE, codes={"7^99gw": RESPIRATION})
    own = "151578^MDC_TTHOR_RESP_RATE^MDC"
    assert values(message(obx("7^x^99GW", "15", "", f4="1.0"), obx(own, "16", "")), source) == [16]
    assert reasons(message(obx("7^x^98GW", "15", "")), source) == ["other-sign"]


def test_a_vendor_s_number_without_a_system_is_one_by_the_source_s_table() -> None:
    source = replace(SOURCE, codes={"147842": INDEX_BY_NAME["MDC_ECG_HEART_RATE"]})
    assert values(message(obx("147842")), source) == [80]


def test_one_name_and_then_the_lower_channel_serve_each_instant() -> None:
    later = obx(value="73", f4="1.2", f14="20260301101600-0500")
    lines = [obx(value="71", f4="1.10"), obx(value="72", f4="1.9"), later]
    assert values(message(*lines)) == [72, 73]
    beat = obx("147842^MDC_ECG_CARD_BEAT_RATE^MDC", "61", f4="1.1")
    assert values(message(beat, obx(value="89", f4="1.9"))) == [89]
    assert reasons(message(beat, obx(value="89", f4="1.9"))) == ["other-name"]


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.2", "1.10"),
        ("1.9.9", "1.10.1"),
        ("2", "10"),
        ("1", "1.0"),
        ("", "1"),
        ("0.9", "1"),
        ("1.2.a", "1.2.b"),
        ("1.2.9", "1.2.a"),
        ("1&2", "1&10"),
        ("1.3.2.150456", "1.3.10.150456"),
    ],
)
def test_channels_are_compared_part_by_part_and_numbers_as_numbers(lower: str, higher: str) -> None:
    lines = [obx(value="72", f4=higher), obx(value="71", f4=lower)]
    assert values(message(*lines)) == values(message(*reversed(lines))) == [71]
    assert reasons(message(*lines)) == ["other-channel"]


def test_two_values_of_one_key_are_averaged_without_those_that_are_no_measurements() -> None:
    assert values(message(obx(value="80"), obx(value="90"))) == [85]
    assert values(message(obx(value="80"), obx(value="351"))) == [80]


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        *(({"f8": word}, "not-measured") for word in ("DEMO", "TEST", "CAL", "INV", "NAV", "L~INV", " inv ")),
        ({"f11": "X"}, "no-result"),
        ({"f11": "N"}, "no-result"),
        ({"f11": " x^not obtained"}, "no-result"),
        ({"f13": "SETTING"}, "setting"),
        ({"f17": "ASET^auto-setting^MDC"}, "setting"),
        ({"f17": "AMEAS~MSET"}, "setting"),
    ],
)
def test_what_was_not_measured_is_dropped(fields: dict[str, str], reason: str) -> None:
    assert reasons(message(obx(**fields))) == [reason]


@pytest.mark.parametrize("fields", [{"f8": "QUES"}, {"f8": "L"}, {"f8": "H~PQ"}, {"f17": "AMEAS"}, {"f11": "R"}])
def test_what_is_only_doubtful_or_abnormal_is_kept(fields: dict[str, str]) -> None:
    assert values(message(obx(**fields))) == [80]


@pytest.mark.parametrize(
    ("value", "fields"),
    [
        ("80", {"f11": "D"}),
        ("", {"f11": "W"}),
        ("", {"f11": "C"}),
        ("80", {"f11": "C", "f8": "INV"}),
        ("-1", {"f11": "C"}),
    ],
)
def test_deletions_and_corrections_without_a_usable_value_delete(value: str, fields: dict[str, str]) -> None:
    own = message(obx(value=value, **fields))
    assert reasons(own) == ["deletes"]
    (row,) = read(messages_of(own)[0], SOURCE, allow_test=False).groups[0].rows
    assert row.observation.sent(0).status == "D"


def test_a_correction_replaces_what_the_same_message_said_first() -> None:
    own = message(obx(value="80"), obx(value="70", f11="C"))
    assert values(own) == [70]
    assert read_one(own)["dropped"] == [{"where": "OBX 1", "reason": "replaced"}]
    assert read_one(message(obx(value="80"), obx(value="", f11="D")))["dropped"] == [
        {"where": "OBX 1", "reason": "replaced"},
        {"where": "OBX 2", "reason": "deletes"},
    ]


@pytest.mark.parametrize("statuses", [("R", "F"), ("F", "R"), ("P", "F"), ("", "F")])
def test_at_one_time_of_sending_final_holds_over_any_other_status(statuses: tuple[str, str]) -> None:
    lines = [obx(value="90" if status == "F" else "99", f11=status) for status in statuses]
    assert values(message(*lines)) == [90]


def test_what_was_set_or_is_no_result_deletes_nothing() -> None:
    for fields in ({"f13": "SETTING"}, {"f17": "MSET"}):
        assert reasons(message(obx(value="", f11="C", **fields))) == ["setting"]
    assert reasons(message(obx(value="", f11="D", f14="20260301"))) == ["unreadable-time"]


@pytest.mark.parametrize("value", ["-1", "-100", "-999", "-99.9", "32767", "8388607", "-1.0", "+32767"])
def test_a_sentinel_is_no_measurement(value: str) -> None:
    assert reasons(message(obx(value=value))) == ["sentinel"]


def test_a_sentinel_is_none_in_any_unit_and_type() -> None:
    fahrenheit = "266560^MDC_DIM_FAHR^MDC"
    assert reasons(message(obx(value="^-1", f2="SN"), obx(TEMPERATURE, "-99.9", fahrenheit))) == ["sentinel"] * 2
    assert values(message(obx(PERFUSION, "1"))) == [1]


@pytest.mark.parametrize(
    ("sign", "unit"),
    [(HEIGHT, "263441"), (HEIGHT, "[in_i]"), (HEIGHT, ""), (WEIGHT, "[lb_av]"), (WEIGHT, "odd")],
)
@pytest.mark.parametrize("zero", ["0", "0.0", "-0", "+00"])
def test_height_and_weight_0_are_not_entered_in_any_unit(sign: str, unit: str, zero: str) -> None:
    assert reasons(message(obx(sign, zero, unit))) == ["not-entered"]


@pytest.mark.parametrize("code", ["151578^MDC_TTHOR_RESP_RATE^MDC", "147842^MDC_ECG_CARD_BEAT_RATE^MDC"])
def test_heart_rate_0_and_respiration_0_are_measurements(code: str) -> None:
    assert values(message(obx(code, "0", ""))) == [0]


def test_zero_is_real_for_rates_and_not_entered_for_weight() -> None:
    found = message(obx(value="0"), obx(WEIGHT, "0"), obx(PERFUSION, "0.0"))
    assert values(found) == [0, 0]
    assert reasons(found) == ["not-entered"]


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        ("NM", " 80 ", [80]),
        ("NM", "+80.50", [80.5]),
        ("SN", "^80", [80]),
        ("SN", "^80^^", [80]),
        *(
            ("NM", value, [])
            for value in ("8e1", "80,5", "<80", "80.", ".5", "---", '""', "", "80~81", "80^1", "٨٠", "1_0")
        ),
        *(("SN", value, []) for value in ("<^80", "^80^-^90", "^1^:^2", "80", "^", ">=^80")),
        *((kind, "80", []) for kind in ("ST", "CE", "TX", "", "FT")),
    ],
)
def test_only_a_number_as_hl7_writes_one_is_a_value(kind: str, value: str, wanted: list[float]) -> None:
    assert values(message(obx(value=value, f2=kind))) == wanted


@pytest.mark.parametrize(
    ("sign", "value", "unit", "wanted", "named"),
    [
        (TEMPERATURE, "98.6", "266560^MDC_DIM_FAHR^MDC", [37.0], "Cel"),
        (TEMPERATURE, "98.6", "[degF]", [37.0], "Cel"),
        (TEMPERATURE, "37", "1^^99GW", [], ""),
        (PERFUSION, "1.4", "262656^MDC_DIM_DIMLESS^MDC", [1.4], "%"),
        (HEART_RATE, "80", "22", [80], "22"),
        (HEART_RATE, "80", "264864", [80], "/min"),
        (HEART_RATE, "80", "x^y^99GW^264864^MDC_DIM_BEAT_PER_MIN^MDC", [80], "/min"),
        (HEART_RATE, "80", '""', [80], "/min"),
        (SATURATION, "97", "266016^MDC_DIM_MMHG^MDC", [], ""),
        (HEART_RATE, "80", "264864^nobody knows^99GW", [80], "/min"),
        (HEART_RATE, "80", "22^nobody knows^99GW", [80], "nobody knows"),
        (HEART_RATE, "80", "x^MDC_DIM_PERCENT^MDC", [], ""),
        (HEART_RATE, "80", "262688^MDC_DIM_BEAT_PER_MIN^MDC", [80], "/min"),
        (HEART_RATE, "80", "^^^264864", [80], "/min"),
        (HEART_RATE, "80", "\\X2F\\min", [80], "/min"),
        (PERFUSION, "1.4", "1", [1.4], "%"),
        (WEIGHT, "154.3", "[lb_av]", [154.3 * 0.45359237], "kg"),
        (TEMPERATURE, "98.6", "", [], ""),
    ],
)
def test_the_unit_is_its_name_else_its_code_and_another_kind_drops_the_row(
    sign: str, value: str, unit: str, wanted: list[float], named: str
) -> None:
    found = read_one(message(obx(sign, value, unit)))["rows"]
    assert [row["value"] for row in found] == pytest.approx(wanted)
    assert [row["unit"] for row in found] == [named] * len(wanted)


def test_a_unit_of_the_source_s_own_goes_by_its_table() -> None:
    source = replace(SOURCE, units={"22": UNIT_BY_NAME["mdc_dim_beat_per_min"]})
    (row,) = read_one(message(obx(unit="22")), source)["rows"]
    assert row["unit"] == "/min"


def test_a_value_outside_the_hard_limits_is_no_row_and_kept_for_the_store_with_a_flag() -> None:
    own = message(obx(value="351"))
    assert reasons(own) == ["outside-limits"]
    (row,) = read(messages_of(own)[0], SOURCE, allow_test=False).groups[0].rows
    assert (row.observation.value, row.observation.flag) == (351, "implausible_value")


@pytest.mark.parametrize(("field", "value"), [("f8", "QUES")])
def test_a_questionable_value_is_flagged(field: str, value: str) -> None:
    (row,) = read(messages_of(message(obx(**{field: value})))[0], SOURCE, allow_test=False).groups[0].rows
    assert row.observation.flag == "questionable_value"
