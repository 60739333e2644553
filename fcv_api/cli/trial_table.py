"""A silent trial in words, for people, in English or in Spanish."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import click

from fcv_api.cli.trial_words import Words
from fcv_api.domain.prediction import State
from fcv_api.lstm.attest import FEW_EVENTS
from fcv_api.wire.answer import STATE_NAMES

Members = dict[str, Any]
MOST_NAMED = 10


def print_trial(report: Members, language: str) -> None:
    """Print a trial."""
    for line in lines_of(report, Words(language)):
        click.echo(line)


def lines_of(report: Members, words: Words) -> Iterator[str]:
    """Yield it line by line: who, by what, the alarms first, and the agreement last."""
    tables, data = Tables(report, words), report["data"]
    models = ", ".join(f"{name} ({words.number(count)})" for name, count in report["answered"]["models"].items())
    counts = {name: words.number(data[name]) for name in ("windows", "stays")}
    yield words.say("whom", model=report["candidate"]["model"], **counts)
    yield words.say("by", models=models, first=data["first"], last=data["last"])
    yield from tables.flow()
    yield from () if report["outcomes"] else (words.say("no_outcomes"),)
    for at in report["alarms"]:
        yield from tables.alarms(at)
    if report["outcomes"]:
        yield from tables.by_window()
    yield from tables.refusals()
    yield from tables.agreement()


@dataclass(frozen=True, slots=True)
class Tables:
    """A trial's report, and the words for it."""

    report: Members
    words: Words

    def flow(self) -> Iterator[str]:
        """Yield what became of the stays."""
        yield self.words.say("stays")
        for row in self.report["flow"]:
            part, reason, state = (self.words.known(row[name]) for name in ("part", "reason", "state"))
            yield f"  {self.words.number(row['encounters']):>8}  {part}: {reason} ({state}, {row['site']})"

    def alarms(self, at: Members) -> Iterator[str]:
        """Yield what a ward would have heard by one rule."""
        say, known = self.words.say, self.report["outcomes"]
        yield ""
        yield say("alarms", rule=self.rule(at["rule"]), days=self.words.number(at["patient_days"], ".1f"))
        yield self._head()
        yield self._row(say("whole"), at["alarms_per_patient_day"])
        if known:
            yield self._row(say("before"), at["alarms_per_patient_day_before_onsets"])
            yield from self._found(at)
        for kind in ("gained", "lost"):
            stays = at["changed"][kind]
            yield f"  {say(kind, count=self.words.number(len(stays)))}"
            yield from (f"    {self._stay(each)}" for each in stays[:MOST_NAMED])
            if len(stays) > MOST_NAMED:
                yield f"    {say('more', count=self.words.number(len(stays) - MOST_NAMED))}"

    def rule(self, rule: Members) -> str:
        """Return what rings."""
        say, number = self.words.say, self.words.number
        if rule["kind"] == "policy":
            return say("policy_in_force" if rule["in_force"] else "policy", policy=rule["policy"])
        first, second = (say("none") if each is None else number(each, ".4f") for each in rule["thresholds"])
        at_most = say("at_most", most=number(rule["at_most_alarms_per_patient_day"], "g"))
        return say(rule["kind"], first=first, second=second, at_most=at_most)

    def _found(self, at: Members) -> Iterator[str]:
        say = self.words.say
        for state, count in self.report["events"].items():
            own, name = at["sensitivity"].get(state), say("found", what=self.words.known(state))
            yield self._row(name + self._few(count), own) if own else f"  {name:<36} {say('cannot')} ({count})"
        leads = at["lead_time"]
        if leads is None:
            yield f"  {say('found', what=say('lead_time')):<36} {say('cannot')}"
            return
        yield self._row(say("found", what=say("any")), at["sensitivity"]["any_of_the_three"])
        yield self._row(say("median"), leads["median_minutes"], ".0f")
        for minutes in (15, 30):
            yield self._row(say("ahead", minutes=minutes), leads[f"found_{minutes}_minutes_ahead"])

    def by_window(self) -> Iterator[str]:
        """Yield whether states are named, and come as often as is said."""
        yield ""
        yield self.words.say("by_window")
        yield self._head()
        for state, count in self.report["events"].items():
            name = self.words.known(state)
            if state not in self.report["calibration"]:
                yield f"  {name:<36} {self.words.say('cannot')} ({count})"
                continue
            yield f"  {name}{self._few(count)}"
            yield self._row(f"  {self.words.say('named')}", self.report["named_by_state"][state])
            for figure, own in self.report["calibration"][state].items():
                yield self._row(f"  {self.words.known(figure.replace('_', ' '))}", own)

    def _few(self, count: int) -> str:
        return self.words.say("few", count=count) if count < FEW_EVENTS else ""

    def refusals(self) -> Iterator[str]:
        """Yield what each model refused, and why."""
        say, refusals = self.words.say, self.report["refusals"]
        yield ""
        yield say("refusals", asked=self.words.number(refusals["asked"]))
        yield self._head()
        yield self._row(say("refused"), refusals["share"], ".4f")
        for who, reasons in refusals["by_reason"].items():
            counts = ", ".join(f"{reason} {self.words.number(count)}" for reason, count in reasons.items())
            yield f"  {say(who)}: {counts or say('none')}"

    def agreement(self) -> Iterator[str]:
        """Yield in what both models agree, by state."""
        say, number, agreement = self.words.say, self.words.number, self.report["agreement"]
        kappa = say("no_kappa") if agreement["kappa"] is None else number(agreement["kappa"], ".3f")
        yield ""
        yield say("same", same=number(agreement["same_state"]), windows=number(agreement["windows"]), kappa=kappa)
        for name, own in agreement["by_state"].items():
            share = number(own["both"] / own["of_either"], ".1%") if own["of_either"] else "-"
            both = say("both", both=number(own["both"]), either=number(own["of_either"]))
            yield f"  {self.words.known(name):<24} {both}: {share}"
        for old, row in agreement["changes"].items():
            changed = {new: count for new, count in row.items() if new != old and count}
            yield from (f"  {number(count):>10}  {_wire(old)} -> {_wire(new)}" for new, count in changed.items())
        largest = agreement["largest_difference"]
        if largest["most"] is not None:
            yield say("largest", **{name: number(each, ".3f") for name, each in largest.items()})

    def _stay(self, stay: Members) -> str:
        say = self.words.say
        return say(
            "stay",
            encounter=stay["encounter"],
            bed=say("bed", bed=stay["bed"]) if stay["bed"] else "",
            first=stay["first_alarm"],
            alarms=self.words.number(stay["alarms"]),
            came=say("unknown") if stay["outcome"] is None else self.words.known(stay["outcome"]),
            onset=say("onset", onset=stay["onset"]) if stay["onset"] else "",
        )

    def _head(self) -> str:
        answered, candidate, difference = map(self.words.say, ("answered", "candidate", "difference"))
        return f"  {'':<36} {answered:>9} {candidate:>9}  {difference}"

    def _row(self, name: str, own: Members, form: str = ".3f") -> str:
        number, ends = self.words.number, own["difference"]
        two = " ".join(f"{number(own[each], form):>9}" for each in ("answered", "candidate"))
        value, low, high = (number(ends[each], f"+{form}") for each in ("value", "low", "high"))
        return f"  {name:<36} {two}  {value} ({low} {self.words.say('to')} {high}) {self.words.say(ends['verdict'])}"


def _wire(state: str) -> str:
    return STATE_NAMES[State(state)]
