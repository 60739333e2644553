"""The members of a report that `fcv validate` writes beside those that attesting needs.

None of them is required: `fcv evaluate` writes reports without them, and so did earlier versions.
"""

from __future__ import annotations

from marshmallow import INCLUDE, Schema, fields
from marshmallow.validate import OneOf, Range

COUNT, SHARE = Range(min=0), Range(min=0, max=1)
ONE_PATIENT = "The largest share of one patient in a figure's variance: over 0.5 it rests on that patient."


def one_patient() -> fields.Float:
    """Return the member beside a figure with an interval; null where there is no interval."""
    return fields.Float(allow_none=True, validate=SHARE, metadata={"description": ONE_PATIENT})


class Members(Schema):
    """Members of a report: those that are named are needed, and others may stand beside them."""

    class Meta:
        """What is not named is kept."""

        unknown = INCLUDE


class IntervalSchema(Members):
    """A figure with its 95 % interval; null ends where it cannot be computed."""

    value = fields.Float(required=True, validate=SHARE)
    low = fields.Float(required=True, allow_none=True, validate=SHARE)
    high = fields.Float(required=True, allow_none=True, validate=SHARE)
    one_patient = one_patient()


class FlowNoteSchema(Members):
    """Something that must be known of the stays that were measured, such as readmissions."""

    note = fields.String(required=True)
    patients = fields.Integer(required=True, strict=True, validate=COUNT)
    encounters = fields.Integer(required=True, strict=True, validate=COUNT)
    share = fields.Float(required=True, allow_none=True, validate=SHARE)


class SplitSchema(Members):
    """How stays were split in time. at: where the late part begins; null where nothing was split."""

    kind = fields.String(required=True, validate=OneOf(["temporal", "none"]))
    at = fields.String(required=True, allow_none=True)
    early_windows = fields.Integer(required=True, strict=True, validate=COUNT)
    late_windows = fields.Integer(required=True, strict=True, validate=COUNT)


class RatioSchema(Members):
    """Observed to expected, with its 95 % interval."""

    value = fields.Float(required=True, validate=COUNT)
    low = fields.Float(required=True, allow_none=True, validate=COUNT)
    high = fields.Float(required=True, allow_none=True, validate=COUNT)
    one_patient = one_patient()


class SubgroupSchema(Members):
    """Any of the three states in one group. Under 20 events it has no figure."""

    by = fields.String(required=True, validate=OneOf(["site", "unit", "age", "sex", "month", "missing"]))
    group = fields.String(required=True)
    patients = fields.Integer(required=True, strict=True, validate=COUNT)
    windows = fields.Integer(required=True, strict=True, validate=COUNT)
    events = fields.Integer(required=True, strict=True, validate=COUNT)
    cannot_answer = fields.Boolean(required=True, truthy={True}, falsy={False})
    auroc = fields.Nested(IntervalSchema)
    observed_to_expected = fields.Nested(RatioSchema)


class DifferenceSchema(Members):
    """By how much the model is above another scorer, on the same drawn patients."""

    value = fields.Float(required=True, allow_none=True)
    low = fields.Float(required=True, allow_none=True)
    high = fields.Float(required=True, allow_none=True)
    verdict = fields.String(required=True)
    one_patient = one_patient()


class DifferencesSchema(Members):
    """The differences to one scorer, by state."""

    auroc = fields.Dict(fields.String(), fields.Nested(DifferenceSchema), required=True)
    auprc = fields.Dict(fields.String(), fields.Nested(DifferenceSchema), required=True)


class FindingSchema(Members):
    """One thing that was held against the reference: a sign's distribution, its gaps, or refusals."""

    what = fields.String(required=True, validate=OneOf(["distribution", "gaps", "refusals"]))
    sign = fields.String(required=True)
    value = fields.Float(required=True)
    low = fields.Float(required=True)
    high = fields.Float(required=True)
    verdict = fields.String(required=True, validate=OneOf(["no drift seen", "drift", "large drift", "cannot be told"]))


class DriftSchema(Members):
    """What is given to the model, held against a reference; no findings where the manifest has none."""

    findings = fields.List(fields.Nested(FindingSchema), required=True)


class RefitSchema(Members):
    """A refit on the early part, with the late part's figures before and after it."""

    kind = fields.String(required=True, validate=OneOf(["intercept", "slope"]))
    slope = fields.Float(required=True)
    model = fields.String(required=True, metadata={"description": "NAME/VERSION of what was made."})
    model_sha256 = fields.String(required=True)
    before = fields.Dict(required=True)
    after = fields.Dict(required=True)


class PolicySchema(Members):
    """The policy by which alarms go, as its file says it."""

    policy = fields.String(required=True, metadata={"description": "NAME/VERSION."})
    sha256 = fields.String(required=True)
    silence_minutes = fields.Float(required=True, validate=COUNT)
    warnings = fields.List(fields.String(), required=True)
    threshold = fields.Float(required=True, allow_none=True, validate=SHARE)
    thresholds = fields.Dict(fields.String(), fields.Float(), required=True)


class ValidationMembers(Members):
    """What `fcv validate` says beside what attesting needs."""

    flow_notes = fields.List(fields.Nested(FlowNoteSchema))
    split = fields.Nested(SplitSchema)
    policy = fields.Nested(
        PolicySchema, allow_none=True, metadata={"description": "Null where alarms go by thresholds."}
    )
    cannot_answer = fields.List(
        fields.String(), metadata={"description": "Ill states with under 20 events: no figure is given of them."}
    )
    few_events = fields.List(fields.String(), metadata={"description": "Ill states with under 100 events."})
    subgroups = fields.List(fields.Nested(SubgroupSchema))
    differences = fields.Dict(fields.String(), fields.Nested(DifferencesSchema))
    drift = fields.Nested(DriftSchema)
    refit = fields.Nested(RefitSchema)
