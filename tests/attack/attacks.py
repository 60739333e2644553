"""The attacks: each sends for some seconds from processes that give way, and returns what it was answered."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context

from clients import JSON
from idle_clients import idle_clients
from large_bodies import LARGE_BODIES, Sent, wrong_cells
from service import Service
from target import Target, give_way

from fcv_api.wire.example import example_request


@dataclass(frozen=True)
class Scale:
    """many: clients at once. size: of a large body, in bytes. seconds: of each attack. readers, idle: connections."""

    many: int
    size: int
    seconds: float
    readers: int
    idle: int


SHORT, LONG = Scale(12, 16_000_000, 5, 60, 1_500), Scale(64, 32_000_000, 20, 130, 5_000)
Answers = Counter[int]
Attack = Callable[[Target, Scale], Answers]
ROUTES = ("/predict", "/predict/batch", "/auth/create_user", "/auth/token")
ENCODINGS = ("gzip", "deflate", "br", "zstd", "GZIP", "gzip, gzip", "identity, gzip", "x-gzip")
PARTS = 200_000


def sending(target: Target, many: int, seconds: float, send: Callable[[Target], int]) -> Answers:
    """Send from some clients at once, again and again until the time is over, in a process that gives way."""
    context = get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(target, many, seconds, send, sender.send))
    process.start()
    answers: Answers = receiver.recv()
    process.join()
    return answers


def _send(
    target: Target, many: int, seconds: float, send: Callable[[Target], int], tell: Callable[[Answers], None]
) -> None:
    give_way()
    until, lock, answers = time.monotonic() + seconds, threading.Lock(), Answers()

    def client(_number: int) -> None:
        while True:
            status = send(target)
            with lock:
                answers[status] += 1
            if time.monotonic() > until:
                return
            time.sleep(1 if status == 503 else 0)

    with ThreadPoolExecutor(many) as threads:
        list(threads.map(client, range(many)))
    tell(answers)


def post_batch(sent: Sent, target: Target) -> int:
    """Post a large body."""
    return target.post("/predict/batch", sent[0], {"Content-Type": sent[1]})


def large(name: str, target: Target, scale: Scale) -> Answers:
    """Send one kind of large bodies."""
    return sending(target, scale.many, scale.seconds, partial(post_batch, LARGE_BODIES[name](scale.size)))


def slow_readers(target: Target, scale: Scale) -> Answers:
    """Ask for a large kept answer from many connections, and read nothing of it."""
    body, keyed = wrong_cells(1000), JSON | {"Idempotency-Key": "slow"}
    first = target.post("/predict/batch", body, keyed)
    readers = [slow_reader(target.next(), target.token | keyed, body) for _ in range(scale.readers)]
    time.sleep(scale.seconds)
    for each in readers:
        each.close()
    return Answers([first])


def slow_reader(service: Service, headers: dict[str, str], body: bytes) -> socket.socket:
    """Ask, and read nothing."""
    connection = socket.create_connection(service.address, timeout=60)
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST /predict/batch HTTP/1.1\r\n{lines}Host: fcv\r\nContent-Length: {len(body)}\r\n\r\n"
    with contextlib.suppress(OSError):  # all threads of a worker may wait for readers
        connection.settimeout(5)
        connection.sendall(head.encode() + body)
    return connection


def compressed(target: Target, scale: Scale) -> Answers:
    """Send compressed bodies to every route that reads one: what a gzip bomb becomes fills no memory."""
    bomb, small = gzip.compress(b" " * 300_000_000, 1), gzip.compress(json.dumps(example_request()).encode())
    kinds = [(path, encoding) for path in ROUTES for encoding in ENCODINGS]

    def send(target: Target) -> int:
        answers = [target.post(path, small, JSON | {"Content-Encoding": encoding}) for path, encoding in kinds]
        answers += [target.post(path, bomb, JSON | {"Content-Encoding": "gzip"}) for path in ROUTES]
        return max(answers) if set(answers) == {415} else min(set(answers) - {415})

    return sending(target, 4, scale.seconds, send)


def multipart(target: Target, scale: Scale) -> Answers:
    """Send forms of many parts, of one large part, and of none that ends, to every route that reads a body."""
    head = b'--b\r\nContent-Disposition: form-data; name="%d"; filename="a"\r\n\r\n'
    many = b"".join(head % at + b"x\r\n" for at in range(PARTS)) + b"--b--\r\n"
    bodies = (many, head % 1 + b"x" * scale.size + b"\r\n--b--\r\n", b"--b\r\n" * PARTS)
    kind = {"Content-Type": "multipart/form-data; boundary=b"}

    def send(target: Target) -> int:
        answers = [target.post(path, body, kind) for path in ROUTES for body in bodies]
        return 415 if set(answers) <= {413, 415} else min(set(answers) - {413, 415})

    return sending(target, 4, scale.seconds, send)


def idle(target: Target, scale: Scale) -> Answers:
    """Connect and say nothing."""
    with idle_clients(target.next(), scale.idle):
        time.sleep(scale.seconds)
    return Answers()


def ended_for_memory(target: Target, scale: Scale) -> Answers:
    """End the worker that holds most while large bodies come, with SIGKILL, as a kernel short of memory does."""
    killer = threading.Timer(scale.seconds / 2, lambda: os.kill(target.largest_worker(), signal.SIGKILL))
    killer.start()
    answers = large("many large batches", target, scale)
    killer.join()
    return answers


ATTACKS: dict[str, Attack] = {name: partial(large, name) for name in LARGE_BODIES} | {
    "slow readers of a kept answer": slow_readers,
    "compressed bodies": compressed,
    "multipart bodies": multipart,
    "silent connections": idle,
    "a worker ended for memory": ended_for_memory,
}
