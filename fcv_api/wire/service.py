"""What the service says of itself: its health, its model, its problems."""

from __future__ import annotations

from marshmallow import Schema, fields

from fcv_api.domain.prediction import State

SAMPLING = {
    "enum": ["last", "mean"],
    "description": "What it reads of each sign in a step, where rows are denser than its steps.",
}
EVIDENCE = {"description": "unvalidated, stated, retrospective or prospective; a report earns the last two only."}


class HomeSchema(Schema):
    """Whether the service works, in the words that old clients read."""

    health_check = fields.String(required=True, metadata={"enum": ["OK", "DEGRADED", "NOT READY"]})
    model_version = fields.String(required=True, allow_none=True)
    model_name = fields.String(required=True, allow_none=True)
    model_sha256 = fields.String(required=True, allow_none=True)
    evidence = fields.String(required=True, allow_none=True, metadata=EVIDENCE)
    trained_on = fields.String(required=True, allow_none=True)
    service_version = fields.String(required=True)
    note = fields.String(required=True)


class LiveSchema(Schema):
    """This process answers."""

    status = fields.String(required=True, metadata={"enum": ["ok"]})


class CheckSchema(Schema):
    """One check; `detail` says what to do about one that fails."""

    status = fields.String(required=True, metadata={"enum": ["ok", "degraded", "failed"]})
    detail = fields.String(required=True)


class ReadySchema(Schema):
    """Whether this process can answer `/predict`."""

    status = fields.String(required=True, metadata={"enum": ["ok", "degraded", "not ready"]})
    checks = fields.Dict(keys=fields.String(), values=fields.Nested(CheckSchema), required=True)


class AttestationSchema(Schema):
    """Whose word the model's evidence is, and for which report. Hashes are of files, byte by byte."""

    evidence = fields.String(required=True)
    manifest_sha256 = fields.String(required=True)
    report_sha256 = fields.String(required=True)
    data_sha256 = fields.String(required=True)
    outcomes_sha256 = fields.String(required=True, allow_none=True)
    events = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    signed_by = fields.String(required=True)
    at = fields.String(required=True)


class ModelSchema(Schema):
    """The active model's manifest and card, without its golden windows."""

    name = fields.String(required=True)
    version = fields.String(required=True)
    created = fields.String(required=True)
    sha256 = fields.String(required=True)
    source = fields.Dict(required=True)
    input_shape = fields.List(fields.Integer(), required=True)
    step_minutes = fields.Float(required=True)
    sampling = fields.String(required=True, attribute="spec.sampling.value", metadata=SAMPLING)
    signs = fields.List(fields.String(), required=True)
    scaling = fields.Dict(required=True)
    classes = fields.List(fields.Enum(State, by_value=True), required=True)
    horizon_minutes = fields.Float(required=True, allow_none=True)
    evidence = fields.String(required=True, attribute="evidence.value", metadata=EVIDENCE)
    trained_on = fields.String(required=True, attribute="trained_on.value")
    attestation = fields.Nested(AttestationSchema, required=True, allow_none=True)
    parity = fields.Dict(required=True)
    assumed = fields.List(fields.String(), required=True, metadata={"description": "What nobody said at the import."})
    card = fields.String(required=True)


class WrongCellSchema(Schema):
    """One cell or field of a body that is wrong. row: its key, or null where the whole column is meant."""

    column = fields.String(required=True)
    row = fields.String(required=True, allow_none=True)
    reason = fields.String(required=True)


class MissingSignSchema(Schema):
    """A sign that was not measured in the window."""

    sign = fields.String(required=True)
    last_measured = fields.String(required=True, allow_none=True)


class ProblemSchema(Schema):
    """A problem (RFC 9457). docs/api.md tables all types."""

    type = fields.String(required=True, metadata={"example": "/problems/too-few-instants"})
    title = fields.String(
        required=True, metadata={"description": "In English, or in Spanish for who asks by `Accept-Language`."}
    )
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True, allow_none=True)
    errors = fields.List(fields.Nested(WrongCellSchema), metadata={"description": "At most 20."})
    have = fields.Integer(metadata={"description": "too-few-instants: distinct instants sent."})
    need = fields.Integer(metadata={"description": "too-few-instants: distinct instants the model reads."})
    ready_at = fields.String(
        allow_none=True, metadata={"description": "too-few-instants: when the last one is expected."}
    )
    signs = fields.List(
        fields.Nested(MissingSignSchema), metadata={"description": "missing-signs: each, and when last measured."}
    )
    first = fields.String(metadata={"description": "window-span: the window's first instant."})
    last = fields.String(metadata={"description": "window-span: the window's last instant."})
    median_step_minutes = fields.Float(metadata={"description": "window-span: the median step."})
