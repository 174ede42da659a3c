from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.errors import SourceError, SourceUnavailableError
from tasks.core.tables import CHARGES
from tasks.sources.anthropic_enterprise import COST
from tasks.sources.anthropic_enterprise.payloads import Accounts, parse_cost
from tasks.sources.anthropic_enterprise.rest import cost_rest
from tasks.sources.anthropic_enterprise.rows import conform_charges
from tests.sources.anthropic_enterprise.analytics import (
    DAYS,
    WINDOW,
    Analytics,
    at,
    bucket,
    buckets,
    charges,
    cost,
    pull,
)
from tests.sources.vendor_reports import codes, days_of
from tests.transport.loopback import SECRET

TODAY = date(2026, 11, 21)


def total(amount: str, **changes: object) -> dict[str, object]:
    return cost(amount, product=None, model=None, cost_type=None, token_type=None, **changes)


def told(days: dict[date, list[object]], totals: dict[date, list[object]], **how: Any) -> Analytics:
    return Analytics(buckets(days), buckets(totals), **how)


def test_a_report_is_asked_by_group_and_in_total_up_to_the_end_of_yesterday() -> None:
    analytics = told({}, {})

    pull(COST, analytics, window=(WINDOW[0], TODAY + timedelta(days=3)))

    grouped, whole = analytics.requests
    asked = {
        "starting_at": ["2026-11-16T00:00:00Z"],
        "ending_at": ["2026-11-21T00:00:00Z"],
        "bucket_width": ["1d"],
        "limit": ["31"],
    }
    groups = ["product", "model", "context_window", "cost_type", "token_type"]
    assert grouped.path.partition("?")[0] == "/v1/organizations/analytics/cost_report"
    assert grouped.query == asked | {"group_by[]": groups}
    assert whole.query == asked
    assert grouped.headers["x-api-key"] == SECRET


def test_a_long_window_is_cut_and_starts_where_the_vendor_begins_to_tell() -> None:
    analytics = Analytics([], [])

    pull(COST, analytics, window=(date(2024, 1, 1), DAYS[-1]))

    starts = [one.query["starting_at"][0][:10] for one in analytics.requests]
    ends = [one.query["ending_at"][0][:10] for one in analytics.requests]
    assert (starts[0], ends[-1]) == ("2026-01-01", "2026-11-21")
    assert starts[2::2] == ends[:-2:2]
    spans = [
        date.fromisoformat(end) - date.fromisoformat(start)
        for start, end in zip(starts, ends, strict=True)
    ]
    assert max(spans) == timedelta(days=31)


def test_a_charge_has_every_column_of_its_table() -> None:
    pulled = pull(
        COST,
        told(
            {DAYS[0]: [cost("1250.4375", list_amount="1500")]},
            {DAYS[0]: [total("1250.4375", list_amount="1500")]},
        ),
    )

    (charge,) = charges(pulled)

    assert charge == {
        "source": "enterprise",
        "issuer": "anthropic",
        "account": "enterprise:claude_code",
        "day": DAYS[0],
        "charge_start": at(DAYS[0]),
        "charge_end": at(DAYS[1]),
        "billing_period": "2026-11",
        "line": 0,
        "category": "usage",
        "charge_class": None,
        "sku": "claude-opus-5·-·0-200k",
        "model": "claude-opus-5",
        "tier": None,
        "context": "0-200k",
        "kind": "output",
        "quantity": None,
        "unit": None,
        "billed_nano": 12_504_375_000,
        "list_nano": 15_000_000_000,
        "currency": "USD",
        "invoice_id": None,
        "run_id": None,
        "api_key": None,
    }
    assert set(charge) == set(CHARGES.column_names())


@pytest.mark.parametrize(
    ("row", "changes", "account", "sku"),
    [
        ({"product": "chat"}, {}, "enterprise:chat", "claude-opus-5·-·0-200k"),
        ({"product": None}, {}, "enterprise:default", "claude-opus-5·-·0-200k"),
        ({"product": "chat"}, {"account": "org-1"}, "org-1", "claude-opus-5·-·0-200k"),
        ({"cost_type": "web_search", "model": None}, {}, "enterprise:claude_code", "web_search"),
        ({"cost_type": "code_execution"}, {}, "enterprise:claude_code", "code_execution"),
        ({"cost_type": None, "model": None}, {}, "enterprise:claude_code", "other"),
        ({"context_window": None}, {}, "enterprise:claude_code", "claude-opus-5·-·-"),
    ],
)
def test_a_product_is_an_account_and_what_is_no_token_a_sku_of_its_own(
    row: dict[str, object], changes: dict[str, object], account: str, sku: str
) -> None:
    pulled = pull(COST, told({DAYS[0]: [cost() | row]}, {DAYS[0]: [total("100")]}))

    (charge,) = charges(pulled, **changes)

    assert (charge["account"], charge["sku"]) == (account, sku)


def test_what_the_largest_groups_leave_out_is_booked_and_told() -> None:
    groups: list[object] = [cost("1", list_amount="2", model=f"claude-{at}-5") for at in range(100)]
    analytics = told(
        {DAYS[0]: groups, DAYS[1]: groups[:1]},
        {DAYS[0]: [total("137.5", list_amount="260")], DAYS[1]: [total("1", list_amount="2")]},
    )

    pulled = pull(COST, analytics)

    rest = [row for row in charges(pulled) if row["sku"] == "other-groups"]
    assert [(row["day"], row["billed_nano"], row["list_nano"]) for row in rest] == [
        (DAYS[0], 375_000_000, 600_000_000)
    ]
    assert rest[0]["account"] == "enterprise:default"
    assert sum(int(str(row["billed_nano"])) for row in charges(pulled)) == 1_385_000_000
    assert [(one.code, one.detail) for one in pulled.findings] == [
        (
            "groups_cut",
            (
                "on 1 day the report names only its largest groups;"
                " the rest ($0.38) is told as other-groups"
            ),
        )
    ]


def test_an_empty_report_of_groups_for_a_day_that_cost_is_not_zero() -> None:
    pulled = pull(COST, told({}, {DAYS[0]: [total("500")]}))

    assert [row["billed_nano"] for row in charges(pulled)] == [5_000_000_000]
    assert [one.code for one in pulled.findings] == ["groups_cut"]


def test_a_day_whose_groups_exceed_its_total_is_not_taken() -> None:
    pulled = pull(COST, told({DAYS[0]: [cost("101")]}, {DAYS[0]: [total("100")]}))

    assert days_of(pulled)[DAYS[0]] == (1, False)
    assert [(one.code, one.detail) for one in pulled.findings] == [
        (
            "report_contradicted",
            "2026-11-16: the groups of the cost report sum to more than its total",
        )
    ]


def test_a_day_that_is_not_final_yet_is_not_held_against_its_total() -> None:
    analytics = told(
        {DAYS[4]: [cost("101")]}, {DAYS[4]: [total("100")]}, refreshed=["2026-11-20T12:00:00Z"]
    )

    assert pull(COST, analytics).findings == ()


def test_days_that_were_not_asked_for_are_left_out() -> None:
    asked = [*DAYS, TODAY]
    analytics = Analytics(buckets({TODAY: [cost()]}, asked), buckets({TODAY: [cost()]}, asked))

    assert list(days_of(pull(COST, analytics))) == DAYS


def test_nothing_is_asked_for_beyond_a_year() -> None:
    analytics = Analytics([], [])

    pull(COST, analytics, window=(date(2026, 1, 1), TODAY), now=datetime(2027, 3, 2, tzinfo=UTC))

    assert analytics.requests[0].query["starting_at"] == ["2026-03-03T00:00:00Z"]


@pytest.mark.parametrize("total_cents", ["0.000002", "0.000003", "0.000004"])
def test_what_rounding_puts_apart_is_neither_a_contradiction_nor_a_rest(total_cents: str) -> None:
    # A half of a millionth each, which the vendor tells as a whole one.
    groups: list[object] = [cost("0.000001", model=f"claude-{at}-5") for at in range(3)]

    pulled = pull(COST, told({DAYS[0]: groups}, {DAYS[0]: [total(total_cents)]}))

    assert days_of(pulled)[DAYS[0]] == (3, True)
    assert pulled.findings == ()


def test_the_list_amount_of_a_rest_is_unknown_beside_what_was_refused() -> None:
    rows: list[object] = [cost("60"), cost("many")]

    pulled = pull(COST, told({DAYS[0]: rows}, {DAYS[0]: [total("100")]}))

    rest = next(row for row in charges(pulled) if row["sku"] == "other-groups")
    assert (rest["billed_nano"], rest["list_nano"]) == (400_000_000, None)


@pytest.mark.parametrize(
    "totals", [{}, {DAYS[0]: [total("100", currency="EUR")]}, {DAYS[0]: [total("many")]}]
)
def test_a_day_without_a_total_to_hold_its_groups_against_is_not_taken(
    totals: dict[date, list[object]],
) -> None:
    pulled = pull(COST, told({DAYS[0]: [cost("100")]}, totals))

    assert days_of(pulled)[DAYS[0]] == (1, False)
    assert [one.code for one in pulled.findings] == ["report_contradicted"]


@pytest.mark.parametrize(
    "totals", [buckets({}, DAYS[1:]), buckets({DAYS[0]: [cost("0"), cost("many")]})]
)
def test_a_day_whose_total_is_missing_or_unreadable_is_not_taken(totals: list[object]) -> None:
    pulled = pull(COST, Analytics(buckets({DAYS[0]: [cost()]}), totals))

    assert days_of(pulled)[DAYS[0]] == (1, False)
    assert "cannot be read" in pulled.findings[0].detail


def test_a_refused_row_is_in_quarantine_and_not_in_the_rest() -> None:
    rows: list[object] = [cost("60"), cost("40", model="two words")]

    pulled = pull(COST, told({DAYS[0]: rows}, {DAYS[0]: [total("100")]}))

    (reject,) = pulled.batches[0].rejects
    assert (reject.field_path, reject.issuer, reject.account) == (
        "model",
        "anthropic",
        "enterprise:claude_code",
    )
    assert reject.amount_nano == 400_000_000
    assert [row["billed_nano"] for row in charges(pulled)] == [600_000_000]


def test_days_that_the_refresh_has_not_passed_are_incomplete() -> None:
    days: dict[date, list[object]] = {day: [cost()] for day in DAYS}
    totals: dict[date, list[object]] = {day: [total("100")] for day in DAYS}

    pulled = pull(COST, told(days, totals, refreshed=["2026-11-19T00:00:00Z"]))

    assert [is_complete for _, is_complete in days_of(pulled).values()] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert pulled.watermark
    assert pulled.watermark.read_to == at(DAYS[3])


def test_an_empty_day_says_nothing_within_the_lag_and_zero_after_it() -> None:
    pulled = pull(COST, told({}, {}), lag_days=2)

    assert days_of(pulled) == dict.fromkeys(DAYS[:3], (0, True)) | dict.fromkeys(
        DAYS[3:], (0, False)
    )


@pytest.mark.parametrize(
    "refreshed",
    [
        ["2026-11-20T08:00:00Z", "2026-11-20T12:00:00Z"],
        ["2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z", "2026-11-20T12:00:00Z"],
    ],
)
def test_data_that_changes_while_it_is_read_is_read_again(refreshed: list[str]) -> None:
    days: dict[date, list[object]] = {day: [cost()] for day in DAYS}

    with pytest.raises(SourceUnavailableError, match="refreshed between two pages"):
        pull(COST, told(days, {}, refreshed=refreshed, page=3))


def test_short_pages_are_no_end() -> None:
    days: dict[date, list[object]] = {day: [cost()] for day in DAYS}
    totals: dict[date, list[object]] = {day: [total("100")] for day in DAYS}
    analytics = told(days, totals, page=1)

    pulled = pull(COST, analytics)

    assert days_of(pulled) == dict.fromkeys(DAYS, (1, True))
    assert pulled.requests == 10
    first = analytics.requests[0].query
    assert [one.query for one in analytics.requests[1:5]] == [
        first | {"page": [f"{number}|{first}"]} for number in range(1, 5)
    ]


def test_a_token_that_the_vendor_takes_for_another_querys_is_a_fault() -> None:
    days: dict[date, list[object]] = {day: [cost()] for day in DAYS}

    with pytest.raises(SourceError, match="400"):
        pull(COST, told(days, {}, page=2, next_page="2|another query"))


@pytest.mark.parametrize(
    "frame",
    [
        {"data": "none"},
        {"data": [{"starting_at": "2026-11-16T00:00:00Z"}]},
        {"data_refreshed_at": None},
        {"data_refreshed_at": "yesterday"},
        {"has_more": True, "next_page": None},
        {"data": [bucket(DAYS[0], []) | {"ending_at": "2026-11-16T01:00:00Z"}]},
    ],
)
def test_a_malformed_page_is_a_fault(frame: dict[str, object]) -> None:
    with pytest.raises(SourceError):
        pull(COST, told({}, {}, **frame))


def test_the_flat_rows_of_the_beta_are_refused_clearly() -> None:
    flat = {
        "starting_at": "2026-11-16T00:00:00Z",
        "ending_at": "2026-11-17T00:00:00Z",
        "group": {"model": "claude-opus-5"},
        "cost": {"amount": "1", "currency": "USD"},
    }

    with pytest.raises(SourceError, match=r"data\.0\.results is missing"):
        pull(COST, told({}, {}, data=[flat]))


@pytest.mark.parametrize(
    ("row", "field", "code"),
    [
        ({"amount": None}, "amount", "bad_amount"),
        ({"amount": "NaN"}, "amount", "bad_amount"),
        ({"amount": "1e30"}, "amount", "out_of_range"),
        ({"currency": None}, "currency", "string_type"),
        ({"product": "two words"}, "product", "string_pattern_mismatch"),
        ({"list_amount": "much"}, "list_amount", "bad_amount"),
    ],
)
def test_a_malformed_row_is_refused(row: dict[str, object], field: str, code: str) -> None:
    pulled = pull(COST, told({DAYS[0]: [cost() | row]}, {DAYS[0]: [total("100")]}))

    assert codes(pulled) == [(field, code)]


@pytest.mark.parametrize("amount", [41280, "41280", "41280.000000", "4.128e4"])
def test_an_amount_may_be_number_or_text(amount: object) -> None:
    accounts = Accounts("s", None)
    row = parse_cost(cost() | {"amount": amount}, "p", 0, issuer="i", accounts=accounts)

    (charge,) = conform_charges([row], issuer="i", day=DAYS[0], accounts=accounts).rows  # type: ignore[list-item]

    assert charge["billed_nano"] == 412_800_000_000


@given(
    groups=st.lists(st.decimals(0, 10**6, places=9), max_size=8),
    more=st.decimals(0, 10**6, places=9),
)
def test_groups_and_rest_always_sum_to_the_total_as_far_as_it_is_told(
    groups: list[Any], more: Any
) -> None:
    accounts = Accounts("s", None)

    def raw(amount: Any) -> Any:
        return parse_cost(cost(str(amount)), "p", 0, issuer="i", accounts=accounts)

    rows, whole = [raw(one) for one in groups], [raw(sum(groups, more))]
    rest = cost_rest(rows, (), whole)

    def booked(of: list[Any]) -> int:
        found = conform_charges(of, issuer="i", day=DAYS[0], accounts=accounts).rows
        return sum(int(str(row["billed_nano"])) for row in found)

    assert rest.contradiction == ""
    apart = booked([*rows, *([rest.row] if rest.row else [])]) - booked(whole)
    assert abs(apart) <= 10 * (len(rows) + 1)
    assert apart == 0 or rest.row is None


def test_nothing_is_asked_of_a_window_that_has_not_ended() -> None:
    analytics = told({}, {})

    pulled = pull(COST, analytics, window=(TODAY, TODAY))

    assert (pulled.batches, analytics.requests) == ([], [])
