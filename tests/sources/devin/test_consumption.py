"""Devin's days as charges: the day's ACUs at the day's price, split by session without a loss."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.batches import Watermark
from tasks.core.errors import SourceError
from tasks.core.tables import CHARGES
from tasks.sources import devin
from tasks.sources.devin.payloads import DayUse, parse_consumption
from tasks.sources.devin.rows import conform_consumption, day_rows
from tasks.sources.devin.sessions import Session, parse_sessions
from tasks.sources.registry import adapter_of, version_of
from tasks.transport.errors import StatusError
from tests.sources.devin_server import (
    DAY,
    ROOT,
    WINDOW,
    Organisation,
    consumed,
    door,
    lines_of,
    pull,
    seconds,
    session,
    source,
)
from tests.sources.vendor_reports import codes, days_of, recorded
from tests.transport.loopback import NOW, SECRET, Reply

DAYS = [WINDOW[0] + timedelta(days=at) for at in range(5)]
ONE_DAY = (DAY, DAY)
ACU = 2_000_000_000


def figures(organisation: Organisation, **changes: Any) -> list[tuple[object, object, object]]:
    pulled = pull(devin.CONSUMPTION, organisation, window=ONE_DAY, **changes)
    return [(row["sku"], row["run_id"], row["billed_nano"]) for row in lines_of(pulled, **changes)]


def found(organisation: Organisation, **changes: Any) -> list[tuple[str, str]]:
    pulled = pull(devin.CONSUMPTION, organisation, window=ONE_DAY, **changes)
    return [(one.code, one.subject) for one in pulled.findings]


def test_a_day_is_split_into_its_sessions_and_what_no_session_consumed() -> None:
    days = [consumed(acus=10, devin=7, cascade=2, terminal=1, review=0)]

    told = figures(Organisation(days, [session("a"), session("b", acus="1.5")]))

    assert sorted(told, key=str) == sorted(
        [
            ("devin", "digest of devin-a", 4_250_000_000 * 2),
            ("devin", "digest of devin-b", 1_500_000_000 * 2),
            ("devin", None, 1_250_000_000 * 2),
            ("cascade", None, 2 * ACU),
            ("terminal", None, 1 * ACU),
        ],
        key=str,
    )


def test_a_line_has_every_column_of_its_table_and_the_vendor_s_own_day() -> None:
    organisation = Organisation([consumed()], [session(service_user_id="su-1", acus=10)])

    (row,) = lines_of(pull(devin.CONSUMPTION, organisation, window=ONE_DAY))

    assert set(row) == set(CHARGES.column_names())
    assert {
        "account": "org-1",
        "day": DAY,
        "charge_start": datetime(2026, 11, 18, 8, tzinfo=UTC),
        "charge_end": datetime(2026, 11, 19, 8, tzinfo=UTC),
        "category": "usage",
        "quantity": 10_000_000,
        "unit": "micro_acu",
        "billed_nano": 10 * ACU,
        "currency": "USD",
        "api_key": "digest of su-1",
    }.items() <= row.items()


def test_reports_are_asked_for_the_vendor_s_days_in_seconds() -> None:
    organisation = Organisation()

    pull(devin.CONSUMPTION, organisation)

    report, sessions = organisation.requests
    start, end = seconds(WINDOW[0]), seconds(WINDOW[1] + timedelta(days=1))
    assert report.path.partition("?")[0] == f"{ROOT}/consumption/daily"
    assert report.query == {"time_after": [str(start)], "time_before": [str(end)]}
    assert sessions.query == {
        "first": ["200"],
        "updated_after": [str(start - 1)],
        "created_before": [str(end)],
    }
    assert report.headers["authorization"] == f"Bearer {SECRET}"


def test_an_enterprise_is_read_at_its_own_address() -> None:
    organisation = Organisation([consumed()])

    assert figures(organisation, enterprise=True) == [("devin", None, 10 * ACU)]
    assert {one.path.split("/")[2] for one in organisation.requests} == {"enterprise"}


@pytest.mark.parametrize(
    ("day", "nano"),
    [(date(2026, 11, 16), 2_250_000_000), (date(2026, 11, 17), 2_000_000_000)],
)
def test_an_acu_costs_what_it_costs_on_that_day(day: date, nano: int) -> None:
    pulled = pull(devin.CONSUMPTION, Organisation([consumed(day, 3)]), window=(day, day))

    assert [row["billed_nano"] for row in lines_of(pulled)] == [3 * nano]


def test_a_day_without_a_price_is_held_and_told_and_never_zero() -> None:
    prices = [{"from": "2026-11-19", "price": "2"}]
    organisation = Organisation([consumed(DAYS[2]), consumed(DAYS[3])])

    pulled = pull(devin.CONSUMPTION, organisation, acu_prices=prices)
    config = source(acu_prices=prices)
    conformed = devin.conform(devin.CONSUMPTION, config, pulled.batches[0].rows, DAYS[2], {})

    assert days_of(pulled) == {DAYS[2]: (1, False), DAYS[3]: (1, True)}
    assert [(one.code, one.subject) for one in pulled.findings] == [
        ("unpriced_day", f"devin {DAYS[2]}")
    ]
    # A price that is taken back later books nothing either.
    assert conformed.rows == ()
    assert [(one.code, one.amount_nano) for one in conformed.rejects] == [("unpriced", None)]


def test_a_corrected_price_has_the_days_conformed_again() -> None:
    corrected = source(acu_prices=[{"from": "2026-01-01", "price": "2.20"}])

    versions = {version_of(adapter_of(one), one) for one in (source(), source(), corrected)}

    assert len(versions) == 2


def test_a_currency_of_the_order_form_is_that_of_the_charge() -> None:
    pulled = pull(devin.CONSUMPTION, Organisation([consumed()]), window=ONE_DAY)

    assert {row["currency"] for row in lines_of(pulled, currency="EUR")} == {"EUR"}


@given(
    st.lists(st.decimals("0", "40", places=7), max_size=8),
    st.decimals("0", "40", places=7),
    st.decimals("0.000000001", "99", places=9),
)
def test_the_lines_of_a_day_come_to_its_total_at_its_price(
    sessions: list[Decimal], cascade: Decimal, price: Decimal
) -> None:
    prices = [{"from": "2026-01-01", "price": str(price)}]
    total = sum(sessions) + cascade
    said = [
        parsed
        for number, acus in enumerate(sessions)
        for parsed in parse_sessions(
            source(), "s", {"items": [session(str(number), acus=str(acus))]}, 1, door()
        )
    ]
    detail = [(one, one.acus) for one in said if isinstance(one, Session) and one.acus is not None]
    use = DayUse(DAY, total, {"devin": sum(sessions, Decimal(0)), "cascade": cascade})

    rows, problem = day_rows(use, Decimal(total), detail)
    lines = conform_consumption(rows, source(acu_prices=prices), DAY).rows

    exact = Decimal(total) * price * 1_000_000_000
    booked = sum(int(str(row["billed_nano"])) for row in lines)
    assert problem is None
    assert abs(booked - exact) <= Decimal("0.5")
    assert all(int(str(row["billed_nano"])) >= 0 for row in lines)


def test_sessions_beyond_the_total_leave_the_day_unsplit() -> None:
    organisation = Organisation([consumed(acus=5)], [session("a", acus=4), session("b", acus=3)])

    assert figures(organisation) == [("devin", None, 5 * ACU)]
    assert found(organisation) == [("report_contradicted", f"devin {DAY}")]


def test_the_noise_of_floats_is_no_contradiction() -> None:
    organisation = Organisation([consumed(acus=0.3)], [session(acus=0.30000000000000004)])

    assert figures(organisation) == [("devin", "digest of devin-a", 600_000_000)]
    assert found(organisation) == []


@pytest.mark.parametrize(("acus", "count"), [("0.0000005", 0), ("0.0000015", 2), ("2e-6", 2)])
def test_an_amount_below_the_noise_of_floats_is_booked_as_it_is(acus: str, count: int) -> None:
    pulled = pull(
        devin.CONSUMPTION, Organisation([consumed(acus=acus, devin=acus)]), window=ONE_DAY
    )

    (row,) = lines_of(pulled)

    assert (row["sku"], row["quantity"], row["unit"]) == ("devin", count, "micro_acu")
    assert row["billed_nano"] == Decimal(acus) * ACU


def test_a_session_that_exceeds_the_total_by_no_more_than_noise_has_all_of_it() -> None:
    exactly = Organisation([consumed(acus=4)], [session(acus="4.000001")])
    beyond = Organisation([consumed(acus=4)], [session(acus="4.0000011")])

    assert figures(exactly) == [("devin", "digest of devin-a", 4 * ACU)]
    assert figures(beyond) == [("devin", None, 4 * ACU)]


def test_products_beyond_the_total_leave_the_day_unsplit() -> None:
    organisation = Organisation([consumed(acus=5, devin=4, cascade=3)])

    assert figures(organisation) == [("acu", None, 5 * ACU)]
    assert found(organisation) == [("report_contradicted", f"devin {DAY}")]


@pytest.mark.parametrize(
    ("products", "lines"),
    [
        # A null was not told: what is left of the total may be that product's.
        ({"devin": 6, "cascade": None}, [("devin", None, 6 * ACU), ("other", None, 4 * ACU)]),
        ({"devin": None, "cascade": 4}, [("acu", None, 6 * ACU), ("cascade", None, 4 * ACU)]),
        ({"devin": None}, [("acu", None, 10 * ACU)]),
        (
            {"devin": 6, "windsurf_next": 3, "another": 1},
            [("devin", None, 6 * ACU), ("other", None, 4 * ACU)],
        ),
    ],
)
def test_what_no_known_product_tells_is_booked_apart(
    products: dict[str, Any], lines: list[tuple[object, object, object]]
) -> None:
    assert sorted(figures(Organisation([consumed(acus=10, **products)])), key=str) == lines


def test_a_product_never_seen_is_told() -> None:
    assert found(Organisation([consumed(acus=10, devin=6, windsurf_next=4)])) == [
        ("unknown_sku", "product")
    ]


def test_a_session_over_several_days_is_asked_for_its_days() -> None:
    before = DAY - timedelta(days=1)
    long = session(acus=6, created_at=seconds(before, 30), updated_at=seconds(DAY, 10))
    organisation = Organisation(
        [consumed(before, 8), consumed(DAY, 9)],
        [long],
        {"devin-a": [consumed(before, 4.5), consumed(DAY, 1.5)]},
    )

    pulled = pull(devin.CONSUMPTION, organisation, window=(before, DAY))

    assert {
        (row["day"], row["billed_nano"]) for row in lines_of(pulled) if row["run_id"] is not None
    } == {(before, 9_000_000_000), (DAY, 3_000_000_000)}


def test_a_session_that_spans_eight_o_clock_spans_two_of_the_vendor_s_days() -> None:
    # 07:00 and 09:00 UTC of one day lie on two of the vendor's.
    crossing = session(created_at=seconds(DAY, 7), updated_at=seconds(DAY, 9))
    organisation = Organisation([consumed()], [crossing], {"devin-a": [consumed(DAY, 4.25)]})

    figures(organisation)

    assert organisation.requests[-1].path.endswith("/consumption/daily/sessions/devin-a")


def test_days_of_a_session_that_are_not_told_leave_its_acus_to_nobody() -> None:
    long = session(created_at=seconds(DAY - timedelta(days=3)), updated_at=seconds(DAY, 10))
    organisation = Organisation([consumed()], [long])

    assert figures(organisation) == [("devin", None, 10 * ACU)]
    assert found(organisation) == [("report_unavailable", "sessions by day")]


def test_days_of_a_session_below_zero_leave_its_acus_to_nobody() -> None:
    before = DAY - timedelta(days=1)
    long = session(acus=5, created_at=seconds(before))
    days = {"devin-a": [consumed(before, acus=-1), consumed(DAY, acus=6)]}
    organisation = Organisation([consumed(acus=10)], [long], days)

    assert figures(organisation) == [("devin", None, 10 * ACU)]
    assert found(organisation) == [("report_unavailable", "sessions by day")]


def test_sessions_that_are_not_open_leave_the_day_unsplit_and_are_told() -> None:
    organisation = Organisation([consumed()], None)

    assert figures(organisation) == [("devin", None, 10 * ACU)]
    assert found(organisation) == [("report_unavailable", "devin")]


@pytest.mark.parametrize(("acus", "later"), [(None, 0), (0, 0), (2, 2_000_000_000 * 2)])
def test_acus_of_a_session_that_trail_its_work_are_the_day_s_rest_meanwhile(
    acus: object, later: int
) -> None:
    told = figures(Organisation([consumed()], [session(acus=acus)]))

    assert sum(int(str(nano)) for _, run, nano in told if run) == later
    assert sum(int(str(nano)) for *_, nano in told) == 10 * ACU


def test_an_older_page_of_sessions_is_followed_by_its_cursor() -> None:
    sessions = [session(str(number), acus=1) for number in range(5)]

    told = figures(Organisation([consumed()], sessions, page_size=2))

    assert len([run for _, run, _ in told if run]) == 5


def test_a_day_is_complete_once_it_has_ended_at_eight_o_clock() -> None:
    organisation = Organisation([consumed(DAYS[3]), consumed(DAYS[4])])

    at_seven = pull(devin.CONSUMPTION, organisation, now=datetime(2026, 11, 21, 7, 59, tzinfo=UTC))
    at_eight = pull(devin.CONSUMPTION, organisation, now=datetime(2026, 11, 21, 8, tzinfo=UTC))

    assert days_of(at_seven)[DAYS[4]] == (1, False)
    assert days_of(at_eight)[DAYS[4]] == (1, True)
    assert at_eight.watermark
    assert at_eight.watermark.read_to == datetime(2026, 11, 16, 8, tzinfo=UTC)


def test_a_day_of_zero_is_zero_only_once_it_is_older_than_the_lag() -> None:
    organisation = Organisation([consumed(day, 0) for day in DAYS])

    assert days_of(pull(devin.CONSUMPTION, organisation)) == dict.fromkeys(
        DAYS[:3], (0, True)
    ) | dict.fromkeys(DAYS[3:], (0, False))


@pytest.mark.parametrize("days", [[], [consumed(DAY, 0)]])
def test_an_empty_day_on_which_sessions_consumed_stays_unknown(days: list[Any]) -> None:
    organisation = Organisation(days, [session()])

    pulled = pull(devin.CONSUMPTION, organisation, window=ONE_DAY, lag_days=0)

    assert pulled.batches == []
    assert [(one.code, one.subject) for one in pulled.findings] == [
        ("report_contradicted", f"devin {DAY}")
    ]


def test_a_day_whose_unit_was_renamed_is_refused_and_not_whole() -> None:
    renamed = {"date": seconds(DAY), "credits": 10}
    organisation = Organisation([consumed(DAYS[1]), renamed])

    pulled = pull(devin.CONSUMPTION, organisation)

    assert days_of(pulled) == {DAYS[1]: (1, True), DAY: (0, False)}
    assert codes(pulled) == [("acus", "missing")]


@pytest.mark.parametrize("products", [{"devin": "many"}, {"devin": True}, 7, ["devin"]])
def test_a_day_whose_products_cannot_be_read_is_refused_and_not_whole(products: object) -> None:
    organisation = Organisation([consumed() | {"acus_by_product": products}])

    pulled = pull(devin.CONSUMPTION, organisation, window=ONE_DAY)

    assert days_of(pulled) == {DAY: (0, False)}
    assert [field for field, _ in codes(pulled)] == ["acus_by_product"]


@pytest.mark.parametrize(
    "changes",
    [
        {"acus": "12.5"},
        {"acus": "12.5", "date": str(seconds(DAY))},
    ],
)
def test_numbers_in_quotes_are_the_numbers_they_are(changes: dict[str, object]) -> None:
    days = [consumed(DAY, 12.5, devin="12.5") | changes]

    assert figures(Organisation(days, total=12.5)) == [("devin", None, 25_000_000_000)]


@pytest.mark.parametrize(
    "answer",
    [
        {"total_acus": 1, "consumption_by_date": [consumed(DAY, 2)]},
        {"total_acus": 4, "consumption_by_date": [consumed(DAY, 2), consumed(DAY, 2)]},
        {"consumption_by_date": [consumed() | {"date": seconds(DAY, 0)}]},
        {"consumption_by_date": [consumed() | {"date": seconds(DAY) * 1000}]},
        {"consumption_by_date": [consumed() | {"date": "2026-11-18"}]},
        {"consumption_by_date": [consumed() | {"date": True}]},
        {"consumption_by_date": [7]},
        {"consumption_by_date": None},
        {"days": []},
        [],
        None,
    ],
)
def test_a_report_that_contradicts_itself_or_has_another_shape_is_a_fault(answer: object) -> None:
    decimal = json.loads(json.dumps(answer), parse_float=Decimal)

    with pytest.raises(SourceError):
        parse_consumption(source(), "consumption/daily", decimal)


def test_where_the_report_is_not_open_sessions_count_on_the_day_they_began() -> None:
    before = DAY - timedelta(days=1)
    organisation = Organisation(
        None,
        [
            session("a", acus=4),
            session("b", acus=3, created_at=seconds(before), status="error"),
            session("c", acus=9, status="running"),
            session("d", acus=None),
            session("e", acus=2, status="a status never seen"),
        ],
    )

    pulled = pull(devin.CONSUMPTION, organisation, window=(before, DAY))

    assert [(one.code, one.subject) for one in pulled.findings] == [("report_unavailable", "devin")]
    assert {(row["run_id"], row["day"], row["billed_nano"]) for row in lines_of(pulled)} == {
        ("digest of devin-a", DAY, 4 * ACU),
        ("digest of devin-b", before, 3 * ACU),
        ("digest of devin-c", DAY, 9 * ACU),
        ("digest of devin-e", DAY, 2 * ACU),
    }


def test_a_session_that_is_resumed_or_archived_later_stays_on_its_day() -> None:
    def of(**changes: Any) -> dict[date, int]:
        pulled = pull(devin.CONSUMPTION, Organisation(None, [session(day=DAYS[0], **changes)]))
        return {batch.key: len(batch.rows) for batch in pulled.batches if batch.rows}

    suspended, again = of(status="suspended"), of(acus=9, updated_at=seconds(DAYS[3]))

    # A day that had charges is never emptied: on any other day its ACUs would be booked twice.
    assert suspended == again == {DAYS[0]: 1}


def test_sessions_that_began_before_the_window_are_left_to_their_day_and_told() -> None:
    early = session(day=DAYS[0] - timedelta(days=1), acus=9, updated_at=seconds(DAYS[1]))

    pulled = pull(devin.CONSUMPTION, Organisation(None, [early]))

    assert lines_of(pulled) == []
    assert pulled.findings[0].detail.endswith(
        ", what 1 that began before 2026-11-16 go on to consume"
    )


def test_sessions_that_tell_no_acus_are_counted_where_they_are_all_there_is() -> None:
    pulled = pull(devin.CONSUMPTION, Organisation(None, [session("a", acus=None), session("b")]))

    assert pulled.findings[0].detail.endswith(", what 1 that tell none consumed")


@pytest.mark.parametrize("acus", ["a lot", -1])
def test_where_sessions_are_all_there_is_one_that_cannot_be_read_is_held(acus: object) -> None:
    pulled = pull(devin.CONSUMPTION, Organisation(None, [session(acus=acus), session("b", acus=3)]))

    assert {row["run_id"]: row["billed_nano"] for row in lines_of(pulled)} == {
        "digest of devin-b": 3 * ACU
    }
    (batch,) = (one for one in pulled.batches if one.rejects)
    assert (batch.key, [one.issuer for one in batch.rejects]) == (DAY, ["devin"])


def test_a_report_that_is_not_open_any_more_is_not_replaced_by_less() -> None:
    first = pull(devin.CONSUMPTION, Organisation([consumed()]))
    closed = Organisation(None, [session()])

    with pytest.raises(SourceError, match="not any more"):
        pull(devin.CONSUMPTION, closed, watermark=first.watermark)

    again = pull(devin.CONSUMPTION, closed, watermark=Watermark(NOW))
    assert [one.code for one in again.findings] == ["report_unavailable"]


@pytest.mark.parametrize(
    ("status", "reason"), [(401, "credential"), (400, "refused"), (403, "permission")]
)
def test_a_refusal_of_sessions_is_a_fault_where_they_are_all_there_is(
    status: int, reason: str
) -> None:
    refused = Organisation(None)
    answer = refused.answer
    refused.answer = lambda request: (  # type: ignore[method-assign]
        Reply(status, body={"detail": "no"}) if "sessions" in request.path else answer(request)
    )

    with pytest.raises(StatusError, match=reason):
        pull(devin.CONSUMPTION, refused)


def test_a_cursor_that_the_vendor_binds_to_another_query_is_a_fault() -> None:
    sessions = [session(str(number), acus=1) for number in range(5)]
    organisation = Organisation([consumed()], sessions, page_size=2)
    answer = organisation.answer
    organisation.answer = lambda request: (  # type: ignore[method-assign]
        Reply(400, body={"detail": "the cursor does not belong to this query"})
        if "after" in request.query
        else answer(request)
    )

    with pytest.raises(SourceError, match="answered 400"):
        pull(devin.CONSUMPTION, organisation)


@pytest.mark.shared
def test_the_documented_consumption_is_read_exactly(shared: Path) -> None:
    payload = recorded(shared, "devin_v3_consumption_daily.json")

    first, second = parse_consumption(source(), "daily", payload)

    assert (first.day, first.acus) == (date(2026, 11, 10), Decimal("12.5"))
    assert second.products == {
        "devin": Decimal("2.5"),
        "cascade": Decimal("0.5"),
        "review": Decimal(0),
    }


@pytest.mark.shared
def test_an_answer_of_the_older_api_is_refused_by_name(shared: Path) -> None:
    payload = recorded(shared, "devin_v2_consumption_daily.json")

    with pytest.raises(SourceError, match=r"API v2 .* base_url lead to API v3"):
        parse_consumption(source(), "daily", payload)
