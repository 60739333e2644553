"""The listener: a socket, a loop that frames, in a thread of its own beside the scoring."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from flask import Flask

from fcv_api.mllp.connection import Connection
from fcv_api.mllp.site import Site
from fcv_api.mllp.storage import Storage

MOST_CONNECTIONS = 1_000
HANDSHAKE_SECONDS = 10.0
BACKLOG = 256
log = logging.getLogger("fcv_api")


class Listener:
    """Takes connections until it is stopped."""

    def __init__(self, site: Site, storage: Storage, tls: ssl.SSLContext | None) -> None:
        self._site = site
        self._storage = storage
        self._tls = tls
        self._loop: asyncio.AbstractEventLoop | None = None
        self._open: set[asyncio.Task[None]] = set()
        self._stopped: asyncio.Event | None = None
        self._is_ready = threading.Event()

    def run(self, bound: socket.socket) -> None:
        """Serve a bound socket: the work of a thread."""
        asyncio.run(self._serve(bound))

    def stop(self) -> None:
        """Take no more connections, and close those that are open."""
        self._is_ready.wait(5)
        if self._loop and self._stopped:
            with suppress(RuntimeError):  # it has ended already
                self._loop.call_soon_threadsafe(self._stopped.set)

    async def _serve(self, bound: socket.socket) -> None:
        self._loop, self._stopped = asyncio.get_running_loop(), asyncio.Event()
        seconds = HANDSHAKE_SECONDS if self._tls else None
        server = await asyncio.start_server(
            self._take, sock=bound, ssl=self._tls, backlog=BACKLOG, ssl_handshake_timeout=seconds
        )
        self._is_ready.set()
        await self._stopped.wait()
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(reader, writer, self._storage)
        if len(self._open) >= MOST_CONNECTIONS:
            log.warning("hl7: refused a connection of %s: %d are open", connection.address, len(self._open))
            writer.close()
            return
        task = asyncio.current_task()
        if task is not None:
            self._open.add(task)
            task.add_done_callback(self._open.discard)
        try:
            await connection.serve(self._site)
        except asyncio.CancelledError:
            return  # the listener ends: asyncio would log a task that was cancelled as an error
        except Exception as error:  # noqa: BLE001 - its text may quote a message
            log.error("hl7: a connection of %s ended: %s", connection.address, type(error).__name__)  # noqa: TRY400


@contextmanager
def listening(bind: tuple[str, int], site: Site, app: Flask, tls: ssl.SSLContext | None) -> Iterator[tuple[str, int]]:
    """Listen within a block, and yield the address. Raises OSError where it cannot be listened at.

    app: with a database of its own, whose connections survive a power cut.
    """
    family = socket.AF_INET6 if ":" in bind[0] else socket.AF_INET
    bound = socket.create_server(bind, family=family, backlog=BACKLOG)
    storage = Storage(app, site)
    listener = Listener(site, storage, tls)
    thread = threading.Thread(target=listener.run, args=(bound,), name="hl7-listener", daemon=True)
    storage.start()
    thread.start()
    try:
        host, port = bound.getsockname()[:2]
        yield host, port
    finally:
        listener.stop()
        thread.join(timeout=5)
        storage.stop()
