"""The file of sources: what it may say, and that a wrong word stops the start by name."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from hl7_messages import BOGOTA

from fcv_api.domain.vitals import INDEX_BY_NAME
from fcv_api.wire.hl7.sources_file import KEYS, WrongSources, read_sources

WHOLE = """
[source.icu]
peers = ["10.0.0.5", "10.1.0.0/16", "::1"]
certificates = ["gateway.hospital.lan"]
accounts = ["fhir-icu"]
zone = "Europe/Madrid"
msh7_zone_for_obx = false
time_from_msh7 = true
identifiers = "pseudonym"
repeats = ["MDC_TEMP"]
test = true
ack = "accept"
names = {"MDC_CO2_RESP_RATE" = "MDC_TTHOR_RESP_RATE"}
units = {"lat" = "MDC_DIM_BEAT_PER_MIN"}
codes = {"147842" = "MDC_ECG_CARD_BEAT_RATE", "7^99GW" = "MDC_TEMP"}
[source.other]
"""


def test_every_key_is_read() -> None:
    icu, other = read_sources(WHOLE, BOGOTA)
    assert (icu.name, icu.label, str(icu.zone), other.zone, other.label) == (
        "icu", "test:icu", "Europe/Madrid", BOGOTA, "other",
    )  # fmt: skip
    assert ip_network("10.1.0.0/16") in icu.peers
    assert (icu.certificates, icu.accounts) == (("gateway.hospital.lan",), ("fhir-icu",))
    assert (icu.msh7_zone_for_obx, icu.time_from_msh7, icu.pseudonyms, icu.test, icu.accept) == (
        False, True, True, True, True,
    )  # fmt: skip
    assert icu.repeats == {INDEX_BY_NAME["MDC_TEMP"]}
    assert icu.names == {"mdc_co2_resp_rate": INDEX_BY_NAME["MDC_TTHOR_RESP_RATE"]}
    assert icu.codes["7^99gw"] == INDEX_BY_NAME["MDC_TEMP"]
    assert icu.units["lat"].name == "MDC_DIM_BEAT_PER_MIN"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[source.icu]\npeer = []", "[source.icu]: peer is not a key"),
        ("[sources.icu]", "sources is not a key"),
        ("source = 1", "source is no table"),
        ("[source.'a b']", "a name has up to 64"),
        ("[source.'api:x']", "a name has up to 64"),
        ("[[source]]\n", "source is no table"),
        ("[source", "is no TOML"),
        *(
            (f"[source.icu]\n{key} = {value}", f"[source.icu]: {key} must be ")
            for key, value in [
                ("peers", '["gateway"]'),
                ("peers", '["10.0.0.1/8"]'),
                ("peers", '"10.0.0.1"'),
                ("certificates", "[1]"),
                ("zone", '"Bogota"'),
                ("zone", '"../../etc"'),
                ("test", '"yes"'),
                ("identifiers", '"none"'),
                ("ack", "true"),
                ("repeats", '["TEMP"]'),
                ("names", '{"x" = "RESP"}'),
                ("names", "3"),
                ("units", '{"x" = "furlong"}'),
                ("codes", '{"1" = 5}'),
            ]
        ),
        ('[source.a]\npeers = ["10.0.0.1"]\n[source.b]\npeers = ["10.0.0.1/32"]', "is of peers of [source.a] too"),
    ],
)
def test_a_wrong_word_is_named(text: str, words: str) -> None:
    with pytest.raises(WrongSources) as error:
        read_sources(text, BOGOTA)
    assert words in str(error.value)


@pytest.mark.parametrize("name", ["mindray-egateway.toml", "philips-piic-ix.toml"])
def test_the_examples_can_be_read_and_name_no_other_keys(root: Path, name: str) -> None:
    text = (root / "deploy" / "sources" / name).read_text("utf-8")
    (source,) = read_sources(text, BOGOTA)
    assert source.peers or source.certificates
    commented = {line.split("=")[0].strip("# ") for line in text.splitlines() if " = " in line and "==" not in line}
    assert {key for key in commented if key.isidentifier() and key.islower()} <= set(KEYS)
