"""Observations written as a gateway sends them: one ORU^R01 of IHE PCD-01, for simulators and tests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from fcv_api.domain.observations import Observation, Posted
from fcv_api.domain.units import UNIT_BY_NAME
from fcv_api.domain.vitals import INDEX_BY_CODE, SIGNS

PROFILE = "IHE_PCD_001^IHE PCD^1.3.6.1.4.1.19376.1.6.1.1.1^ISO"
OTHERS_FROM = 160_000
"""Codes of what fills a message up: far from the nine signs'."""
ESCAPES = str.maketrans({"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "~": "\\R\\", "&": "\\T\\", "\r": "", "\n": ""})


def pcd_01(posted: Posted, sent_at: int, size: int = 0) -> bytes:
    """Return a stay's observations as one message, sent at a time in microseconds, UTC. Its visit is PV1-19.

    size: how many OBX it has at least; parameters that are none of the nine signs fill it up, as monitors send them.
    """
    bed = next((each.bed for each in posted.observations if each.bed), "").translate(ESCAPES)
    at = stamp(sent_at)
    control = f"{posted.encounter}-{sent_at}"
    lines = [
        f"MSH|^~\\&|FCV-SIMULATOR|ICU|||{at}||ORU^R01^ORU_R01|{control}|P|2.6|||AL|NE||UNICODE UTF-8|||{PROFILE}",
        f"PID|||{posted.encounter}^^^SIM^PI",
        f"PV1||I|^^{bed}{'|' * 16}{posted.encounter}",
        f"OBR|1|1^SIM|1^SIM|182777000^monitoring of patient^SCT|||{at}",
        *(_obx(number, each) for number, each in enumerate(posted.observations, 1)),
        *_others(len(posted.observations), size, at),
    ]
    return "\r".join([*lines, ""]).encode()


def _obx(number: int, observation: Observation) -> str:
    key, sign = observation.key, SIGNS[INDEX_BY_CODE[observation.key.sign]]
    unit = UNIT_BY_NAME.get(observation.unit.casefold(), sign.unit) if observation.unit else sign.unit
    value = "" if observation.value is None else f"{observation.value:.12g}"
    name, channel = key.name or sign.name, key.channel.translate(ESCAPES)
    return (
        f"OBX|{number}|NM|{key.sign}^{name}^MDC|{channel}|{value}|{unit.code}^{unit.name}^MDC"
        f"|||||{observation.status}|||{stamp(key.at)}"
    )


def _others(own: int, size: int, at: str) -> Iterator[str]:
    for number in range(own + 1, size + 1):
        code = f"{OTHERS_FROM + number}^MDC_SIM_OTHER_{number}^MDC"
        yield f"OBX|{number}|NM|{code}|1.9.9.{number}|{number}|262656^MDC_DIM_DIMLESS^MDC|||||F|||{at}"


def stamp(at: int) -> str:
    """Return a time, in microseconds, as HL7 writes it in UTC, with as much of its second as it has."""
    moment = datetime.fromtimestamp(0, UTC) + timedelta(microseconds=at)
    fraction = f".{moment.microsecond:06d}" if moment.microsecond else ""
    return f"{moment:%Y%m%d%H%M%S}{fraction}+0000"
