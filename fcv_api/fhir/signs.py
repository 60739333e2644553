"""Which of the nine signs an Observation's codings name: in MDC, else in LOINC, or by the source's own table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC
from functools import lru_cache

from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.fhir.resources import Coding
from fcv_api.wire.cells import PREFIX
from fcv_api.wire.hl7.reasons import Reason
from fcv_api.wire.hl7.signs import MDC, Named, sign_named
from fcv_api.wire.hl7.source import Source

MDC_SYSTEMS = ("urn:iso:std:iso:11073:10101", "urn:oid:2.16.840.1.113883.6.24")
LOINC_SYSTEMS = ("http://loinc.org", "https://loinc.org", "urn:oid:2.16.840.1.113883.6.1")
HEART_RATE, PULSE = "8867-4", "8889-8"
Said = tuple[str, str, str]
"""A system, a code and a display."""
PLAIN = Source("", UTC)
"""A source without words of its own."""
NAME_BY_LOINC = {
    HEART_RATE: "MDC_ECG_HEART_RATE",
    PULSE: "MDC_PULS_OXIM_PULS_RATE",
    "8616-5": "MDC_ECG_V_P_C_RATE",
    "9279-1": "MDC_TTHOR_RESP_RATE",
    "59408-5": "MDC_PULS_OXIM_SAT_O2",
    "2708-6": "MDC_PULS_OXIM_SAT_O2",
    "61006-3": "MDC_BLD_PERF_INDEX",
    "8310-5": "MDC_TEMP",
    "8302-2": "MDC_LEN_BODY_ACTUAL",
    "29463-7": "MDC_MASS_BODY_ACTUAL",
}


def sign_of(codings: Sequence[Coding], source: Source) -> Named | Reason:
    """Return which sign an Observation is of. A coding in MDC decides: devices write 8867-4 beside the pulse's, too."""
    if (own := _by_alias(codings, source)) is not None:
        return own
    return _by_standards(
        tuple([((each.system or "").strip(), each.code or "", each.display or "") for each in codings])
    )


@lru_cache(1024)  # a monitor writes the same ones with each value
def _by_standards(codings: tuple[Said, ...]) -> Named | Reason:
    in_mdc = [(code.strip(), display.strip()) for system, code, display in codings if system in MDC_SYSTEMS]
    in_loinc = {code.strip() for system, code, _display in codings if system.rstrip("/") in LOINC_SYSTEMS}
    return _by_mdc(in_mdc) if in_mdc else _by_loinc(in_loinc)


def _by_alias(codings: Sequence[Coding], source: Source) -> Named | None:
    """Return the sign by the source's tables, where it has some."""
    for each in codings if source.names or source.codes else ():
        found = sign_named([each.code or "", each.display or "", each.system or ""], source)
        if isinstance(found, Named):
            return found
    return None


def _by_mdc(codings: Sequence[tuple[str, str]]) -> Named | Reason:
    """Return the one sign that codings in MDC name: by number, or by reference id."""
    found = [sign_named(_components(*each), PLAIN) for each in codings]
    if Reason.CODE_AND_NAME in found:
        return Reason.CODE_AND_NAME
    return _one_of([each for each in found if isinstance(each, Named)])


def _components(code: str, display: str) -> list[str]:
    """Return a coding as HL7 v2 writes one."""
    return ["", code, MDC] if code.upper().startswith(PREFIX) else [code, display, MDC]


def _by_loinc(codes: set[str]) -> Named | Reason:
    """Return the one sign that codings in LOINC name.

    8867-4 is FHIR's code for any heart rate: the pulse's own code beside it says which one.
    """
    own = codes - {HEART_RATE} if PULSE in codes else codes
    names = sorted({NAME_BY_LOINC[code] for code in own if code in NAME_BY_LOINC})
    return _one_of([Named(INDEX_BY_NAME[name], SIGNS[INDEX_BY_NAME[name]].name) for name in names])


def _one_of(found: Sequence[Named]) -> Named | Reason:
    if not found:
        return Reason.OTHER_SIGN
    return found[0] if len({each.sign for each in found}) == 1 else Reason.CODE_AND_NAME
