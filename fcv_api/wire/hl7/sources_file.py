"""The file of sources (TOML): a table `[source.NAME]` for each gateway. An unknown key is an error by its name."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from datetime import tzinfo
from ipaddress import ip_network
from typing import Any
from zoneinfo import ZoneInfo

from fcv_api.domain.units import Unit
from fcv_api.wire.hl7.signs import SIGN_OF_NAME
from fcv_api.wire.hl7.source import Network, Source
from fcv_api.wire.hl7.values import unit_of

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}", re.ASCII)
IDENTIFIERS = {"hash": False, "pseudonym": True}
ACKS = {"original": False, "accept": True}
Read = Callable[[Any], Any]


class WrongSources(Exception):
    """The file of sources is wrong. The message names the place and says what is wanted."""


def read_sources(text: str, zone: tzinfo) -> tuple[Source, ...]:
    """Read the file's text. zone: of sources that name none. Raises WrongSources."""
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongSources(f"is no TOML: {error}.") from None
    if unknown := sorted(content.keys() - {"source"}):
        raise WrongSources(f"{unknown[0]} is not a key. The file has a table [source.NAME] for each source.")
    tables = content.get("source", {})
    if not (isinstance(tables, dict) and all(isinstance(each, dict) for each in tables.values())):
        raise WrongSources("source is no table. The file has a table [source.NAME] for each source.")
    found = tuple(_source(name, table, zone) for name, table in tables.items())
    _refuse_shared(found)
    return found


def _source(name: str, table: Mapping[str, Any], zone: tzinfo) -> Source:
    if not NAME.fullmatch(name):
        raise WrongSources(f"[source.{name}]: a name has up to 64 letters of ASCII, digits, - and _.")
    given: dict[str, Any] = {"zone": zone}
    for key, value in table.items():
        if key not in KEYS:
            raise WrongSources(f"[source.{name}]: {key} is not a key. The keys are: {', '.join(KEYS)}.")
        member, read = KEYS[key]
        try:
            given[member] = read(value)
        except (KeyError, TypeError, ValueError, OSError):
            raise WrongSources(f"[source.{name}]: {key} must be {WANTED[read]}.") from None
    return Source(name, **given)


def _refuse_shared(sources: tuple[Source, ...]) -> None:
    """Refuse what two sources have in common: nobody could say whose a message is."""
    for key in ("peers", "certificates", "accounts"):
        owner: dict[object, str] = {}
        for source in sources:
            for each in getattr(source, key):
                if owner.setdefault(each, source.name) != source.name:
                    raise WrongSources(f"[source.{source.name}]: {each} is of {key} of [source.{owner[each]}] too.")


def _networks(value: Any) -> tuple[Network, ...]:  # noqa: ANN401 - what TOML holds
    return tuple(ip_network(each) for each in _texts(value))


def _texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    if not (isinstance(value, list) and all(isinstance(each, str) and each for each in value)):
        raise TypeError
    return tuple(value)


def _zone(value: Any) -> ZoneInfo:  # noqa: ANN401
    return ZoneInfo(_text(value))


def _flag(value: Any) -> bool:  # noqa: ANN401
    if not isinstance(value, bool):
        raise TypeError
    return value


def _text(value: Any) -> str:  # noqa: ANN401
    if not isinstance(value, str):
        raise TypeError
    return value


def _identifiers(value: Any) -> bool:  # noqa: ANN401
    return IDENTIFIERS[_text(value)]


def _ack(value: Any) -> bool:  # noqa: ANN401
    return ACKS[_text(value)]


def _repeats(value: Any) -> frozenset[int]:  # noqa: ANN401
    return frozenset(SIGN_OF_NAME[each] for each in _texts(value))


def _signs(value: Any) -> dict[str, int]:  # noqa: ANN401
    return {key.casefold(): SIGN_OF_NAME[_text(sign)] for key, sign in dict(value).items()}


def _units(value: Any) -> dict[str, Unit]:  # noqa: ANN401
    units = {key.casefold(): unit_of(_text(unit)) for key, unit in dict(value).items()}
    if None in units.values():
        raise ValueError
    return {key: unit for key, unit in units.items() if unit}


WANTED: dict[Read, str] = {
    _networks: 'a list of addresses or networks, such as ["10.20.0.5", "10.20.1.0/24"]',
    _texts: 'a list of names, such as ["gateway.hospital.lan"]',
    _zone: "a time zone of this machine's tz database, such as America/Bogota",
    _flag: "true or false",
    _identifiers: '"hash" or "pseudonym"',
    _ack: '"original" or "accept"',
    _repeats: 'a list of the nine signs, such as ["MDC_TEMP"]',
    _signs: 'a table of the nine signs, such as {"MDC_CO2_RESP_RATE" = "MDC_TTHOR_RESP_RATE"}',
    _units: 'a table of known units, such as {"lat/min" = "MDC_DIM_BEAT_PER_MIN"}',
}
KEYS: dict[str, tuple[str, Read]] = {
    "peers": ("peers", _networks),
    "certificates": ("certificates", _texts),
    "accounts": ("accounts", _texts),
    "zone": ("zone", _zone),
    "msh7_zone_for_obx": ("msh7_zone_for_obx", _flag),
    "time_from_msh7": ("time_from_msh7", _flag),
    "identifiers": ("pseudonyms", _identifiers),
    "repeats": ("repeats", _repeats),
    "test": ("test", _flag),
    "ack": ("accept", _ack),
    "names": ("names", _signs),
    "units": ("units", _units),
    "codes": ("codes", _signs),
}
