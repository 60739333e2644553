"""What `/auth` reads and answers."""

from __future__ import annotations

from marshmallow import EXCLUDE, Schema, fields


class CredentialsSchema(Schema):
    """A name and a password."""

    class Meta:
        """OAuth2 clients send `grant_type` and more."""

        unknown = EXCLUDE

    username = fields.String(required=True)
    password = fields.String(required=True, metadata={"format": "password"})


class CredentialsFormSchema(CredentialsSchema):
    """A name and a password, as an OAuth2 client's form."""

    grant_type = fields.String(metadata={"enum": ["password"]})


class TokenSchema(Schema):
    """An access token."""

    access_token = fields.String(required=True)
    token_type = fields.String(required=True, metadata={"enum": ["bearer"]})


class UserSchema(Schema):
    """A user, by name and number."""

    username = fields.String(required=True)
    id = fields.Integer(required=True)


class WhoAmISchema(Schema):
    """Who the token belongs to."""

    User = fields.Nested(UserSchema, required=True)
