from datetime import date, timedelta
from typing import Any

import pytest

from tasks.core.batches import Pulled
from tasks.core.errors import SourceError
from tasks.core.tables import CHARGES
from tasks.sources.copilot import BILLING
from tests.sources.copilot.fake_copilot import (
    DAYS,
    WINDOW,
    Copilot,
    at,
    conformed,
    enterprise,
    line,
    pull,
    seat,
    spent,
)
from tests.sources.vendor_reports import codes, days_of
from tests.transport.loopback import SECRET, Reply, Request

TODAY = date(2026, 11, 21)
DAY = DAYS[0]
ONE_DAY = (DAY, DAY)
APART = (
    "on 2 days the bill of all products tells other AI credits than their own report, "
    "which is booked: $1.00 more, most on 2026-11-17 ($2.00)"
)


def billed(pulled: Pulled) -> list[tuple[Any, ...]]:
    return [(row["account"], row["sku"], row["billed_nano"]) for row in conformed(BILLING, pulled)]


def told(pulled: Pulled) -> list[tuple[str, str]]:
    return [(one.code, one.detail) for one in pulled.findings]


def test_each_ended_day_is_asked_for_in_both_reports() -> None:
    fake = Copilot()

    pull(BILLING, fake, window=(DAYS[4], TODAY))

    assert [one.path for one in fake.requests] == [
        "/organizations/acme/settings/billing/ai_credit/usage?year=2026&month=11&day=20",
        "/organizations/acme/settings/billing/usage?year=2026&month=11&day=20",
    ]
    headers = fake.requests[0].headers
    assert headers["authorization"] == f"Bearer {SECRET}"
    assert headers["x-github-api-version"] == "2026-03-10"
    assert headers["accept"] == "application/vnd.github+json"


def test_premium_requests_are_asked_for_before_june_2026() -> None:
    fake = Copilot()

    pull(BILLING, fake, window=(date(2026, 5, 31), date(2026, 6, 1)))

    reports = [one.path.partition("?")[0].rpartition("billing/")[2] for one in fake.requests]
    assert reports == ["premium_request/usage", "usage", "ai_credit/usage", "usage"]


def test_a_charge_has_every_column_of_its_table() -> None:
    item = spent(
        0.4,
        grossQuantity=155.847275,
        grossAmount=1.55847275,
        model="Auto: Claude Haiku 4.5",
    )

    pulled = pull(BILLING, Copilot({DAY: [item]}), window=ONE_DAY)

    (charge,) = conformed(BILLING, pulled)
    assert charge == {
        "source": "copilot",
        "issuer": "github-copilot",
        "account": "acme",
        "day": DAY,
        "charge_start": at(DAY),
        "charge_end": at(DAYS[1]),
        "billing_period": "2026-11",
        "line": 0,
        "category": "usage",
        "charge_class": None,
        "sku": "claude-haiku-4-5·ai_credits·-",
        "model": "claude-haiku-4-5",
        "tier": None,
        "context": None,
        "kind": None,
        "quantity": 155_847_275,
        "unit": "micro_credits",
        "billed_nano": 400_000_000,
        "list_nano": 1_558_472_750,
        "currency": "USD",
        "invoice_id": None,
        "run_id": None,
        "api_key": None,
    }
    assert set(charge) == set(CHARGES.column_names())


def test_what_the_included_pool_pays_is_billed_at_nothing_with_its_list_amount() -> None:
    item = spent(0, grossAmount=1.55, discountAmount=1.55, netQuantity=0)

    pulled = pull(BILLING, Copilot({DAY: [item]}), window=ONE_DAY)

    (charge,) = conformed(BILLING, pulled)
    assert (charge["billed_nano"], charge["list_nano"]) == (0, 1_550_000_000)
    assert days_of(pulled) == {DAY: (1, True)}


@pytest.mark.parametrize(
    ("sku", "unit", "known"),
    [
        ("Copilot AI Credits", "credits", "ai_credits"),
        ("Copilot AI Credits", "ai-credits", "ai_credits"),
        ("copilot_ai_unit", "ai-units", "ai_credits"),
        ("AICredits", "AI-Credits", "ai_credits"),
        ("copilot_ai_credit", "Credits", "ai_credits"),
        ("Copilot Cloud Agent", "ai-credits", "cloud_agent"),
        ("Copilot Premium Request", "requests", "premium_requests"),
        ("copilot_premium_request", "Requests", "premium_requests"),
    ],
)
def test_every_spelling_of_a_sku_is_one_sku(sku: str, unit: str, known: str) -> None:
    fake = Copilot({DAY: [spent(sku=sku, unitType=unit, model="GPT-5")]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    (charge,) = conformed(BILLING, pulled)
    assert (charge["sku"], charge["quantity"]) == (f"gpt-5·{known}·-", 100_000_000)
    assert pulled.findings == ()


@pytest.mark.parametrize(
    ("named", "model"),
    [
        ("GPT-5", "gpt-5"),
        ("Auto: GPT-5.4 Codex", "gpt-5.4-codex"),
        ("auto:Gemini 2.5 Pro", "gemini-2.5-pro"),
        ("Claude Opus 5.5", "claude-opus-5-5"),
        ("Claude Sonnet 5", "claude-sonnet-5"),
        ("claude-opus-5-20260801", "claude-opus-5"),
    ],
)
def test_a_model_is_spelled_as_price_lists_do(named: str, model: str) -> None:
    pulled = pull(BILLING, Copilot({DAY: [spent(model=named)]}), window=ONE_DAY)

    assert [row["model"] for row in conformed(BILLING, pulled)] == [model]


@pytest.mark.parametrize("named", [None, "", "Auto:", " "])
def test_credits_without_a_model_are_booked_as_credits(named: str | None) -> None:
    pulled = pull(BILLING, Copilot({DAY: [spent(model=named)]}), window=ONE_DAY)

    assert billed(pulled) == [("acme", "ai_credits", 10**9)]


def test_a_sku_never_seen_is_booked_under_its_own_name_and_told() -> None:
    items = [spent(2, sku="copilot_dream_machine"), spent(3, sku="copilot_dream_machine")]

    pulled = pull(BILLING, Copilot({DAY: items, DAYS[1]: items[:1]}), window=(DAY, DAYS[1]))

    assert sum(amount for _, _, amount in billed(pulled)) == 7 * 10**9
    assert {sku for _, sku, _ in billed(pulled)} == {"claude-haiku-4-5·copilot_dream_machine·-"}
    assert [(one.code, one.subject, one.detail) for one in pulled.findings] == [
        (
            "unknown_sku",
            "copilot_dream_machine",
            "3 lines ($7.00) of a sku never seen before are booked under its own name",
        )
    ]


@pytest.mark.parametrize("unit", ["centicredits", "requests", "tokens", None])
def test_a_renamed_unit_keeps_the_amounts_and_no_quantity(unit: str | None) -> None:
    pulled = pull(BILLING, Copilot({DAY: [spent(unitType=unit)]}), window=ONE_DAY)

    (charge,) = conformed(BILLING, pulled)
    assert (charge["billed_nano"], charge["list_nano"]) == (10**9, 10**9)
    assert (charge["quantity"], charge["unit"]) == (None, None)
    assert [one.code for one in pulled.findings] == ["unknown_unit"]


@pytest.mark.parametrize(
    ("row", "field", "code", "amount"),
    [
        ({"netAmount": None}, "netAmount", "bad_amount", None),
        ({"netAmount": "NaN"}, "netAmount", "bad_amount", None),
        ({"netAmount": 1e10}, "netAmount", "out_of_range", None),
        ({"netAmount": True}, "netAmount", "bad_amount", None),
        ({"sku": None}, "sku", "string_type", 10**9),
        ({"sku": ""}, "sku", "string_too_short", 10**9),
        ({"grossAmount": "much"}, "grossAmount", "bad_amount", 10**9),
        ({"grossQuantity": [1]}, "grossQuantity", "bad_amount", 10**9),
        ({"unitType": 7}, "unitType", "string_type", 10**9),
    ],
)
def test_a_malformed_line_is_held_with_what_could_be_read_of_its_money(
    row: dict[str, object], field: str, code: str, amount: int | None
) -> None:
    pulled = pull(BILLING, Copilot({DAY: [spent() | row, spent(5)]}), window=ONE_DAY)

    (reject,) = pulled.batches[0].rejects
    assert (reject.field_path, reject.code, reject.amount_nano) == (field, code, amount)
    assert (reject.issuer, reject.account) == ("github-copilot", "acme")
    assert [amount for _, _, amount in billed(pulled)] == [5 * 10**9]


def test_a_line_without_its_amount_is_held() -> None:
    item = spent()
    del item["netAmount"]

    pulled = pull(BILLING, Copilot({DAY: [item]}), window=ONE_DAY)

    assert codes(pulled) == [("netAmount", "missing")]


def test_a_line_without_price_and_gross_amount_has_no_list_amount() -> None:
    item = {
        key: said for key, said in spent().items() if key not in {"grossAmount", "pricePerUnit"}
    }

    pulled = pull(BILLING, Copilot({DAY: [item]}), window=ONE_DAY)

    (charge,) = conformed(BILLING, pulled)
    assert (charge["billed_nano"], charge["list_nano"]) == (10**9, None)


@pytest.mark.parametrize("net", [1.5, "1.5", "1.50", "15e-1"])
def test_an_amount_may_be_number_or_text(net: object) -> None:
    pulled = pull(BILLING, Copilot({DAY: [spent(net)]}), window=ONE_DAY)

    assert [amount for _, _, amount in billed(pulled)] == [1_500_000_000]


def test_seats_are_purchases_under_the_sku_that_a_seat_plan_can_name() -> None:
    fake = Copilot({DAY: [spent()]}, {DAY: [seat(DAY), line(DAY)]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    seats = [row for row in conformed(BILLING, pulled) if row["category"] == "purchase"]
    assert [(row["sku"], row["billed_nano"], row["quantity"], row["unit"]) for row in seats] == [
        ("copilot_for_business", 19 * 10**9, 1_500_000, "micro_user_months")
    ]


@pytest.mark.parametrize(
    "sku", ["copilot_for_business", "Copilot for Business", "copilot_new_seats"]
)
def test_seats_stay_seats_when_their_unit_is_renamed(sku: str) -> None:
    fake = Copilot({}, {DAY: [seat(DAY, sku=sku, unitType="licences")]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    (charge,) = conformed(BILLING, pulled)
    assert (charge["category"], charge["quantity"]) == ("purchase", None)
    assert [one.code for one in pulled.findings] == ["unknown_unit"]


def test_credits_of_an_enterprise_plan_are_no_seats() -> None:
    item = spent(2, sku="Copilot AI Credits Enterprise")

    (charge,) = conformed(BILLING, pull(BILLING, Copilot({DAY: [item]}), window=ONE_DAY))

    assert charge["category"] == "usage"


@pytest.mark.parametrize("told_at", [DAY.isoformat(), f"{DAY}T05:20:13Z"])
@pytest.mark.parametrize("product", ["copilot", "Copilot", "COPILOT"])
def test_both_forms_of_a_date_and_any_case_of_the_product_are_read(
    told_at: str, product: str
) -> None:
    fake = Copilot({}, {DAY: [seat(DAY, date=told_at, product=product)]})

    assert billed(pull(BILLING, fake, window=ONE_DAY)) == [
        ("acme", "copilot_for_business", 19 * 10**9)
    ]


def test_other_products_are_none_of_ours() -> None:
    other = line(DAY, 50, product="Actions", sku="Actions Linux", netAmount="unreadable")

    pulled = pull(BILLING, Copilot({}, {DAY: [other]}), window=ONE_DAY)

    assert (billed(pulled), codes(pulled)) == ([], [])


def test_credits_told_by_both_reports_count_once() -> None:
    fake = Copilot({DAY: [spent(2), spent(3, model="GPT-5")]}, {DAY: [line(DAY, 5)]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert sum(amount for _, _, amount in billed(pulled)) == 5 * 10**9
    assert pulled.findings == ()


def test_reports_that_differ_are_told_by_how_much_and_one_is_booked() -> None:
    fake = Copilot(
        {day: [spent(5)] for day in DAYS[:3]},
        {DAYS[0]: [line(DAYS[0], 5.005)], DAYS[1]: [line(DAYS[1], 7)], DAYS[2]: [line(DAYS[2], 4)]},
    )

    pulled = pull(BILLING, fake, window=(DAYS[0], DAYS[2]))

    assert [amount for _, _, amount in billed(pulled)] == [5 * 10**9] * 3
    assert told(pulled) == [
        (
            "reports_differ",
            APART,
        )
    ]


def test_metered_money_that_only_the_bill_of_all_products_tells_is_booked() -> None:
    agent = line(DAY, 4, sku="Copilot Cloud Agent")
    fake = Copilot({DAY: [spent(5)]}, {DAY: [line(DAY, 5), agent]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert sorted(billed(pulled)) == [
        ("acme", "claude-haiku-4-5·ai_credits·-", 5 * 10**9),
        ("acme", "cloud_agent", 4 * 10**9),
    ]
    assert pulled.findings == ()


def test_metered_money_that_both_sum_to_is_not_booked_again_for_its_name() -> None:
    agent = line(DAY, 4, sku="Copilot Cloud Agent")
    fake = Copilot({DAY: [spent(9)]}, {DAY: [line(DAY, 5), agent]})

    assert sum(amount for _, _, amount in billed(pull(BILLING, fake, window=ONE_DAY))) == 9 * 10**9


def test_a_sku_never_seen_that_both_reports_tell_counts_once() -> None:
    new: dict[str, object] = {"sku": "copilot_dream", "unitType": "dreams"}
    fake = Copilot({DAY: [spent(5, **new)]}, {DAY: [line(DAY, 5, **new)]})

    assert sum(amount for _, _, amount in billed(pull(BILLING, fake, window=ONE_DAY))) == 5 * 10**9


def test_a_sku_never_seen_that_only_the_bill_of_all_products_tells_is_booked() -> None:
    dream = line(DAY, 3, sku="copilot_dream", unitType="dreams")
    fake = Copilot({DAY: [spent(5)]}, {DAY: [line(DAY, 5), dream]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert sum(amount for _, _, amount in billed(pulled)) == 8 * 10**9
    assert [one.code for one in pulled.findings] == ["unknown_sku", "unknown_unit"]


@pytest.mark.parametrize(
    ("metered", "lines"),
    [
        # Renamed in both reports, or in one of them only.
        ([spent(5), spent(3, sku="Copilot Dreams", unitType="dreams")], ["copilot_dream_unit"]),
        ([spent(5), spent(3, sku="Copilot Dreams")], ["copilot_dream_unit"]),
        ([spent(5), spent(3, model="GPT-5")], ["copilot_dream_unit"]),
        ([spent(5), spent(3)], ["copilot_nap", "copilot_dream_unit"]),
    ],
)
def test_money_that_the_reports_tell_by_two_names_is_booked_once(
    metered: list[object], lines: list[str]
) -> None:
    renamed = [line(DAY, 3 / len(lines), sku=sku, unitType="slumbers") for sku in lines]
    fake = Copilot({DAY: metered}, {DAY: [line(DAY, 5), *renamed]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert sum(amount for _, _, amount in billed(pulled)) == 8 * 10**9
    assert days_of(pulled)[DAY][1]


def test_money_that_may_stand_under_two_names_is_held_and_told() -> None:
    dream = line(DAY, 3, sku="copilot_dream", unitType="dreams")
    fake = Copilot({DAY: [spent(5)]}, {DAY: [dream]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert days_of(pulled)[DAY][1] is False
    assert (
        "report_contradicted",
        "2026-11-16: lines of a sku never seen before may be AI credits under another name",
    ) in told(pulled)


def test_the_same_credits_of_another_product_hide_no_line_of_copilots() -> None:
    spark = spent(1, product="Spark", sku="Spark AI Credits")
    agent = line(DAY, 2, sku="copilot_agent_credits")
    fake = Copilot({DAY: [spent(5), spark]}, {DAY: [line(DAY, 5), agent]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert sum(amount for _, _, amount in billed(pulled)) == 8 * 10**9
    assert {one.code for one in pulled.findings} == {"unknown_sku"}


def test_one_of_two_skus_never_seen_that_only_the_bill_of_all_products_tells_is_booked() -> None:
    dream, agent = (line(DAY, net, sku=sku) for net, sku in ((3, "copilot_dream"), (2, "agent")))
    fake = Copilot(
        {DAY: [spent(5), spent(3, sku="copilot_dream")]}, {DAY: [line(DAY, 5), dream, agent]}
    )

    assert sum(amount for *_, amount in billed(pull(BILLING, fake, window=ONE_DAY))) == 10 * 10**9


@pytest.mark.parametrize(
    "bad", [{"quantity": "many"}, {"grossAmount": None, "quantity": []}, {"unitType": 7}]
)
def test_a_copy_of_what_is_booked_is_not_in_quarantine_beside_it(bad: dict[str, object]) -> None:
    fake = Copilot({DAY: [spent(5)]}, {DAY: [line(DAY, 5, **bad), seat(DAY, **bad)]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert [one.amount_nano for one in pulled.batches[0].rejects] == [19 * 10**9]
    assert billed(pulled) == [("acme", "claude-haiku-4-5·ai_credits·-", 5 * 10**9)]
    assert pulled.findings == ()


def test_what_is_in_quarantine_is_not_booked_from_the_other_report() -> None:
    fake = Copilot({DAY: [spent(5, sku=None)]}, {DAY: [line(DAY, 5)]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert billed(pulled) == []
    assert [one.amount_nano for one in pulled.batches[0].rejects] == [5 * 10**9]


def test_what_is_in_quarantine_is_not_booked_beside_what_could_be_read() -> None:
    agent = {"sku": "Copilot Cloud Agent"}
    held = spent(4, grossQuantity="many", **agent)
    fake = Copilot({DAY: [spent(5), held]}, {DAY: [line(DAY, 5), line(DAY, 4, **agent)]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert billed(pulled) == [("acme", "claude-haiku-4-5·ai_credits·-", 5 * 10**9)]
    assert [one.amount_nano for one in pulled.batches[0].rejects] == [4 * 10**9]


def test_an_empty_report_for_a_day_that_had_use_is_not_zero() -> None:
    fake = Copilot({}, {day: [line(day, 0, grossAmount=3)] for day in DAYS})

    pulled = pull(BILLING, fake, lag_days=0)

    assert days_of(pulled) == dict.fromkeys(DAYS, (0, False))
    assert {one.code for one in pulled.findings} == {"report_contradicted"}
    assert len(pulled.findings) == 5


def test_a_bill_without_a_line_for_a_day_of_credits_leaves_its_seats_unknown() -> None:
    fake = Copilot({day: [spent()] for day in DAYS}, {day: [] for day in DAYS})

    pulled = pull(BILLING, fake, lag_days=2)

    assert days_of(pulled) == dict.fromkeys(DAYS, (1, False))
    assert told(pulled) == [
        (
            "report_contradicted",
            f"{day}: the bill of all products is empty, the report of AI credits is not",
        )
        for day in DAYS[:3]
    ]


def test_a_bill_without_a_line_for_a_day_that_cost_nothing_is_no_contradiction() -> None:
    pulled = pull(BILLING, Copilot({DAY: [spent(0)]}, {DAY: []}), window=ONE_DAY)

    assert (days_of(pulled), pulled.findings) == ({DAY: (1, True)}, ())


def test_a_day_without_credits_says_nothing_within_the_lag_and_zero_after_it() -> None:
    pulled = pull(BILLING, Copilot({}, {day: [seat(day)] for day in DAYS}), lag_days=2)

    assert days_of(pulled) == dict.fromkeys(DAYS[:3], (1, True)) | dict.fromkeys(
        DAYS[3:], (1, False)
    )
    assert pulled.watermark
    assert pulled.watermark.read_to == at(DAYS[3])


@pytest.mark.parametrize(
    "period", [{"year": 2026}, {"year": 2026, "month": 11}, {"year": 2026, "month": 11, "day": 17}]
)
def test_an_answer_for_another_period_is_a_fault(period: dict[str, int]) -> None:
    body = {"timePeriod": period, "usageItems": [spent()]}
    fake = Copilot(override=lambda _: Reply(body=body))

    with pytest.raises(SourceError, match="asked for 2026-11-16 and answers for 2026"):
        pull(BILLING, fake, window=ONE_DAY)


def test_a_line_of_another_day_holds_the_day() -> None:
    fake = Copilot({DAY: [spent()]}, {DAY: [seat(DAYS[1]), line(DAY, 9)]})

    pulled = pull(BILLING, fake, window=ONE_DAY)

    assert days_of(pulled) == {DAY: (1, False)}
    assert [code for code, _ in told(pulled)] == ["report_contradicted"]


@pytest.mark.parametrize(
    "body",
    [{}, {"usageItems": None}, {"timePeriod": {"year": "2026"}, "usageItems": []}, [], None],
)
def test_a_malformed_answer_is_a_fault(body: object) -> None:
    with pytest.raises(SourceError):
        pull(BILLING, Copilot(override=lambda _: Reply(body=body)), window=ONE_DAY)


def test_an_account_on_the_old_billing_platform_is_told_clearly() -> None:
    fake = Copilot(override=lambda _: Reply(404, body={"message": "Not Found"}))

    with pytest.raises(SourceError, match="enhanced billing platform"):
        pull(BILLING, fake, window=ONE_DAY)


def test_a_refused_credential_is_told_as_such() -> None:
    message = {"message": "Resource not accessible by integration"}

    with pytest.raises(SourceError, match="permission"):
        pull(BILLING, Copilot(override=lambda _: Reply(403, body=message)), window=ONE_DAY)


class TestCostCenters:
    def test_each_is_asked_for_and_has_an_account_and_the_rest_is_the_enterprises(self) -> None:
        fake = Copilot(
            {DAY: [spent(10, grossQuantity=1000), spent(3, model="GPT-5")]},
            {DAY: [seat(DAY, 38), line(DAY, 13)]},
            centers={
                "a": ({DAY: [spent(4, grossQuantity=400)]}, {DAY: [seat(DAY, 19)]}),
                "b": ({DAY: [spent(3, model="GPT-5")]}, {}),
            },
        )

        pulled = pull(BILLING, fake, window=ONE_DAY, **enterprise("a", "b"))

        assert sorted(billed(pulled)) == [
            ("acme-inc", "claude-haiku-4-5·ai_credits·-", 6 * 10**9),
            ("acme-inc", "copilot_for_business", 19 * 10**9),
            ("cc-a", "claude-haiku-4-5·ai_credits·-", 4 * 10**9),
            ("cc-a", "copilot_for_business", 19 * 10**9),
            ("cc-b", "gpt-5·ai_credits·-", 3 * 10**9),
        ]
        rest = next(row for row in conformed(BILLING, pulled) if row["billed_nano"] == 6 * 10**9)
        assert (rest["quantity"], rest["list_nano"]) == (600_000_000, 6 * 10**9)
        assert pulled.findings == ()
        asked = [one.query.get("cost_center_id", [""])[0] for one in fake.requests]
        assert asked == ["", "", "a", "a", "b", "b"]
        assert fake.requests[0].path.startswith("/enterprises/acme-inc/settings/billing/")

    @pytest.mark.parametrize("part", [spent(11), spent(1, model="GPT-5")])
    def test_more_than_the_enterprises_holds_the_day(self, part: dict[str, object]) -> None:
        fake = Copilot({DAY: [spent(10)]}, centers={"a": ({DAY: [part]}, {})})

        pulled = pull(BILLING, fake, window=ONE_DAY, **enterprise("a"))

        assert days_of(pulled)[DAY][1] is False
        assert told(pulled) == [
            (
                "report_contradicted",
                "2026-11-16: the cost centres were billed more than the enterprise",
            )
        ]

    def test_what_rounding_adds_does_not_hold_it(self) -> None:
        fake = Copilot({DAY: [spent(0.3333333)]}, centers={"a": ({DAY: [spent(0.33333331)]}, {})})

        pulled = pull(BILLING, fake, window=ONE_DAY, **enterprise("a"))

        assert days_of(pulled) == {DAY: (2, True)}
        assert sum(amount for _, _, amount in billed(pulled)) == 333_333_300

    def test_a_line_that_cannot_be_read_holds_the_day(self) -> None:
        fake = Copilot({DAY: [spent(10)]}, centers={"a": ({DAY: [spent("x")]}, {})})

        pulled = pull(BILLING, fake, window=ONE_DAY, **enterprise("a"))

        assert days_of(pulled)[DAY][1] is False
        assert "cost centre cannot be read" in told(pulled)[0][1]

    def test_money_back_is_no_contradiction(self) -> None:
        fake = Copilot({DAY: [spent(-10)]}, centers={"a": ({DAY: [spent(-4)]}, {})})

        pulled = pull(BILLING, fake, window=ONE_DAY, **enterprise("a"))

        assert sorted(amount for _, _, amount in billed(pulled)) == [-6 * 10**9, -4 * 10**9]
        assert days_of(pulled) == {DAY: (2, True)}


def test_today_and_later_are_not_asked_for() -> None:
    fake = Copilot()

    pulled = pull(BILLING, fake, window=(TODAY, TODAY + timedelta(days=2)))

    assert (fake.requests, pulled.batches, pulled.requests) == ([], [], 0)


def test_every_request_is_counted() -> None:
    def refuse_once(_: Request) -> Reply | None:
        return Reply(502) if len(fake.requests) == 1 else None

    fake = Copilot(override=refuse_once)

    assert pull(BILLING, fake, window=WINDOW).requests == 11
