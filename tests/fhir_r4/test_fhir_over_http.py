"""`POST /fhir`, `GET /fhir/metadata` and `GET /fhir/RiskAssessment`: entry by entry, and never a reassuring word."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import time_ns
from typing import Any

import orjson
import pytest
from bundles import LOINC, MDC, VISIT, Resource, bundle, judged, observation
from conftest import BOTH_DATABASES, MakeSettings, MakeToken
from fed import FEED
from flask.testing import FlaskClient
from memory import rows
from werkzeug.test import TestResponse

from fcv_api.accounts import Role
from fcv_api.app import create_app
from fcv_api.domain.stays import SLOT, slot_of
from fcv_api.domain.vitals import INDEX_BY_NAME, SIGNS
from fcv_api.extensions import db
from fcv_api.feed import sources, stays
from fcv_api.feed import status as feed_status
from fcv_api.feed.turns import run_slot
from fcv_api.fhir.example import example_bundle
from fcv_api.wire.example import example_request

FHIR = {"Content-Type": "application/fhir+json"}
PATIENT = "990001"
ASKED = "/fhir/RiskAssessment?encounter="
Post = Callable[..., TestResponse]


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat(timespec="milliseconds")


def fresh(minutes: float = 1, **given: Any) -> Resource:
    return observation(**({"effectiveDateTime": ago(minutes)} | given))


def window(end: int) -> Resource:
    """Return a window that ends with a slot, its last heart rates in danger, of a visit whose bed is named."""
    request, found = example_request(), []
    for at, key in enumerate(request["valor"]):
        name, back = request["nomSigno"][key], 19 - at // 9
        value = 20.0 if name == "MDC_ECG_HEART_RATE" and back < 2 else request["valor"][key]
        time = datetime.fromtimestamp(end / 1e6 - 300 * back - 1, UTC).isoformat()
        coding = (MDC, str(SIGNS[INDEX_BY_NAME[name]].code))
        more = {"effectiveDateTime": time, "encounter": {"reference": "urn:uuid:e"}}
        found.append(observation(value, coding, unit=None, **more))
    named = {"resourceType": "Encounter", "identifier": [VISIT["identifier"]], "status": "in-progress"}
    named["location"] = [{"location": {"display": "UCI 07"}}]
    whole = bundle(*found, kind="transaction")
    whole["entry"].append({"fullUrl": "urn:uuid:e", "resource": named})
    return whole


@pytest.fixture
def post(http: FlaskClient, token: dict[str, str]) -> Post:
    """Post a Bundle as a client, and let the judge look at the answer."""

    def send(body: Resource, **headers: str) -> TestResponse:
        response = http.post("/fhir", data=orjson.dumps(body), headers=token | FHIR | headers)
        assert response.mimetype == "application/fhir+json"
        judged(response.get_json())
        return response

    return send


def issues(response: TestResponse) -> list[tuple[str, str]]:
    """Return the path and the reason of each issue of an answer, wherever in it."""
    body = response.get_json()
    outcomes = [each["response"].get("outcome") for each in body.get("entry", ())] or [body]
    listed = [issue for outcome in outcomes if outcome for issue in outcome["issue"] if "details" in issue]
    return [(issue["expression"][0], issue["details"]["coding"][0]["code"]) for issue in listed]


@BOTH_DATABASES
def test_a_bundle_is_stored_and_each_entry_answered(post: Post, http: FlaskClient, make_token: MakeToken) -> None:
    spoilt = fresh(effectiveDateTime="2026-03-01")
    deleted = fresh(2, status="entered-in-error")
    body = bundle(fresh(), spoilt, deleted, fresh(13 * 60), fresh(-9), fresh(13 * 60, code={}))
    wanted = [
        ("Bundle.entry[1].resource.effective", "unreadable-time"),
        *((f"Bundle.entry[{at}].resource", reason) for at, reason in ((3, "too-old"), (4, "future"))),
        ("Bundle.entry[5].resource.code", "other-sign"),
    ]
    answer = post(body)
    assert (answer.status_code, answer.get_json()["type"]) == (200, "batch-response")
    assert issues(answer) == wanted
    statuses = [each["response"]["status"][:3] for each in answer.get_json()["entry"]]
    assert statuses == ["200", "422", "200", "422", "422", "200"]
    before = rows("SELECT value, status, source FROM observations ORDER BY at")
    assert before == [(None, "D", "api:ana"), (80.0, "F", "api:ana")]
    again = post(body | {"type": "collection"})
    assert (again.get_json()["resourceType"], issues(again)) == ("OperationOutcome", wanted)
    assert rows("SELECT value, status, source FROM observations ORDER BY at") == before
    assert post(bundle(kind="transaction")).get_json() == {"resourceType": "Bundle", "type": "transaction-response"}
    sources.flush(at_once=True)
    (counted,) = [each.counters for each in feed_status.sources() if each.name == "api:ana"]
    assert (counted["messages"], counted["unreadable-time"], counted["new"]) == (3, 2, 1)
    other = http.post("/fhir", json=bundle(fresh()), headers=make_token("bea"))
    assert [each["response"]["status"] for each in other.get_json()["entry"]] == ["200 OK"]  # another hash


def test_an_amended_value_replaces_one_that_came_later_or_earlier(post: Post) -> None:
    time = ago(3)
    first, better = (fresh(effectiveDateTime=time, id="o1", valueQuantity={"value": each}) for each in (80, 90))
    post(bundle(better | {"status": "amended"}))
    post(bundle(first))
    assert rows("SELECT value, status FROM observations") == [(90.0, "C")]
    post(bundle(first | {"status": "entered-in-error"}))
    assert rows("SELECT value, status FROM observations") == [(None, "D")]


def test_what_is_wrong_under_fhir_is_an_outcome_that_says_what_there_is(
    http: FlaskClient, token: dict[str, str], make_token: MakeToken
) -> None:
    reader = make_token("rosa", Role.READER)
    body = orjson.dumps(example_bundle())
    asks: dict[int, list[tuple[str, str, dict[str, Any]]]] = {
        400: [("POST", "/fhir", {"data": b"{", "headers": token | FHIR})],
        401: [("POST", "/fhir", {"data": body, "headers": FHIR}), ("GET", f"{ASKED}1", {})],
        403: [("GET", f"{ASKED}1", {"headers": token}), ("POST", "/fhir", {"data": body, "headers": reader | FHIR})],
        404: [
            ("GET", "/fhir/Patient/1", {}),
            ("POST", "/fhir/Observation", {"headers": token}),
            ("GET", "/fhir/x", {}),
        ],
        405: [("GET", "/fhir", {}), ("PUT", "/fhir/metadata", {}), ("DELETE", "/fhir/RiskAssessment", {})],
        406: [
            ("GET", "/fhir/metadata", {"headers": {"Accept": "application/fhir+xml"}}),
            ("GET", "/fhir/metadata?_format=xml", {}),
        ],
        415: [
            ("POST", "/fhir", {"data": body, "headers": token | {"Content-Type": "application/fhir+xml"}}),
            ("POST", "/fhir", {"data": body, "headers": token | FHIR | {"Content-Encoding": "gzip"}}),
        ],
        422: [
            ("POST", "/fhir", {"json": observation(), "headers": token}),
            ("POST", "/fhir", {"json": bundle(*[1] * 20_001), "headers": token}),
            *(("GET", f"/fhir/RiskAssessment{asked}", {"headers": reader}) for asked in ("", "?encounter=V1")),
            *(("GET", f"{ASKED}{asked}", {"headers": reader}) for asked in ("1,x", "|", "1&_count=0", "1&cursor=x")),
        ],
    }
    for status, calls in asks.items():
        for method, path, sent in calls:
            response = http.open(path, method=method, **sent)
            assert (response.status_code, response.mimetype) == (status, "application/fhir+json"), path
            (issue,) = judged(response.get_json())["issue"]
            assert issue["severity"] == "error"
            assert ("POST /fhir with a Bundle" in issue["diagnostics"]) == (status in (404, 405)), path
    assert http.get("/fhirs").mimetype == "application/problem+json"
    assert "GET" in http.put("/fhir/metadata").headers["Allow"]


@pytest.mark.parametrize("settings", [{"FEED": "off"}, {"HL7_SOURCES_FILE": "/nowhere.toml"}], indirect=True)
def test_a_bundle_that_cannot_be_taken_here_is_refused(post: Post) -> None:
    answer = post(example_bundle())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]


def test_the_statement_says_what_there_is_and_nothing_more(http: FlaskClient) -> None:
    for accepted in ("*/*", "application/fhir+json; fhirVersion=4.0", "application/json"):
        response = http.get("/fhir/metadata", headers={"Accept": accepted})
        assert (response.status_code, response.mimetype) == (200, "application/fhir+json")
    said = judged(response.get_json())
    assert (said["fhirVersion"], said["implementation"]["url"]) == ("4.0.1", "http://localhost/fhir")
    (rest,) = said["rest"]
    assert [each["code"] for each in rest["interaction"]] == ["batch", "transaction"]
    assert [each["type"] for each in rest["resource"]] == ["Observation", "RiskAssessment"]


@pytest.fixture
def ask(http: FlaskClient, make_token: MakeToken) -> Callable[[str], Resource]:
    """Ask for RiskAssessments as a reader, and let the judge look at the answer."""
    reader = make_token("rosa", Role.READER)

    def get(asked: str) -> Resource:
        response = http.get(asked if asked.startswith("http") else f"{ASKED}{asked}", headers=reader)
        assert response.status_code == 200, response.text
        assert PATIENT not in response.text
        assert "sano" not in response.text.lower()
        return judged(response.get_json())

    return get


@BOTH_DATABASES
def test_a_stay_s_scores_are_risks_with_their_warnings_first(post: Post, ask: Callable[[str], Resource]) -> None:
    slot = slot_of(time_ns() // 1000) - SLOT
    for end in (slot - SLOT, slot):
        post(window(end))
        assert run_slot(FEED, end) == 1
    found = ask(f"urn:oid:1.2.3.4|{PATIENT}")
    assert [each["relation"] for each in found["link"]] == ["self"]
    newest, _older = (each["resource"] for each in found["entry"])
    (number,) = {each.id for each in stays.numbered([int(newest["encounter"]["identifier"]["value"])])}
    (record, probabilities) = rows("SELECT id, probabilities FROM predictions ORDER BY seq DESC LIMIT 1")[0]
    assert newest["identifier"][0]["value"] == record
    assert (newest["subject"], newest["status"]) == ({"display": "UCI 07"}, "final")
    assert datetime.fromisoformat(newest["occurrenceDateTime"]).timestamp() == slot / 1e6
    known = orjson.loads(probabilities)
    assert {each["outcome"]["coding"][0]["code"]: each["probabilityDecimal"] for each in newest["prediction"]} == {
        name: known[name] for name in ("cardiac_arrest", "low_cardiac_output", "cardiogenic_shock")
    }
    assert newest["note"][0]["text"].startswith("critical_value: ")
    for asked in (str(number), f"urn:fcv:encounter|{number}", f"{number},{number}", f"other|x,{number}"):
        assert ask(asked)["entry"] == found["entry"]
    for asked in ("urn:oid:1.2.3.4|990002", f"urn:oid:9|{PATIENT}", f"|{PATIENT}", "77", "Encounter/1"):
        assert "entry" not in ask(asked)
    page = ask(f"{number}&_count=1")
    assert page["entry"] == found["entry"][:1]
    following = ask(page["link"][1]["url"])
    assert (following["entry"], len(following["link"])) == (found["entry"][1:], 1)
    post(bundle(fresh((time_ns() // 1000 - slot) / 6e7 + 2, status="entered-in-error")))
    assert ask(str(number))["entry"] == found["entry"][1:]  # what the newest one rests on was corrected since


def test_a_refusal_is_no_risk_assessment(post: Post, ask: Callable[[str], Resource]) -> None:
    slot = slot_of(time_ns() // 1000) - SLOT
    post(bundle(fresh((time_ns() // 1000 - slot) / 6e7 + 1)))
    assert run_slot(FEED, slot) == 1
    assert rows("SELECT COUNT(*) FROM predictions") == [(1,)]
    assert "entry" not in ask(f"urn:oid:1.2.3.4|{PATIENT}")


def test_the_sources_file_says_what_an_account_is(
    tmp_path: Path, make_settings: MakeSettings, make_token: MakeToken, http: FlaskClient
) -> None:
    assert http
    tokens = {name: make_token(name) for name in ("gw", "sim")}
    table = tmp_path / "sources.toml"
    own = 'accounts = ["gw"]\nidentifiers = "pseudonym"\nunits = {"lat" = "MDC_DIM_BEAT_PER_MIN"}'
    table.write_text(f'[source.ward]\n{own}\n[source.bench]\naccounts = ["sim"]\ntest = true\n')
    for allowed in ("0", "1"):
        app = create_app(make_settings(HL7_SOURCES_FILE=str(table), ALLOW_TEST_SOURCES=allowed))
        with app.app_context():
            send = app.test_client().post
            assert send("/fhir", json=bundle(fresh(unit="lat")), headers=tokens["gw"]).status_code == 200
            test_data = fresh(meta={"security": [{"code": "HTEST"}]})
            answer = send("/fhir", json=bundle(test_data), headers=tokens["sim"])
            assert answer.status_code == (200 if allowed == "1" else 403)
            db.engine.dispose()
    found = rows("SELECT id, source FROM stays ORDER BY source")
    assert [source for _id, source in found] == ["test:bench", "ward"]
    assert found[1][0] == int(PATIENT)
    assert rows("SELECT unit FROM observations WHERE source = 'ward'")[0] == ("MDC_DIM_BEAT_PER_MIN",)


def test_identifiers_stand_in_no_table_log_or_answer(
    post: Post, log_file: Path, capfd: pytest.CaptureFixture[str], http: FlaskClient, token: dict[str, str]
) -> None:
    mark = "Quetzal77120"
    visit = {"identifier": {"system": f"urn:{mark}", "value": mark}, "display": mark}
    subject = {"reference": f"Patient/{mark}", "display": mark}
    good = fresh(encounter=visit, subject=subject, note=[{"text": mark}], id=mark)
    whole = fresh(encounter=visit)
    spoilt = [whole | {name: mark} for name in ("status", "effectiveDateTime", "code", "valueQuantity")]
    odd = fresh(encounter={"reference": f"Encounter/{mark}"}, valueQuantity={"value": mark})
    answers = [post(bundle(good, *spoilt, odd, mark, {"resourceType": mark}), **{"X-Other": mark}).text]
    answers += [post({"resourceType": mark}).text, http.post("/fhir", data=mark, headers=token | FHIR).text]
    answers.append(http.get(f"{ASKED}{mark}", headers=token).text)
    held = [rows(f"SELECT * FROM {name}") for name in ("observations", "stays", "placements", "feed_sources")]
    assert len(held[0]) == 1
    said = "".join(answers) + str(held) + log_file.read_text("utf-8") + "".join(capfd.readouterr())
    assert mark not in said


def test_loinc_and_mdc_of_a_device_are_one_observation(post: Post) -> None:
    time, codings = ago(2), ((MDC, "149530"), (LOINC, "8867-4"))
    post(bundle(observation(54, *codings, effectiveDateTime=time)))
    post(bundle(observation(54, (LOINC, "8889-8"), effectiveDateTime=time)))
    assert rows("SELECT sign, value FROM observations") == [(149530, 54.0)]
