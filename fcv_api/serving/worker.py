"""gunicorn's worker, as this service needs it."""

from __future__ import annotations

import contextlib
import errno
import math
import selectors
import socket
import time
from functools import partial
from typing import Any

from gunicorn import util
from gunicorn.workers.gthread import TConn, ThreadWorker

from fcv_api.serving.descriptors import Room, brought_something

FEW = 8
SIGN_OF_LIFE = 1.0
"""Seconds. A worker that tells nothing for `timeout`, 30 s, is taken for dead."""
LINGER, LONGEST_LINGER = 2.0, 10.0
"""Seconds for which a closed connection is still read after it brought something, and in all."""
READ_AT_ONCE = 1 << 18  # bytes
NOBODY_CAME = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED)
NO_ROOM = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
"""What the system says when it has no descriptor or memory for one more connection. It is there again in a moment."""
PAUSE, BETWEEN_WARNINGS = 0.05, 60.0  # seconds


class LeavingWorker(ThreadWorker):  # type: ignore[misc]
    """gunicorn's gthread worker, which gives up the port as soon as it stops accepting, and not seconds later.

    Otherwise the kernel goes on taking connections for a service that ends, nginx sends requests on them, and they are
    cut off unanswered. A port that nobody holds refuses, and nginx asks the other instance.

    And it waits for no client that does not close what was closed to it: gunicorn's own does for two seconds, in the
    thread that gives work to all others, so that forty such clients would stop a worker for more than a minute.

    And connections that bring nothing cost no thread and no other's place: gunicorn's own holds a thread for five
    seconds with each new one, takes no more when it has a thousand, and ends when no descriptor is left for another.
    """

    most_drained = 65_536
    """Bytes that are read of a closed connection and thrown away. gunicorn.conf.py sets twice the limit of bodies: who
    sends all of a body that is too large before it reads must find the 413, and not a connection that was reset."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - gunicorn's own
        super().__init__(*args, **kwargs)
        room = Room.beside(self.cfg.threads, self.cfg.worker_connections)
        self.worker_connections, self._most_lingering = room.connections, room.lingering
        self.max_keepalived = max(1, room.connections - self.cfg.threads)
        self._lingering: list[Any] = []
        self._last_sign_of_life = self._warned = -math.inf

    def notify(self) -> None:
        """Notify the master of life, once a second and not with each event.

        It costs a system call, and with it the interpreter, which the thread that works on a request takes meanwhile.
        """
        now = time.monotonic()
        if now - self._last_sign_of_life >= SIGN_OF_LIFE:
            self._last_sign_of_life = now
            super().notify()

    def accept(self, listener: Any) -> None:  # noqa: ANN401
        """Let an idler worker take the connection, where there are few: the first to wake would take all of them.

        So it did in 2 of 7 runs of 8 kept connections without this: 330 minimal requests a second of two workers, for
        some 620 in each run with it (wrk, interleaved).
        """
        if 0 < self.nr_conns < FEW:
            time.sleep(self.nr_conns * 0.0002)
        self._take(listener)

    def _take(self, listener: Any) -> bool:  # noqa: ANN401
        """Take a connection, where one waits and there is room. One that brings nothing yet is left to the poller."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in NO_ROOM:
                self._without_room(error)
            elif error.errno not in NOBODY_CAME:
                raise
            return False
        self.nr_conns += 1
        conn = TConn(self.cfg, sock, client, listener.getsockname())
        if brought_something(sock):
            conn.data_ready = True
            self.enqueue_req(conn)
        else:
            conn.set_timeout()
            self.pending_conns.append(conn)
            self.poller.register(sock, selectors.EVENT_READ, partial(self.on_pending_socket_readable, conn))
        if self.nr_conns >= self.worker_connections:
            self._end_an_idle_one()
        return True

    def _end_an_idle_one(self) -> bool:
        """Close who has waited longest without a word: first of those that never said one, then of those kept alive.

        Not who has sent something that was not read yet: its event may be the next of this turn.
        """
        for idle in (self.pending_conns, self.keepalived_conns):
            for conn in idle:
                if not brought_something(conn.sock):
                    idle.remove(conn)
                    self.nr_conns -= 1
                    self._end(conn)
                    return True
        return False

    def _without_room(self, error: OSError) -> None:
        """Make room for who waits, or wait a moment: as long as nobody takes it, the listener wakes the poller."""
        if not self._end_an_idle_one():
            time.sleep(PAUSE)
        now = time.monotonic()
        if now - self._warned >= BETWEEN_WARNINGS:
            self._warned = now
            self.log.warning("No room for one more connection: %s. Raise the limit on open files.", error.strerror)

    def _cap_keepalive(self, deadline: float) -> None:
        """Wait no longer for those that never said a word, either, when the worker ends."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)

    def finish_request(self, conn: Any, fs: Any) -> None:  # noqa: ANN401
        """Return the connection to its client, or close it, and wait for nobody."""
        conn.close = partial(self._close, conn)
        super().finish_request(conn, fs)

    def _close(self, conn: Any, graceful: bool = False) -> None:  # noqa: ANN401, FBT001, FBT002 - gunicorn's own
        """Shut the connection for writing, and leave it to the poller to see that the client closes too."""
        if graceful and not self.alive:  # nothing else is waiting for this thread
            conn.sock.settimeout(None)
            util.close_graceful(conn.sock)
            return
        if not graceful or len(self._lingering) >= self._most_lingering:
            util.close(conn.sock)
            return
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.settimeout(0)
            self.poller.register(conn.sock, selectors.EVENT_READ, partial(self._drain, conn))
        except (OSError, ValueError, KeyError):
            util.close(conn.sock)
            return
        now = time.monotonic()
        conn.timeout, conn.ends, conn.left = now + LINGER, now + LONGEST_LINGER, self.most_drained
        self._lingering.append(conn)

    def _drain(self, conn: Any, sock: Any) -> None:  # noqa: ANN401
        """Read what a client still sends: what was not read when a socket closes cuts off the answer before it."""
        try:
            read = len(sock.recv(READ_AT_ONCE))
        except BlockingIOError:
            return
        except OSError:
            read = 0
        conn.left -= read
        conn.timeout = min(time.monotonic() + LINGER, conn.ends)
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
        now = time.monotonic()
        for conn in [each for each in self._lingering if each.timeout < now]:
            self._lingering.remove(conn)
            self._end(conn)

    def set_accept_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - gunicorn's own signature
        """Take what has come already, and close, where accepting ends for good."""
        super().set_accept_enabled(enabled)
        if not self.alive and not enabled:
            for listener in self.sockets:
                if listener.sock is not None:  # not closed yet
                    all(self._take(listener) for _ in range(self.cfg.backlog))  # until none waits
                    listener.close()
