"""A gateway: sends each post as one message of HL7 v2, and waits for its acknowledgement."""

from __future__ import annotations

import socket
from itertools import count
from time import monotonic, sleep
from typing import Any

import click

from fcv_api.cli.hl7_send import exchanged
from fcv_api.cli.player.client import PATIENCE, SECONDS, Unanswered, seconds_before
from fcv_api.settings.hl7 import host_and_port
from fcv_api.training.gateway import Post
from fcv_api.wire.hl7.segments import Message, messages_of
from fcv_api.wire.hl7.writing import pcd_01

ACCEPTED, NOT_NOW = ("AA", "CA"), ("AE", "CE")


class Gateway:
    """One connection to a listener. retried: how often a message was sent again. It signs in nowhere."""

    def __init__(self, address: str, size: int) -> None:
        """address: HOST:PORT. size: how many OBX a message has at least."""
        self._address, self._size = host_and_port(address), size
        self._connection: socket.socket | None = None
        self.retried = self.signed_in = 0

    def deliver(self, post: Post) -> dict[str, Any]:
        """Send a post, again while it is not accepted now, and return what is counted of it. Raises Unanswered."""
        (message,) = messages_of(pcd_01(post.posted, post.at, self._size))
        began = monotonic()
        for attempt in count(1):
            code = self._try(message)
            if code is not None and code not in NOT_NOW:
                wrong = {"row": "message", "column": "MSA-1", "reason": code}
                return {"results": [], "errors": [] if code in ACCEPTED else [wrong]}
            wait = seconds_before(attempt)
            if monotonic() - began + wait > PATIENCE:
                raise Unanswered(f"Not accepted in {PATIENCE:.0f} s. The last answer: {code or 'none'}")
            click.echo(f"{code or 'No acknowledgement'}. The same message again in {wait:g} s.", err=True)
            self.retried += 1
            sleep(wait)
        raise AssertionError

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _try(self, message: Message) -> str | None:
        """Send once. Return the acknowledgement's code; None where none came."""
        try:
            if self._connection is None:
                self._connection = socket.create_connection(self._address, SECONDS)
            return exchanged(self._connection, message, SECONDS)
        except (OSError, click.ClickException):
            self.close()
            return None
