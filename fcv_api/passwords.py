"""Passwords: what a new one must be, and whether one is right. Imports nothing of ours."""

from __future__ import annotations

import bcrypt

BCRYPT_ROUNDS = 12
BCRYPT_BYTES = 72  # bcrypt reads no further
# A hash of random bytes that nobody kept. Checked against when there is no account, so that it takes the same time.
NOBODYS_HASH = "$2b$12$orfJya.UKWt3e0ZeFij7xOIOobyxb5vQNhj60mLLObHal6Y7e15Da"


class UnusablePassword(ValueError):
    """A new password that the rules refuse, as words that follow "password"."""


def hash_password(password: str, min_length: int) -> str:
    """Hash a new password of at least `min_length` characters. Raises UnusablePassword."""
    if len(password) < min_length:
        raise UnusablePassword(f"must have at least {min_length} characters")
    if len(_secret(password)) > BCRYPT_BYTES:
        raise UnusablePassword(f"must have at most {BCRYPT_BYTES} bytes in UTF-8")
    if "\0" in password:
        raise UnusablePassword("must not hold the character NUL")
    return bcrypt.hashpw(_secret(password), bcrypt.gensalt(BCRYPT_ROUNDS)).decode()


def matches(password: str, hashed: str | None) -> bool:
    """Check a password against a stored hash, or against nobody's, at the cost of one bcrypt run in every case.

    A password of over 72 bytes is simply wrong: bcrypt would raise.
    """
    secret = _secret(password)
    usable = len(secret) <= BCRYPT_BYTES and b"\0" not in secret
    try:
        right = bcrypt.checkpw(secret if usable else b"-", (hashed or NOBODYS_HASH).encode())
    except ValueError:  # what is stored is no bcrypt hash, so nobody can sign in by it
        return matches(password, None)
    return right and usable and hashed is not None


def _secret(password: str) -> bytes:
    return password.encode("utf-8", "surrogatepass")
