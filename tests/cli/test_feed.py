"""`fcv feed`: rows in, a score of each bed out, and how that stands."""

from __future__ import annotations

import json
from time import time_ns

import pytest
from click.testing import CliRunner
from conftest import BOTH_DATABASES, PASSWORD, MakeToken
from flask.testing import FlaskClient
from until_now import rows_until_now

from fcv_api import accounts
from fcv_api.accounts import Role, UnusableCredentials, User
from fcv_api.accounts.system import feed_account, feed_test_account, feed_test_account_id
from fcv_api.cli import main
from fcv_api.domain.arrivals import Clock
from fcv_api.extensions import write_transaction
from fcv_api.extensions.cursors import write_cursor
from fcv_api.feed import arrivals

HOUR = 3_600_000_000
CLOCK = dict.fromkeys(("reason", "newest_arrival", "detail", "advice")) | {"shows": "", "doubted": True}


def fcv(*words: str) -> str:
    result = CliRunner().invoke(main, ["feed", *words], catch_exceptions=False)
    return result.output


@BOTH_DATABASES
def test_a_bed_that_was_fed_is_scored_once_and_shown(
    http: FlaskClient, token: dict[str, str], make_token: MakeToken
) -> None:
    assert http.post("/observations", json=rows_until_now(), headers=token).get_json()["results"][0]["new"] == 180
    assert "1 stay, 1 turn due and not recorded yet, " in fcv("status")
    assert [fcv("run", "--once").splitlines()[-1] for _ in range(2)] == ["Recorded 1 turn.", "Recorded 0 turns."]
    assert "1 stay, 0 turns due and not recorded yet, 0 of them over a minute late." in fcv("status")
    reader = make_token("rosa", Role.READER)
    (bed,) = http.get("/beds", headers=reader).get_json()["beds"]
    assert (bed["status"], bed["reason"], bed["refusal"]) == ("scored", None, None)
    last = bed["last"]
    record = http.get(f"/predictions/{last['id']}", headers=reader).get_json()
    assert last["inferences"] == record["inferences"]
    assert last["State"] == record["State"]
    assert set(last) == {"id", "slot", "age_seconds", "State", "inferences", "warnings"}
    assert 0 <= last["age_seconds"] < 600
    schemas = http.get("/openapi.json").get_json()["components"]["schemas"]
    assert set(schemas["LastScore"]["required"]) == set(last)


def test_a_correction_hides_the_score_at_once_and_a_refusal_is_shown(
    http: FlaskClient, token: dict[str, str], make_token: MakeToken
) -> None:
    body, reader = rows_until_now(), make_token("rosa", Role.READER)
    http.post("/observations", json=body, headers=token)
    few = {name: {"0": cells["179"]} for name, cells in body.items()} | {"idAtencion": {"0": 7}, "cama": {"0": "B2"}}
    http.post("/observations", json=few, headers=token)
    fcv("run", "--once")
    gone = {name: {"0": cells["179"]} for name, cells in body.items()} | {"estado": {"0": "D"}}
    http.post("/observations", json=gone, headers=token)
    corrected, refused = http.get("/beds", headers=reader).get_json()["beds"]
    assert (corrected["status"], corrected["reason"], corrected["last"]) == ("not_scored", "corrected", None)
    assert (refused["status"], refused["reason"]) == ("not_scored", "too-few-instants")
    assert refused["refusal"]["type"] == "/problems/too-few-instants"
    assert set(refused["refusal"]) == {"type", "at"}


@BOTH_DATABASES
def test_the_status_as_json_has_what_the_lines_say(http: FlaskClient, token: dict[str, str]) -> None:
    http.post("/observations", json=rows_until_now(), headers=token)
    found = json.loads(fcv("status", "--json"))
    assert set(found) == {"slot", "turns_due", "turns_late", "clock", "stays", "sources"}
    assert (found["turns_due"], found["stays"]) == (1, [{"encounter": "5501", "last_slot": None, "due": True}])
    (source,) = found["sources"]
    assert (source["name"], source["clock_offset_seconds"], source["counters"]) == ("api:ana", None, {})
    assert 0 <= source["figures_age_seconds"] < 60
    assert found["clock"] | {"shows": ""} == CLOCK | {"doubted": False}
    with write_cursor() as cursor:
        arrivals.write(cursor, None, Clock(time_ns() // 1000 - 2 * HOUR))
    clock = json.loads(fcv("status", "--json"))["clock"]
    assert (clock["doubted"], clock["reason"], set(clock)) == (True, "quiet", set(CLOCK))
    assert f"{clock['detail'][:50]}" in fcv("status")
    assert "figures of " in fcv("status").splitlines()[-1]


@pytest.mark.parametrize("settings", [{"FEED": "off"}], indirect=True)
@pytest.mark.usefixtures("empty_database")
def test_it_does_not_run_where_the_feed_is_off() -> None:
    assert "FCV_FEED is off" in fcv("run", "--once")


@pytest.mark.usefixtures("empty_database")
def test_the_feeds_account_has_no_password_and_its_name_is_reserved() -> None:
    made = feed_account()
    assert made.renamed is None
    assert feed_account() == made
    assert accounts.claim("feed").proven_by("-") is None
    for name in ("feed", "Feed", "\uff46eed"):
        with pytest.raises(UnusableCredentials, match="reserved"):
            accounts.create_user(name, PASSWORD, role=Role.CLIENT, min_length=8)


@pytest.mark.usefixtures("empty_database")
def test_the_beds_of_test_sources_have_an_account_of_their_own() -> None:
    assert feed_test_account_id() is None
    made = feed_test_account()
    assert made.id != feed_account().id
    assert (feed_test_account(), feed_test_account_id()) == (made, made.id)
    with pytest.raises(UnusableCredentials, match="reserved"):
        accounts.create_user("Feed-Test", PASSWORD, role=Role.CLIENT, min_length=8)


@pytest.mark.usefixtures("empty_database")
def test_an_account_of_that_name_is_renamed_and_keeps_its_password() -> None:
    old = accounts.create_user("alguien", PASSWORD, role=Role.CLIENT, min_length=8)
    with write_transaction() as session:
        session.query(User).filter_by(id=old.id).update({"username": "feed"})
    assert feed_account().renamed == f"feed-{old.id}"
    kept = accounts.claim(f"feed-{old.id}").proven_by(PASSWORD)
    assert kept is not None
    assert kept.id == old.id
