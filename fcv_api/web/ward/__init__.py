"""The ward's pages in a browser: who may see them, and what they show. HTML for people, beside the API for programs."""

from __future__ import annotations

from flask import Blueprint

bp = Blueprint("ward", __name__, template_folder="templates")
"""Every page's. Each view says by `session.signed_in` or `tokens.public` who may see it."""
