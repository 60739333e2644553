"""What is read of FHIR's resources, as msgspec structs: unknown elements and extensions are passed over."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

NOTHING = msgspec.Raw(b"")
Integer = Annotated[int, msgspec.Meta(ge=-(2**31), lt=2**31)]


class _Part(msgspec.Struct, rename="camel", gc=False):
    """An element with the names of FHIR's JSON. None holds itself, so the garbage collector need not look at them."""


class Coding(_Part):
    """A code of a system."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(_Part):
    """A concept in some codings."""

    coding: list[Coding] | None = None


class Identifier(_Part):
    """An identifier. system: who gave it."""

    use: str | None = None
    type: CodeableConcept | None = None
    system: str | None = None
    value: str | None = None


class Reference(_Part):
    """A reference to another resource: where it is, or what identifies it, or how people call it."""

    reference: str | None = None
    identifier: Identifier | None = None
    display: str | None = None


class Quantity(_Part):
    """A measured value. comparator: of one that is a bound alone."""

    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    code: str | None = None


class Period(_Part):
    """A time from and to."""

    end: str | None = None


class Meta(_Part):
    """Labels of a resource."""

    security: list[Coding] | None = None
    tag: list[Coding] | None = None


class PlaceOfEncounter(_Part):
    """Where a patient was. status: planned, active, reserved or completed."""

    location: Reference | None = None
    status: str | None = None


class Encounter(_Part):
    """A visit: its identifiers, and the beds of it."""

    resource_type: str
    id: str | None = None
    identifier: list[Identifier] | None = None
    location: list[PlaceOfEncounter] | None = None


class Observation(_Part):
    """One observation. modifier_extension: what changes its meaning in a way that nobody here knows."""

    resource_type: str
    meta: Meta | None = None
    modifier_extension: list[Any] | None = None
    contained: list[msgspec.Raw] | None = None
    status: str | None = None
    code: CodeableConcept | None = None
    encounter: Reference | None = None
    device: Reference | None = None
    effective_date_time: str | None = None
    effective_instant: str | None = None
    effective_period: Period | None = None
    value_quantity: Quantity | None = None
    value_integer: Integer | None = None
    data_absent_reason: CodeableConcept | None = None


class Request(_Part):
    """What an entry of a batch asks for."""

    method: str | None = None


class Entry(_Part):
    """One entry of a Bundle. resource: not read yet; empty where there is none."""

    full_url: str | None = None
    resource: msgspec.Raw = NOTHING
    request: Request | None = None


class Bundle(_Part):
    """A Bundle. entry: not read yet, so that a wrong one fails alone."""

    resource_type: str
    type: str | None = None
    entry: list[msgspec.Raw] | None = None


class Typed(_Part):
    """Any resource."""

    resource_type: str
