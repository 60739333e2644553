"""gunicorn's worker, as this service needs it."""

from __future__ import annotations

import contextlib
import math
import selectors
import socket
import time
from collections import deque
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import ThreadWorker

FEW = 8
SIGN_OF_LIFE = 1.0
"""Seconds. A worker that tells nothing for `timeout`, 30 s, is taken for dead."""
LINGER, LONGEST_LINGER, MOST_LINGERING = 2.0, 65_536, 256
"""Seconds and bytes for which a closed connection is still read, as gunicorn has them; and how many there may be."""


class LeavingWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's gthread worker, which gives up the port as soon as it stops accepting, and not seconds later.

    Otherwise the kernel goes on taking connections for a service that ends, nginx sends requests on them, and they are
    cut off unanswered. A port that nobody holds refuses, and nginx asks the other instance.

    And it waits for no client that does not close what was closed to it: gunicorn's own does for two seconds, in the
    thread that gives work to all others, so that forty such clients would stop a worker for more than a minute.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - gunicorn's own
        super().__init__(*args, **kwargs)
        self._lingering: deque[Any] = deque()
        self._told_of_life = -math.inf

    def notify(self) -> None:
        """Tell the master of life, once a second and not with each event.

        It costs a system call, and with it the interpreter, which the thread that works on a request takes meanwhile.
        """
        now = time.monotonic()
        if now - self._told_of_life >= SIGN_OF_LIFE:
            self._told_of_life = now
            super().notify()

    def accept(self, listener: Any) -> None:  # noqa: ANN401
        """Let an idler worker take the connection, where there are few: the first to wake would take all of them."""
        if 0 < self.nr_conns < FEW:
            time.sleep(self.nr_conns * 0.0002)
        super().accept(listener)

    def finish_request(self, conn: Any, fs: Any) -> None:  # noqa: ANN401
        """Give the connection back to its client, or close it, and wait for nobody."""
        conn.close = partial(self._close, conn)
        super().finish_request(conn, fs)

    def _close(self, conn: Any, graceful: bool = False) -> None:  # noqa: ANN401, FBT001, FBT002 - gunicorn's own
        """Say that no more comes, and leave it to the poller to see that the client closes too."""
        if graceful and not self.alive:  # nothing else is waiting for this thread
            conn.sock.settimeout(None)
            util.close_graceful(conn.sock)
            return
        if not graceful or len(self._lingering) >= MOST_LINGERING:
            util.close(conn.sock)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.settimeout(0)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError, KeyError):
            util.close(conn.sock)
            return
        conn.timeout, conn.left = time.monotonic() + LINGER, LONGEST_LINGER
        self._lingering.append(conn)

    def _drain(self, conn: Any, sock: Any) -> None:  # noqa: ANN401
        """Read what a client still sends: what was not read when a socket closes cuts off the answer before it."""
        try:
            read = len(sock.recv(4096))
        except BlockingIOError:
            return
        except OSError:
            read = 0
        conn.left -= read
        if not read or conn.left <= 0:
            self._lingering.remove(conn)
            self._end(conn)

    def _end(self, conn: Any) -> None:  # noqa: ANN401
        with contextlib.suppress(OSError, KeyError, ValueError):
            self.poller.unregister(conn.sock)
        util.close(conn.sock)

    def murder_pending(self) -> None:
        """End what lingered long enough, too."""
        super().murder_pending()
        while self._lingering and self._lingering[0].timeout < time.monotonic():
            self._end(self._lingering.popleft())

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - gunicorn's own signature
        """Take what has come already, and close, where accepting ends for good."""
        super().set_accept_enabled(enabled)
        if not self.alive and not enabled:
            for listener in self.sockets:
                if listener.sock is not None:  # not closed yet
                    self._take_what_waits(listener)
                    listener.close()

    def _take_what_waits(self, listener: Any) -> None:  # noqa: ANN401
        before = -1
        while before < self.nr_conns:
            before = self.nr_conns
            self.accept(listener)  # counts a connection, or finds none
