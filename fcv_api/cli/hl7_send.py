"""`fcv hl7 send`: send messages as a gateway does, one after the other, and wait for each acknowledgement."""

from __future__ import annotations

import socket
import ssl
from collections import Counter
from contextlib import closing
from pathlib import Path
from time import monotonic

import click
from marshmallow import ValidationError

from fcv_api.settings.hl7 import check_address, host_and_port
from fcv_api.wire.hl7.frames import FrameBuffer, framed
from fcv_api.wire.hl7.segments import Message, header_of, messages_of, segments_of

LARGEST = 64 * 1024
AT_ONCE = 65_536
CLOSED = (
    "The connection was closed before the acknowledgement came. Where the listener speaks TLS, give --ca; where it "
    "wants certificates, --cert and --key of one that its authority signed. Its app.log says why."
)


def send(file: Path, address: str, timeout: float, ca: Path | None, cert: Path | None, key: Path | None) -> None:
    try:
        check_address(address)
    except ValidationError as error:
        raise click.UsageError(str(error.messages[0])) from None
    messages = messages_of(file.read_bytes())
    if not messages:
        raise click.ClickException(f"{file} holds no message: no line of it begins with MSH.")
    answers: Counter[str] = Counter()
    with closing(_connected(address, timeout, ca, cert, key)) as connection:
        for number, message in enumerate(messages, 1):
            answer = exchanged(connection, message, timeout)
            click.echo(f"Message {number}: {answer}")
            answers[answer] += 1
    if answers.keys() - {"AA", "CA"}:
        raise click.ClickException("Not every message was accepted.")


def _connected(address: str, timeout: float, ca: Path | None, cert: Path | None, key: Path | None) -> socket.socket:
    host, port = host_and_port(address)
    connection = socket.create_connection((host, port), timeout)
    if ca is None:
        return connection
    context = ssl.create_default_context(cafile=ca)
    if cert:
        context.load_cert_chain(cert, key)
    return context.wrap_socket(connection, server_hostname=host)


def exchanged(connection: socket.socket, message: Message, timeout: float) -> str:
    """Send one message, and return the code of its acknowledgement. Raises ClickException where none comes."""
    control, deadline = header_of(message).control, monotonic() + timeout
    connection.sendall(framed(message.content() + b"\r"))
    buffer = FrameBuffer(LARGEST)
    while (left := deadline - monotonic()) > 0:
        connection.settimeout(left)
        try:
            data = connection.recv(AT_ONCE)
        except TimeoutError:
            break
        if not data:
            raise click.ClickException(CLOSED)
        for frame in buffer.feed(data, monotonic()):
            if (code := acknowledged(frame, control)) is not None:
                return code
    raise click.ClickException(f"No acknowledgement came within {timeout:g} seconds.")


def acknowledged(frame: bytes, control: bytes) -> str | None:
    """Return the code of a message's acknowledgement; None for the late one of another message."""
    for message in messages_of(frame):
        header = header_of(message)
        for segment in segments_of(message, header):
            code, own = [*segment, "", "", ""][1:3]
            if segment[0] == "MSA" and own.encode() == control:
                return code
    return None
