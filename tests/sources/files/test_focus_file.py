"""Bills as files: what is booked of them, when, and what refuses them as a whole."""

import gzip
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.core.errors import SourceError
from tasks.core.money import to_nano
from tests.sources.files.writing import (
    DAY,
    NOW,
    bill_source,
    bills,
    charges,
    codes,
    csv_text,
    cur_row,
    focus_row,
    read_bills,
    rows_of,
)

NANO = 10**9
MIDNIGHT = datetime(2026, 11, 5, tzinfo=UTC)


def one_charge(folder: Path, *rows: dict[str, str], **changes: Any) -> dict[str, object]:
    pulled = bills(folder, *rows, **changes)
    (found,) = charges(bill_source(folder, **changes), pulled)
    return found


def test_a_focus_row_becomes_a_charge(tmp_path: Path) -> None:
    assert one_charge(tmp_path, focus_row()) == {
        "source": "bedrock",
        "issuer": "aws",
        "account": "111122223333",
        "day": DAY,
        "charge_start": MIDNIGHT,
        "charge_end": MIDNIGHT + timedelta(days=1),
        "billing_period": "2026-11",
        "line": 0,
        "category": "usage",
        "charge_class": None,
        "sku": "claude-haiku-4-5",
        "model": "claude-haiku-4-5",
        "tier": None,
        "context": None,
        "kind": "input",
        "quantity": 1_250_000,
        "unit": "tokens",
        "billed_nano": 1_250_000_000,
        "list_nano": 1_500_000_000,
        "currency": "USD",
        "invoice_id": "INV-7",
        "run_id": None,
        "api_key": None,
    }


def legacy(name: str) -> str:
    """Spell a column as the legacy report does: `lineItem/UsageType`."""
    for group in ("line_item_", "bill_", "identity_", "pricing_", "product_"):
        if name.startswith(group):
            head, *tail = group.strip("_").split("_")
            words = name.removeprefix(group).split("_")
            return f"{head}{''.join(map(str.title, tail))}/{''.join(map(str.title, words))}"
    raise AssertionError


@pytest.mark.parametrize("is_legacy", [False, True])
def test_a_cost_and_usage_row_becomes_a_charge(tmp_path: Path, is_legacy: bool) -> None:
    row = {legacy(name) if is_legacy else name: text for name, text in cur_row().items()}

    found = one_charge(tmp_path, row)

    assert (found["sku"], found["kind"], found["category"]) == (
        "claude-haiku-4-5",
        "output",
        "usage",
    )
    assert (found["billed_nano"], found["list_nano"]) == (2_500_000_000, 3_000_000_000)
    assert (found["account"], found["quantity"]) == ("111122223333", 500_000)
    assert (found["charge_start"], found["invoice_id"]) == (MIDNIGHT, None)


@pytest.mark.parametrize(
    ("word", "category"),
    [
        ("EdpDiscount", "usage"),
        ("SavingsPlanUpfrontFee", "purchase"),
        ("Refund", "credit"),
        ("Tax", "tax"),
        ("SomethingOfTomorrow", "adjustment"),
    ],
)
def test_types_of_line_items_become_categories(tmp_path: Path, word: str, category: str) -> None:
    assert one_charge(tmp_path, cur_row(line_item_line_item_type=word))["category"] == category


def test_a_month_s_purchase_is_booked_on_its_first_day_and_keeps_its_period(
    tmp_path: Path,
) -> None:
    found = one_charge(
        tmp_path,
        focus_row(
            ChargeCategory="Purchase",
            ChargePeriodStart="2026-11-03T07:00:00Z",
            ChargePeriodEnd="2026-12-03T07:00:00Z",
            BilledCost="160",
            EffectiveCost="0",
        ),
    )

    assert (found["day"], found["category"]) == (date(2026, 11, 3), "purchase")
    assert found["charge_start"] == datetime(2026, 11, 3, 7, tzinfo=UTC)
    assert found["charge_end"] == datetime(2026, 12, 3, 7, tzinfo=UTC)
    assert found["billed_nano"] == 160 * NANO


def test_a_correction_is_booked_in_the_period_that_bills_it(tmp_path: Path) -> None:
    found = one_charge(
        tmp_path,
        focus_row(
            ChargeClass="Correction",
            ChargePeriodStart="2026-10-05T00:00:00Z",
            ChargePeriodEnd="2026-10-06T00:00:00Z",
            BilledCost="-3",
        ),
    )

    assert (found["day"], found["billing_period"]) == (date(2026, 11, 1), "2026-11")
    assert found["charge_start"] == datetime(2026, 10, 5, tzinfo=UTC)
    assert (found["charge_class"], found["billed_nano"]) == ("correction", -3 * NANO)


def test_a_billing_period_need_not_be_a_month(tmp_path: Path) -> None:
    period = {
        "BillingPeriodStart": "2026-10-08T00:00:00Z",
        "BillingPeriodEnd": "2026-11-08T00:00:00Z",
    }

    found = one_charge(tmp_path, focus_row(**period))

    assert (found["day"], found["billing_period"]) == (DAY, "2026-10")


def test_a_charge_for_later_is_booked_on_the_last_day_of_the_period_that_bills_it(
    tmp_path: Path,
) -> None:
    later = {
        "BillingPeriodStart": "2026-10-08T00:00:00Z",
        "BillingPeriodEnd": "2026-11-08T00:00:00Z",
        "ChargePeriodStart": "2027-01-01T00:00:00Z",
        "ChargePeriodEnd": "2028-01-01T00:00:00Z",
    }

    found = one_charge(tmp_path, focus_row(**later))

    assert found["day"] == date(2026, 11, 7)
    assert found["charge_end"] == datetime(2028, 1, 1, tzinfo=UTC)


def test_what_the_bill_itself_tells_of_a_model_needs_no_line(tmp_path: Path) -> None:
    details = (
        '{"x_ModelId":"claude-sonnet-4-5","x_TokenDirection":"Input",'
        '"x_TokenCacheAction":"CacheRead"}'
    )

    found = one_charge(tmp_path, focus_row(SkuPriceDetails=details, SkuId="abc-1"), skus=[])

    assert (found["model"], found["kind"]) == ("claude-sonnet-4-5", "cache_read")


def test_a_sku_that_nobody_maps_keeps_its_own_name_and_no_model(tmp_path: Path) -> None:
    found = one_charge(tmp_path, focus_row(), skus=[])

    assert (found["sku"], found["model"], found["kind"]) == (
        "use1-claudehaiku45-input-tokens",
        None,
        None,
    )


@pytest.mark.parametrize(
    ("unit", "quantity", "tokens"),
    [
        ("Tokens", "41250111.0", 41_250_111),
        ("1000000 Tokens", "41.250111", 41_250_111),
        ("1M tokens", "0.5", 500_000),
        ("Tokens", "0.5", None),
        ("Hours", "12", None),
        ("Tokens", "9999999999999", None),
        ("Tokens", "many", None),
    ],
)
def test_a_quantity_is_kept_if_it_is_whole_tokens(
    tmp_path: Path, unit: str, quantity: str, tokens: int | None
) -> None:
    found = one_charge(tmp_path, focus_row(ConsumedUnit=unit, ConsumedQuantity=quantity))

    assert (found["quantity"], found["unit"]) == (tokens, tokens and "tokens")


def test_a_line_of_the_configuration_tells_tokens_where_the_unit_does_not(
    tmp_path: Path,
) -> None:
    line = {"service": "*Bedrock*", "model": "m-1", "kind": "input", "tokens_per_unit": 1_000_000}

    found = one_charge(
        tmp_path, focus_row(ConsumedUnit="Units", ConsumedQuantity="2.5"), skus=[line]
    )

    assert found["quantity"] == 2_500_000


def test_the_billing_account_may_be_the_account(tmp_path: Path) -> None:
    assert one_charge(tmp_path, focus_row(), account="billing_account")["account"] == "payer-1"
    assert one_charge(tmp_path, focus_row(SubAccountId=""))["account"] == "payer-1"


def test_rows_of_other_services_are_counted_and_never_kept(tmp_path: Path) -> None:
    other = focus_row(ServiceName="Amazon EC2", BilledCost="10.01")

    pulled = bills(tmp_path, focus_row(), other, focus_row(ServiceName="", BilledCost="0.5"))

    assert len(rows_of(pulled)) == 1
    assert "EC2" not in repr(pulled)
    (finding,) = pulled.findings
    assert finding.code == "other_services"
    assert finding.detail.startswith("2 rows of other services (USD 10.51)")


def test_days_are_complete_as_far_as_the_bill_is_sure_of_them(tmp_path: Path) -> None:
    days = ("2026-11-15", "2026-11-18")
    rows = [
        focus_row(ChargePeriodStart=f"{day}T00:00:00Z", ChargePeriodEnd=f"{day}T12:00:00Z")
        for day in days
    ]

    pulled = bills(tmp_path, *rows)

    # The 14th and the 19th are unknown; the 16th is empty, and older than the lag of two days.
    assert {batch.key.day: (len(batch.rows), batch.is_complete) for batch in pulled.batches} == {
        15: (1, True),
        16: (0, True),
        17: (0, True),
        18: (1, False),
    }
    assert pulled.watermark is not None
    assert pulled.watermark.read_to == datetime(2026, 11, 1, tzinfo=UTC)


def test_an_ended_period_can_be_covered_as_a_whole(tmp_path: Path) -> None:
    period = {
        "BillingPeriodStart": "2026-10-01T00:00:00Z",
        "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    }
    start = {"ChargePeriodStart": "2026-10-30T00:00:00Z", "ChargePeriodEnd": "2026-10-31T00:00:00Z"}
    (tmp_path / "a.csv").write_text(csv_text([focus_row(**period, **start)]))
    window = (date(2026, 10, 25), date(2026, 11, 19))

    by_days = read_bills(bill_source(tmp_path), window)
    by_periods = read_bills(bill_source(tmp_path, covers="periods"), window)

    assert [batch.key.day for batch in by_days.batches] == [30]
    assert [batch.key.day for batch in by_periods.batches] == [25, 26, 27, 28, 29, 30, 31]


def test_other_services_show_how_far_a_bill_reaches(tmp_path: Path) -> None:
    later = focus_row(
        ServiceName="Amazon EC2",
        ChargePeriodStart="2026-11-08T00:00:00Z",
        ChargePeriodEnd="2026-11-09T00:00:00Z",
    )

    pulled = bills(tmp_path, focus_row(), later)

    assert [batch.key.day for batch in pulled.batches] == [5, 6, 7, 8]
    assert all(batch.is_complete for batch in pulled.batches)


# -- refusals ------------------------------------------------------------------------------------


def refusal(folder: Path, *rows: dict[str, str], **changes: Any) -> str:
    with pytest.raises(SourceError) as error:
        bills(folder, *rows, **changes)
    return error.value.detail


def test_the_same_content_under_another_name_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(csv_text([focus_row()]).encode())
    (tmp_path / "copy.csv.gz").write_bytes(packed)

    says = "file 2 of 2 in order of names repeats file 1 of 2"
    assert says in refusal(tmp_path, focus_row())


def test_two_bills_of_one_account_and_day_are_refused(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(csv_text([focus_row(SkuId="another-1")]))

    assert "overlaps file" in refusal(tmp_path, focus_row())


def test_bills_of_other_accounts_add_up(tmp_path: Path) -> None:
    (tmp_path / "b.csv").write_text(csv_text([focus_row(SubAccountId="444455556666")]))

    pulled = bills(tmp_path, focus_row())

    assert len(rows_of(pulled)) == 2


def test_files_of_one_folder_may_be_parts_of_one_bill(tmp_path: Path) -> None:
    (tmp_path / "part-2.csv").write_text(csv_text([focus_row(SkuId="another-1")]))

    pulled = bills(tmp_path, focus_row(), name="part-1.csv", parts=True)

    assert len(rows_of(pulled)) == 2


def test_a_bill_that_contradicts_itself_is_refused(tmp_path: Path) -> None:
    assert "contradicts itself" in refusal(tmp_path, focus_row(), focus_row(BilledCost="1.26"))
    assert "the same id" in refusal(tmp_path, cur_row(), cur_row())


def test_equal_rows_are_two_lines_and_a_line_id_tells_others_apart(tmp_path: Path) -> None:
    assert len(rows_of(bills(tmp_path, focus_row(), focus_row()))) == 2
    one, other = focus_row(x_Line="1"), focus_row(x_Line="2", BilledCost="7")
    assert len(rows_of(bills(tmp_path, one, other, line_id="x_Line"))) == 2


@pytest.mark.parametrize(
    ("gone", "says"),
    [
        ("BillingCurrency", "is FOCUS without BillingCurrency"),
        ("BilledCost", "is neither FOCUS"),
        ("ServiceName", "without ServiceName"),
    ],
)
def test_a_missing_column_is_named(tmp_path: Path, gone: str, says: str) -> None:
    row = focus_row()
    del row[gone]

    assert says in refusal(tmp_path, row)


def test_a_missing_line_id_is_named(tmp_path: Path) -> None:
    assert "without x_Line" in refusal(tmp_path, focus_row(), line_id="x_Line")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\xff\xfeB\x00", "not UTF-8"),
        (b"PAR1", "neither FOCUS"),
        (b'BilledCost,"Billing', "cannot be read"),
        (b"a" * (1 << 21), "more than"),
        (b",".join(b"c%d" % n for n in range(5000)), "more than 4096 columns"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    with pytest.raises(SourceError, match=says):
        read_bills(bill_source(tmp_path))


def test_a_file_that_unpacks_without_end_is_refused(tmp_path: Path) -> None:
    header = csv_text([focus_row()]).encode()
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(header + (b"x" * 999 + b"\n") * 40_000))

    with pytest.raises(SourceError, match="times its size"):
        read_bills(bill_source(tmp_path))


def test_a_file_of_bad_rows_is_not_read_to_its_end(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(csv_text([focus_row()]) + "x\n" * 100_001)

    with pytest.raises(SourceError, match="more than 100000 bad rows"):
        read_bills(bill_source(tmp_path))


def test_a_truncated_archive_is_refused(tmp_path: Path) -> None:
    packed = gzip.compress(csv_text([focus_row()] * 50).encode())
    (tmp_path / "a.csv.gz").write_bytes(packed[:-20])

    with pytest.raises(SourceError, match="cannot be read"):
        read_bills(bill_source(tmp_path))


def test_a_header_alone_says_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(csv_text([focus_row()]).splitlines()[0] + "\n")

    assert read_bills(bill_source(tmp_path)).batches == []


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"BilledCost": "12345678901234567890"}, "billed", "out_of_range"),
        ({"BilledCost": "1e999"}, "billed", "out_of_range"),
        ({"BilledCost": "=1+1"}, "billed", "bad_amount"),
        ({"BilledCost": "١٢٣"}, "billed", "bad_amount"),
        ({"BilledCost": "1,000.00"}, "billed", "bad_amount"),
        ({"BilledCost": "NaN"}, "billed", "bad_amount"),
        ({"BilledCost": ""}, "billed", "bad_amount"),
        ({"ListCost": "much"}, "list", "bad_amount"),
        ({"BillingCurrency": "ABC"}, "currency", "bad_currency"),
        ({"BillingCurrency": "usd"}, "currency", "bad_currency"),
        ({"ChargeCategory": "usage"}, "category", "bad_category"),
        ({"ChargeClass": "Correct"}, "charge_class", "bad_category"),
        ({"ChargePeriodEnd": "2026-11-05T00:00:00Z"}, "end", "bad_interval"),
        ({"ChargePeriodEnd": "soon"}, "end", "bad_instant"),
        ({"ChargePeriodStart": "٢٠٢٦-11-05"}, "start", "bad_instant"),
        ({"ChargePeriodStart": "0001-01-01"}, "start", "bad_instant"),
        ({"ChargePeriodStart": "2026-11-31T00:00:00Z"}, "start", "bad_instant"),
    ],
)
def test_a_bad_row_is_refused_alone_and_its_money_named(
    tmp_path: Path, changes: dict[str, str], field: str, code: str
) -> None:
    pulled = bills(tmp_path, focus_row(SkuId="good-1"), focus_row(**changes))

    assert codes(pulled) == [(DAY, field, code)]
    (reject,) = [one for batch in pulled.batches for one in batch.rejects]
    is_amount_bad = field == "billed"
    assert reject.amount_nano == (None if is_amount_bad else to_nano("1.25"))
    assert (reject.issuer, reject.account) == ("aws", "111122223333")


def test_a_bill_of_bad_rows_is_refused_as_a_whole(tmp_path: Path) -> None:
    rows = [focus_row(BilledCost="x", SkuId=f"s-{n}") for n in range(5)]

    assert "5 of 5 rows cannot be read" in refusal(tmp_path, *rows)


# -- hostile content -----------------------------------------------------------------------------

HOSTILE = (
    '=HYPERLINK("http://x")',
    "<script>alert(1)</script>",
    "Oswaldina Prettigrew",
    "oswaldina@example.org",
    "a\nb\r\nc",
    "\x00\x1b[2J",
    "李小龙飞鸿",
    "x" * 5000,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_text_of_strangers_is_kept_in_no_column(tmp_path: Path, text: str) -> None:
    base = focus_row()
    plain = [focus_row(**{name: text}, SkuMeter=f"meter-{n}") for n, name in enumerate(base)]
    plain += [focus_row(SkuMeter=f"{text} {n}") for n in range(20)]

    pulled = bills(tmp_path, *plain)

    kept = repr([batch.rows[:] for batch in pulled.batches]) + repr(pulled.findings)
    assert text not in kept
    assert "Oswaldina" not in kept


def test_marks_ends_and_quoted_lines_are_read(tmp_path: Path) -> None:
    rows = [focus_row(ChargeDescription="one\ntwo, three"), focus_row(SkuId="s-2")]
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + csv_text(rows, end="\r\n").encode())

    assert len(rows_of(read_bills(bill_source(tmp_path)))) == 2


def test_a_thousand_columns_are_read_and_a_row_that_has_more_than_the_header_is_refused(
    tmp_path: Path,
) -> None:
    wide = focus_row() | {f"x_{n}": "y" for n in range(1000)}
    text = csv_text([wide, wide | {"SkuId": "s-2"}]) + "," * 3000 + "\n"
    (tmp_path / "a.csv").write_text(text)

    pulled = read_bills(bill_source(tmp_path))

    assert len(rows_of(pulled)) == 2
    assert codes(pulled) == [(DAY, "", "ragged_row")]


# -- Parquet -------------------------------------------------------------------------------------


def test_parquet_says_the_same_as_csv(tmp_path: Path) -> None:
    row: dict[str, Any] = focus_row()
    row["BilledCost"] = Decimal("1.250000000000")
    row["ListCost"] = 1.5
    row["ConsumedQuantity"] = 1250
    row["ChargePeriodStart"] = MIDNIGHT
    row["ChargePeriodEnd"] = datetime(2026, 11, 6)  # noqa: DTZ001  # as some writers have it
    row["InvoiceId"] = None
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    config = bill_source(tmp_path)

    (found,) = charges(config, read_bills(config))

    (tmp_path / "a.parquet").unlink()
    bills(tmp_path, focus_row(InvoiceId=""))
    assert [found] == charges(config, read_bills(config))


@pytest.mark.parametrize("size", [0, 4, 200])
def test_a_damaged_parquet_file_is_refused(tmp_path: Path, size: int) -> None:
    pq.write_table(pa.Table.from_pylist([focus_row()]), tmp_path / "a.parquet")
    (tmp_path / "a.parquet").write_bytes((tmp_path / "a.parquet").read_bytes()[:size])

    with pytest.raises(SourceError, match="cannot be read"):
        read_bills(bill_source(tmp_path))


# -- nothing is lost -----------------------------------------------------------------------------

_AMOUNTS = st.decimals(-(10**6), 10**6, places=9).map(str)
_ROWS = st.lists(
    st.builds(
        lambda amount, service, currency, day, category: {
            "BilledCost": amount,
            "ServiceName": service,
            "BillingCurrency": currency,
            "ChargePeriodStart": f"2026-11-{day:02d}T00:00:00Z",
            "ChargePeriodEnd": "2026-11-20T00:00:00Z",
            "ChargeCategory": category,
        },
        _AMOUNTS,
        st.sampled_from(["Amazon Bedrock", "Amazon EC2"]),
        st.sampled_from(["USD", "USD", "USD", "usd"]),
        st.integers(1, 19),
        st.sampled_from(["Usage", "Tax", "Credit", "nothing"]),
    ),
    min_size=1,
    max_size=30,
)


@given(_ROWS)
def test_booked_and_refused_and_left_out_sum_to_the_file(
    tmp_path_factory: pytest.TempPathFactory, changes: list[dict[str, str]]
) -> None:
    folder = tmp_path_factory.mktemp("bill")
    rows = [focus_row(x_Row=str(n), **change) for n, change in enumerate(changes)]
    good = [focus_row(x_Row=f"good-{n}") for n in range(len(rows))]
    total = sum(to_nano(row["BilledCost"]) for row in [*rows, *good])
    config = bill_source(folder)

    pulled = bills(folder, *rows, *good)

    booked = sum(int(str(row["billed_nano"])) for row in charges(config, pulled))
    refused = sum(one.amount_nano or 0 for batch in pulled.batches for one in batch.rejects)
    # What other services bill in no currency is in no sum, so it is added here.
    nowhere = sum(
        to_nano(row["BilledCost"])
        for row in rows
        if row["ServiceName"] == "Amazon EC2" and row["BillingCurrency"] == "usd"
    )
    left_out = sum(_sum_of(finding.detail) for finding in pulled.findings)
    assert booked + refused + left_out + nowhere == total


def _sum_of(detail: str) -> int:
    sums = detail.partition("(")[2].partition(")")[0]
    return to_nano(sums.removeprefix("USD ")) if sums != "no amount" else 0


def test_a_night_later_the_last_day_is_sure(tmp_path: Path) -> None:
    bills(tmp_path, focus_row())

    early = read_bills(bill_source(tmp_path), (DAY, DAY), datetime(2026, 11, 6, 4, tzinfo=UTC))
    late = read_bills(bill_source(tmp_path), (DAY, DAY), NOW)

    assert [batch.is_complete for batch in (*early.batches, *late.batches)] == [False, True]
