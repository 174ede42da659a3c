from datetime import date
from typing import Any

import pytest

from tasks.core.batches import Pulled
from tasks.core.errors import SourceError
from tasks.core.people import Door, normal
from tasks.core.tables import SQUAD_USE
from tasks.sources.copilot import METRICS
from tests.sources.copilot.fake_copilot import (
    DAYS,
    DIRECTORY,
    WINDOW,
    Copilot,
    at,
    conformed,
    enterprise,
    pull,
    user,
)
from tests.sources.people import NAMES, traces
from tests.sources.vendor_reports import codes, days_of
from tests.transport.loopback import SECRET, Reply, Request

DOOR = Door(str.upper, DIRECTORY)
DAY = DAYS[0]
ONE_DAY = (DAY, DAY)
BLUE = [user(number, DAY) for number in range(3)]


def answering(body: object, status: int = 200) -> Copilot:
    def answer(request: Request) -> Reply | None:
        return Reply(status, body=body) if "users-1-day" in request.path else None

    return Copilot(override=answer)


def used(pulled: Pulled) -> list[tuple[Any, ...]]:
    return [(row["squad"], row["value"], row["actors"]) for row in conformed(METRICS, pulled)]


def test_people_of_a_day_become_sums_of_squads() -> None:
    strangers = [user(number, DAY, 0.25) for number in range(10, 14)]
    fake = Copilot(files={DAY: [BLUE, strangers]})

    pulled = pull(METRICS, fake, window=ONE_DAY, door=DOOR)

    rows = conformed(METRICS, pulled)
    assert rows[0] == {
        "source": "copilot",
        "issuer": "github-copilot",
        "account": "acme",
        "day": DAY,
        "squad": "blue",
        "measure": "credits_micro",
        "value": 37_500_000,
        "actors": 3,
    }
    assert set(rows[0]) == set(SQUAD_USE.column_names())
    assert used(pulled)[1:] == [("others", 1_000_000, 4)]
    assert days_of(pulled) == {DAY: (2, True)}


def test_links_are_asked_with_the_credential_and_followed_without() -> None:
    fake = Copilot(files={DAY: [BLUE]})

    pull(METRICS, fake, window=ONE_DAY, door=DOOR)

    asked, followed = fake.requests
    assert asked.path == "/orgs/acme/copilot/metrics/reports/users-1-day?day=2026-11-16"
    assert asked.headers["authorization"] == f"Bearer {SECRET}"
    assert followed.path == "/signed/2026-11-16/0?sig=abc"
    assert SECRET not in str(followed.headers)


def test_an_enterprise_is_asked_by_its_own_path() -> None:
    fake = Copilot(files={DAY: [BLUE]})

    pulled = pull(METRICS, fake, window=ONE_DAY, door=DOOR, **enterprise())

    assert fake.requests[0].path.startswith("/enterprises/acme-inc/copilot/metrics/reports/")
    assert [row["account"] for row in conformed(METRICS, pulled)] == ["acme-inc"]


def test_a_link_to_an_undeclared_origin_is_not_followed() -> None:
    fake = Copilot(files={DAY: [BLUE]})

    with pytest.raises(SourceError, match="link_origins"):
        pull(METRICS, fake, window=ONE_DAY, door=DOOR, is_link_declared=False)

    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"message": "Not Found"}, 404),
        (b"", 204),
        ({"download_links": [], "report_day": DAY.isoformat()}, 200),
    ],
    ids=["404", "204", "no links"],
)
def test_a_day_that_is_not_told_of_is_unknown_however_old(body: object, status: int) -> None:
    pulled = pull(METRICS, answering(body, status), window=ONE_DAY, door=DOOR, lag_days=0)

    assert days_of(pulled) == {DAY: (0, False)}
    assert pulled.watermark
    assert pulled.watermark.read_to == at(DAY)
    assert [one.code for one in pulled.findings] == ["use_untold"]


def test_days_that_stay_silent_beyond_the_lag_are_told_once() -> None:
    pulled = pull(METRICS, Copilot(files={DAYS[1]: [BLUE]}), door=DOOR, lag_days=2)

    (finding,) = pulled.findings
    assert finding.detail.startswith(
        "usage metrics tell nothing of 2 days between 2026-11-16 and 2026-11-18: "
    )


def test_an_empty_file_says_nothing_within_the_lag_and_zero_after_it() -> None:
    fake = Copilot(files={day: [b""] for day in DAYS})

    pulled = pull(METRICS, fake, door=DOOR, lag_days=2)

    assert days_of(pulled) == dict.fromkeys(DAYS[:3], (0, True)) | dict.fromkeys(
        DAYS[3:], (0, False)
    )


@pytest.mark.parametrize(
    "body",
    [
        {"download_links": None, "report_day": DAY.isoformat()},
        {"download_links": [None], "report_day": DAY.isoformat()},
        {"download_links": [7], "report_day": DAY.isoformat()},
        {"report_day": DAY.isoformat()},
        {"download_links": []},
        {"download_links": [], "report_day": "2026-11-17"},
        [],
    ],
)
def test_a_null_link_and_any_other_malformed_answer_is_a_fault(body: object) -> None:
    with pytest.raises(SourceError):
        pull(METRICS, answering(body), window=ONE_DAY, door=DOOR)


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_a_refused_link_is_told_as_such(status: int) -> None:
    def refuse(request: Request) -> Reply | None:
        return Reply(status, body=b"<Error/>") if "/signed/" in request.path else None

    fake = Copilot(files={DAY: [BLUE]}, override=refuse)

    with pytest.raises(SourceError, match=f"refused with {status}: its link may have expired"):
        pull(METRICS, fake, window=ONE_DAY, door=DOOR)


@pytest.mark.parametrize(
    ("record", "fault"),
    [
        (user(1, DAY, None), ("ai_credits_used", "bad_amount")),
        (user(1, DAY, "many"), ("ai_credits_used", "bad_amount")),
        (user(1, DAY, -1), ("ai_credits_used", "greater_than_equal")),
        (user(1, DAYS[1]), ("day", "out_of_range")),
        (user(1, DAY, user_login=7), ("user_login", "string_type")),
        (user(1, DAY, 9), ("user_id", "duplicate")),
        (["a list"], ("", "model_type")),
    ],
)
def test_a_record_that_cannot_count_is_refused(record: object, fault: tuple[str, str]) -> None:
    fake = Copilot(files={DAY: [[*BLUE, record]]})

    pulled = pull(METRICS, fake, window=ONE_DAY, door=DOOR)

    assert codes(pulled) == [fault]
    assert used(pulled) == [("blue", 37_500_000, 3)]


def test_a_record_without_credits_is_refused_and_not_zero() -> None:
    record = {key: said for key, said in user(9, DAY).items() if key != "ai_credits_used"}

    pulled = pull(METRICS, Copilot(files={DAY: [[record]]}), window=ONE_DAY, door=DOOR)

    assert (codes(pulled), used(pulled)) == ([("ai_credits_used", "missing")], [])


def test_a_file_that_breaks_off_loses_only_its_last_line() -> None:
    fake = Copilot(files={DAY: [BLUE, b'{"day": "2026-11-16", "user_id": 7, "ai_cre']})

    pulled = pull(METRICS, fake, window=ONE_DAY, door=DOOR)

    assert codes(pulled) == [("", "bad_json")]
    assert used(pulled) == [("blue", 37_500_000, 3)]


@pytest.mark.parametrize("told", [12.5, "12.5", "1.25e1"])
def test_credits_may_be_number_or_text(told: object) -> None:
    records = [user(number, DAY, told) for number in range(3)]

    pulled = pull(METRICS, Copilot(files={DAY: [records]}), window=ONE_DAY, door=DOOR)

    assert used(pulled) == [("blue", 37_500_000, 3)]


def test_one_person_in_two_organisations_is_one_person() -> None:
    records = [
        user(number, DAY, organization_id=organization)
        for number in range(3)
        for organization in ("1", "2")
    ]

    pulled = pull(METRICS, Copilot(files={DAY: [records]}), window=ONE_DAY, door=DOOR)

    assert used(pulled) == [("blue", 75_000_000, 3)]


def test_records_without_a_name_are_one_unknown_person() -> None:
    records = [user(9, DAY, user_id=None, user_login=None) for _ in range(5)]

    pulled = pull(METRICS, Copilot(files={DAY: [records]}), window=ONE_DAY, door=DOOR)

    assert used(pulled) == [("others", 62_500_000, None)]


def test_people_without_a_number_are_told_apart_by_login() -> None:
    records = [user(number, DAY, user_id=None) for number in (0, 1, 2, 2)]

    pulled = pull(METRICS, Copilot(files={DAY: [records]}), window=ONE_DAY, door=DOOR)

    assert used(pulled) == [("blue", 37_500_000, 3)]
    assert codes(pulled) == [("user_id", "duplicate")]


def test_a_recent_day_counts_from_the_first_record_that_is_told() -> None:
    last = DAYS[4]
    files = {DAYS[3]: [[user(0, DAYS[3])]], last: [[user(0, last, ai_credits_used="a lot")]]}

    pulled = pull(METRICS, Copilot(files=files), window=(DAYS[2], last), door=DOOR, lag_days=4)

    assert days_of(pulled) == {DAYS[2]: (0, False), DAYS[3]: (1, True), last: (0, True)}


def test_a_directory_may_name_people_by_number() -> None:
    door = Door(str.upper, {str(number): "red" for number in range(3)})

    pulled = pull(METRICS, Copilot(files={DAY: [BLUE]}), window=ONE_DAY, door=door)

    assert [squad for squad, _, _ in used(pulled)] == ["red"]


@pytest.mark.parametrize(
    ("door", "changes"), [(Door(str.upper), {}), (DOOR, {"metrics": False})], ids=["none", "off"]
)
def test_nobody_is_asked_for_without_a_directory_or_a_wish(
    door: Door, changes: dict[str, Any]
) -> None:
    fake = Copilot(files={DAY: [BLUE]})

    pulled = pull(METRICS, fake, door=door, window=(DAY, date(2026, 11, 23)), **changes)

    assert (fake.requests, pulled.requests) == ([], 0)
    assert days_of(pulled) == dict.fromkeys(DAYS, (0, True))


def test_there_were_no_credits_before_june_2026() -> None:
    fake = Copilot()

    pulled = pull(METRICS, fake, door=DOOR, window=(date(2026, 5, 30), date(2026, 6, 1)))

    assert [one.path.rpartition("day=")[2] for one in fake.requests] == ["2026-06-01"]
    assert [(str(one.key), one.is_complete) for one in pulled.batches] == [
        ("2026-05-30", True),
        ("2026-05-31", True),
        ("2026-06-01", False),
    ]


def test_today_is_not_asked_for() -> None:
    fake = Copilot()

    pull(METRICS, fake, door=DOOR, window=(WINDOW[1], date(2026, 11, 23)))

    assert [one.path.rpartition("day=")[2] for one in fake.requests] == ["2026-11-20"]


@pytest.mark.parametrize("name", NAMES)
def test_no_person_leaves_the_files(name: str) -> None:
    records: list[object] = []
    for number in range(3):
        said = user(number, DAY, user_login=name, user_id=f"{name} {number}") | {name: name}
        records += [said, said | {"ai_credits_used": name}, said | {"day": name}, name, [name]]
    fake = Copilot(files={DAY: [records, f'{{"user_login": "{name}"'.encode()]})
    door = Door(str.upper, {normal(name): "blue"})

    pulled = pull(METRICS, fake, window=ONE_DAY, door=door)

    assert used(pulled) == [("blue", 37_500_000, 3)]
    assert len(pulled.batches[0].rejects) == 13
    assert traces((pulled, repr(pulled), conformed(METRICS, pulled))) == []
