"""The directory as it is asked: a few at a time, each to its end in time, and not while it is known to be away."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import ceil
from time import monotonic

import ldap

from fcv_api.directory import Denied, DirectoryBusy, DirectoryUnavailable, Person
from fcv_api.directory.connection import NoConnection
from fcv_api.directory.conversation import conversation
from fcv_api.directory.entries import Plan, may_be_asked
from fcv_api.directory.reasons import reason_of
from fcv_api.extensions.breaker import Breaker
from fcv_api.settings.ldap import LdapSettings

SECONDS = 2.5
"""For a whole sign-in, the wait for a turn included."""
EARLIER = 0.1
"""Seconds by which a question ends before that: the last that comes of it is what was wrong."""
AT_ONCE = 8
"""Questions of a process at one time."""
LONGEST_LINE = 48
"""Sign-ins that a process asks about or has in line: a ward that comes at one instant, and not a flood."""
FAILURES, PAUSE = 3, 10.0
"""After so many in a row, for so many seconds nobody asks."""
SLOW = "it does not answer in time."
log = logging.getLogger("fcv_api")


class Unanswered(Exception):
    """No directory answered. The message says why, for who runs the service."""


class AskedDirectory:
    """A `Directory` that is reached over the network.

    It is asked in threads of its own: looking up a host's name has no end in time, and nobody waits for that.
    """

    def __init__(self, settings: LdapSettings) -> None:
        """Raises SettingsError."""
        self._plan = Plan.of(settings)
        self._urls = settings.ldap_url
        self._breaker = Breaker(PAUSE, FAILURES)
        self._is_away = False
        self._line = threading.BoundedSemaphore(LONGEST_LINE)
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._threads: dict[int, ThreadPoolExecutor] = {}

    @contextmanager
    def in_turn(self) -> Iterator[float]:
        """Wait for a turn. Raises DirectoryUnavailable or DirectoryBusy."""
        until = monotonic() + SECONDS
        if self._breaker.seconds():
            raise self._unavailable()
        if not self._line.acquire(blocking=False):
            raise DirectoryBusy
        try:
            if not self._turns.acquire(timeout=SECONDS):
                raise DirectoryBusy
            try:
                yield until
            finally:
                self._turns.release()
        finally:
            self._line.release()

    def sign_in(self, name: str, password: str, until: float) -> Person | Denied:
        """Return who signs in. Raises DirectoryUnavailable. A name or password of nobody's is not asked about."""
        return self._in_time(name, password, until) if may_be_asked(name, password) else Denied.UNKNOWN

    def look_up(self, name: str, until: float) -> Person | Denied | None:
        """Return who has a name now. Raises DirectoryUnavailable."""
        return None if self._plan.settings.ldap_user_bind else self._in_time(name, None, until)

    def troubles(self, seconds: float) -> dict[str, str | None]:
        """Return why each address cannot be asked, in a sentence; None for one that can. Wait for each so long."""
        return {url: self._trouble(url, seconds) for url in self._plan.settings.ldap_url}

    def _trouble(self, url: str, seconds: float) -> str | None:
        try:
            with conversation(self._plan, url, monotonic() + seconds) as opened:
                opened.try_out()
        except (NoConnection, ldap.LDAPError) as error:
            return reason_of(error, url)
        return None

    def _in_time(self, name: str, password: str | None, until: float) -> Person | Denied:
        """Ask in a thread, and wait for it no longer than the turn. password: None to look up."""
        if not self._breaker.may_try():
            raise self._unavailable()
        future = self._executor().submit(self._ask, name, password, until - EARLIER)
        try:
            found = future.result(max(until - monotonic(), 0.0))
        except (Unanswered, TimeoutError) as error:
            future.cancel()
            self._is_away = True
            self._breaker.settle(failed=True)
            log.error("directory: %s Its users are answered 503.", error if str(error) else SLOW)  # noqa: TRY400
            raise self._unavailable() from None
        self._breaker.settle(failed=False)
        if self._is_away:
            self._is_away = False
            log.warning("directory: it answers again.")
        return found

    def _ask(self, name: str, password: str | None, until: float) -> Person | Denied:
        """Ask one directory after the other until one answers, the one that answered last first. Raises Unanswered."""
        urls, reasons = self._urls, list[str]()
        for place, url in enumerate(urls):
            share = (until - monotonic()) / (len(urls) - place)
            try:
                with conversation(self._plan, url, monotonic() + share) as opened:
                    found = opened.look_up(name) if password is None else opened.sign_in(name, password)
            except (NoConnection, ldap.LDAPError) as error:
                reasons.append(reason_of(error, url))
                continue
            self._urls = (url, *(each for each in urls if each != url))
            return found
        raise Unanswered(" ".join(reasons))

    def _unavailable(self) -> DirectoryUnavailable:
        return DirectoryUnavailable(max(1, ceil(self._breaker.seconds())))

    def _executor(self) -> ThreadPoolExecutor:
        """Return this process' own: threads do not survive a fork."""
        own = os.getpid()
        return self._threads.get(own) or self._threads.setdefault(own, ThreadPoolExecutor(AT_ONCE, "directory"))
