"""The report that earns a model its evidence: its schema, of which this version is 1.

`docs/report-1.schema.json` is the same as JSON Schema. Members that are not named here may stand beside them.
"""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import Equal, Length, OneOf, Range, Regexp

from fcv_api.domain.prediction import State
from fcv_api.wire.validation_members import COUNT, SHARE, IntervalSchema, Members, ValidationMembers, one_patient

SCHEMA = "fcv-report-1"
ORIGINS = ("hospital", "simulated", "unstated")
ILL = [state.value for state in State if state is not State.NONE_OF_THESE]
SHA256 = Regexp(r"^[0-9a-f]{64}$")


def _by_state(each: fields.Field[Any], name: str) -> type[Schema]:
    return Members.from_dict(dict.fromkeys(ILL, each), name=name)


class AreasSchema(Members):
    """How well one state is separated from all else, on windows before the onset."""

    auroc = fields.Nested(IntervalSchema, required=True)
    auprc = fields.Nested(IntervalSchema, required=True)


class BinSchema(Members):
    """One bin of a reliability curve: the mean probability, the frequency, and how many windows."""

    said = fields.Float(required=True, validate=SHARE)
    seen = fields.Float(required=True, validate=SHARE)
    count = fields.Float(required=True, validate=COUNT)


class StateCalibrationSchema(Members):
    """Whether one state comes as often as its probability says."""

    observed_to_expected = fields.Float(required=True, validate=COUNT)
    slope = fields.Float(required=True)
    intercept = fields.Float(required=True)
    brier_skill = fields.Float(
        required=True, metadata={"description": "Against the base rate: 1 - Brier / Brier of it."}
    )
    reliability = fields.List(fields.Nested(BinSchema), required=True, validate=Length(min=1))
    one_patient = fields.Dict(fields.String(), one_patient(), metadata={"description": "By figure."})


class FileSchema(Members):
    """A file, by its bytes."""

    name = fields.String(required=True)
    sha256 = fields.String(required=True, validate=SHA256)


class DataSchema(Members):
    """What was measured on."""

    origin = fields.String(required=True, validate=OneOf(ORIGINS))
    export = fields.Nested(FileSchema, required=True)
    outcomes = fields.Nested(FileSchema, required=True, allow_none=True)
    first = fields.String(required=True, metadata={"description": "The end of the first window, in UTC."})
    last = fields.String(required=True)
    patients = fields.Integer(required=True, strict=True, validate=Range(min=1))
    encounters = fields.Integer(required=True, strict=True, validate=Range(min=1))
    windows = fields.Integer(required=True, strict=True, validate=Range(min=1))
    windows_recorded_before_outcome = fields.Integer(
        required=True,
        strict=True,
        validate=COUNT,
        metadata={"description": "Windows whose record was written before their outcome was known."},
    )


class FlowSchema(Members):
    """Encounters of one fate: measured, set apart or lost, for a reason. State and site are `-` where nobody said."""

    part = fields.String(validate=OneOf(["measured", "set apart", "lost"]))
    reason = fields.String(required=True)
    state = fields.String(required=True)
    site = fields.String(required=True)
    patients = fields.Integer(required=True, strict=True, validate=COUNT)
    encounters = fields.Integer(required=True, strict=True, validate=COUNT)


class OverlapSchema(Members):
    """Patients that the model learnt from. checked: false where its manifest holds no fingerprints."""

    checked = fields.Boolean(required=True, truthy={True}, falsy={False})
    patients = fields.Integer(required=True, strict=True, validate=Equal(0))


class LeadTimeSchema(Members):
    """The share of all onsets that an alarm found at least so long before, at one burden."""

    at_most_alarms_per_patient_hour = fields.Float(required=True, validate=COUNT)
    onsets = fields.Integer(required=True, strict=True, validate=COUNT)
    found_15_minutes_ahead = fields.Float(required=True, validate=SHARE)
    found_30_minutes_ahead = fields.Float(required=True, validate=SHARE)


class BurdenSchema(Members):
    """What a ward would hear."""

    alarms_per_patient_day = fields.Float(required=True, validate=COUNT)
    patient_hours = fields.Float(required=True, validate=COUNT)


class ReportSchema(ValidationMembers):
    """A report, version 1: what attesting needs, and what `fcv validate` says beside it."""

    schema = fields.String(required=True, validate=Equal(SCHEMA))
    created = fields.String(required=True)
    program = fields.String(required=True, metadata={"description": "What wrote it, with its version."})
    model = fields.String(required=True, metadata={"description": "NAME/VERSION."})
    model_sha256 = fields.String(required=True, validate=SHA256)
    manifest_sha256 = fields.String(
        required=True,
        validate=SHA256,
        metadata={"description": "Of the manifest's canonical JSON without evidence, card and attestation."},
    )
    horizon_minutes = fields.Float(required=True, validate=Range(min=0, min_inclusive=False))
    data = fields.Nested(DataSchema, required=True)
    flow = fields.List(fields.Nested(FlowSchema), required=True, validate=Length(min=1))
    events = fields.Nested(
        _by_state(fields.Integer(required=True, strict=True, validate=COUNT), "Events"),
        required=True,
        metadata={"description": "Encounters with a window before an onset of each state, within the horizon."},
    )
    overlap = fields.Nested(OverlapSchema, required=True)
    discrimination = fields.Nested(
        _by_state(fields.Nested(AreasSchema, required=True), "Discrimination"), required=True
    )
    calibration = fields.Nested(
        _by_state(fields.Nested(StateCalibrationSchema, required=True), "Calibration"), required=True
    )
    sensitivity = fields.Nested(_by_state(fields.Float(required=True, validate=SHARE), "Sensitivity"), required=True)
    lead_time = fields.List(fields.Nested(LeadTimeSchema), required=True, validate=Length(min=1))
    burden = fields.List(fields.Nested(BurdenSchema), required=True, validate=Length(min=1))
