"""From the samples of all rounds to the figures that are told: medians, and ratios of what ran in one round."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

Samples = dict[str, dict[str, list[Any]]]
REQUESTS = ("real", "minimal")
BUSY, ALONE, CROWD = "8", "1", "at once"
"""Connections."""
THESIS, OURS, FLOOR, AGAIN = "thesis", "ours", "floor", "floor-again"
WITH_PANDAS = ("litserve-pandas", "bentoml-pandas")
LARGEST_MEMORY, LATEST_ANSWER = 1 / 3, 2.0


@dataclass(frozen=True)
class Aim:
    """A figure wanted. got: by request. at_least: by request, or at most where `most` is set."""

    what: str
    got: tuple[float, ...]
    at_least: tuple[float, ...]
    most: bool = False

    @property
    def met(self) -> tuple[bool, ...]:
        """Say of each request whether it came out."""
        pairs = zip(self.got, self.at_least, strict=True)
        return tuple(got <= aim if self.most else got >= aim for got, aim in pairs)


def middle(samples: Samples, contender: str, cell: str, figure: str | None = None) -> float | None:
    """Give the median of a figure over the rounds; None where it was not measured."""
    found = _values(samples, contender, cell, figure)
    return median(found) if found else None


def ratio(over: Iterable[float], under: Iterable[float]) -> float:
    """Give the median of the ratios of each round."""
    pairs = list(zip(over, under, strict=True))
    return median(one / other for one, other in pairs) if pairs else float("nan")


def against_ours(samples: Samples, contender: str, request: str) -> float:
    """Give a contender's throughput as a multiple of ours."""
    cell = f"{request}/{BUSY}"
    return ratio(_values(samples, contender, cell, "rate"), _values(samples, OURS, cell, "rate"))


def noise(samples: Samples, request: str) -> tuple[float, float, float]:
    """Give what the floor is of itself, in the same rounds: the median, the least and the most."""
    cell = f"{request}/{BUSY}"
    pairs = zip(_values(samples, AGAIN, cell, "rate"), _values(samples, FLOOR, cell, "rate"), strict=True)
    ratios = [one / other for one, other in pairs]
    return median(ratios), min(ratios), max(ratios)


def aims(samples: Samples) -> list[Aim]:
    """Compare with what was wanted."""
    busy = _each(lambda request: _rates(samples, OURS, request))
    return [
        Aim(
            "throughput at 8 connections, ours : the thesis' way",
            _ratios(busy, _each(lambda request: _rates(samples, THESIS, request))),
            (20, 25),
        ),
        Aim(
            "p50 at 1 connection, the thesis' way : ours",
            _ratios(
                _each(lambda request: _values(samples, THESIS, f"{request}/{ALONE}", "p50")),
                _each(lambda request: _values(samples, OURS, f"{request}/{ALONE}", "p50")),
            ),
            (10, 20),
        ),
        Aim(
            "throughput, ours : the better of LitServe and BentoML with pandas",
            _ratios(busy, _each(lambda request: _best(samples, request))),
            (4, 3),
        ),
        Aim(
            "throughput, ours : the floor",
            _ratios(busy, _each(lambda request: _rates(samples, FLOOR, request))),
            (0.6, 0.4),
        ),
        Aim(
            "{at_once:,} at once, the thesis' way : ours, wall time",
            _ratios(
                _each(lambda request: _values(samples, THESIS, f"{request}/{CROWD}", "seconds")),
                _each(lambda request: _values(samples, OURS, f"{request}/{CROWD}", "seconds")),
            ),
            (20, 20),
        ),
        Aim(
            "memory, ours : the thesis' way",
            (ratio(_values(samples, OURS, "memory"), _values(samples, THESIS, "memory")),),
            (LARGEST_MEMORY,),
            most=True,
        ),
        Aim("first answer of ours, s", (median(_values(samples, OURS, "first_answer")),), (LATEST_ANSWER,), most=True),
    ]


def errors(samples: Samples, contender: str, request: str) -> int:
    """Count what was not answered with 200 over all rounds and loads."""
    cells = (f"{request}/{each}" for each in (ALONE, BUSY, CROWD))
    return sum(int(each) for cell in cells for each in _values(samples, contender, cell, "errors"))


def largest_client(samples: Samples) -> float:
    """Give the largest share of one core that wrk took in a median cell."""
    shares = [
        middle(samples, contender, f"{request}/{connections}", "client")
        for contender in samples
        for request in REQUESTS
        for connections in (ALONE, BUSY)
    ]
    return max(share for share in shares if share is not None)


def _values(samples: Samples, contender: str, cell: str, figure: str | None = None) -> list[float]:
    found = samples.get(contender, {}).get(cell, [])
    wanted = found if figure is None else [each.get(figure) for each in found]
    return [float(each) for each in wanted if each is not None]


def _rates(samples: Samples, contender: str, request: str) -> list[float]:
    return _values(samples, contender, f"{request}/{BUSY}", "rate")


def _best(samples: Samples, request: str) -> list[float]:
    return list(map(max, *(_rates(samples, each, request) for each in WITH_PANDAS)))


def _each(of: Callable[[str], list[float]]) -> list[list[float]]:
    return [of(request) for request in REQUESTS]


def _ratios(over: list[list[float]], under: list[list[float]]) -> tuple[float, ...]:
    return tuple(ratio(one, other) for one, other in zip(over, under, strict=True))
