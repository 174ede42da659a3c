"""From the file through both stages into lake and ledger, and what leaves them as they were."""

from datetime import UTC, date, datetime

import pytest

from tasks.core.errors import SourceError
from tasks.core.invoicing.payables import unconnected_vendors
from tasks.core.invoicing.told_invoices import invoices_of
from tasks.core.month_end.periods import Act, PeriodAct
from tests.sources.files.stores import Stores, subjects
from tests.sources.files.writing import csv_text, focus_row, invoice_row, payment

OCTOBER = {
    "BillingPeriodStart": "2026-10-01T00:00:00Z",
    "BillingPeriodEnd": "2026-11-01T00:00:00Z",
    "ChargePeriodStart": "2026-10-20T00:00:00Z",
    "ChargePeriodEnd": "2026-10-21T00:00:00Z",
}
SINCE_OCTOBER = (date(2026, 10, 1), date(2026, 11, 19))
LATER = datetime(2026, 11, 21, 4, tzinfo=UTC)


def test_a_bill_is_read_into_the_lake_and_restated_by_newer_content(stores: Stores) -> None:
    stores.write("bills/a.csv", csv_text([focus_row(), focus_row(BilledCost="x", SkuId="s-2")]))

    first, _ = stores.night("bedrock")
    (row,) = stores.rows("bedrock")
    refused = stores.quarantined()
    again, _ = stores.night("bedrock")
    stores.write("bills/a.csv", csv_text([focus_row(BilledCost="1.75")]))
    third, _ = stores.night("bedrock", now=LATER)

    assert (row["billed_nano"], row["model"]) == (1_250_000_000, "claude-haiku-4-5")
    assert (refused, stores.quarantined()) == (["bad_amount"], [])
    assert (len(first.new_keys), again.new_keys, len(third.new_keys)) == (1, (), 1)
    assert [one["billed_nano"] for one in stores.rows("bedrock")] == [1_750_000_000]


@pytest.mark.parametrize(
    "files",
    [
        {"bills/b.csv": csv_text([focus_row()])},
        {"bills/b.csv": csv_text([focus_row(SkuId="s-2")])},
        {"bills/a.csv": csv_text([focus_row(), focus_row(BilledCost="9")])},
        {"bills/b.csv": "no,table\n1,2\n"},
        {"bills/a.csv": b""},
    ],
    ids=["repeats", "overlaps", "contradicts", "other columns", "emptied"],
)
def test_what_is_refused_leaves_lake_and_ledger_as_they_were(
    stores: Stores, files: dict[str, str]
) -> None:
    stores.write("bills/a.csv", csv_text([focus_row()]))
    stores.night("bedrock")
    with stores.ledger() as ledger:
        before = ledger.newest_seq()
    rows = stores.rows("bedrock")

    for name, text in files.items():
        stores.write(name, text)
    with pytest.raises(SourceError):
        stores.night("bedrock", now=LATER)

    with stores.ledger() as ledger:
        assert ledger.newest_seq() == before
    assert stores.rows("bedrock") == rows


def test_a_file_that_is_taken_away_takes_nothing_with_it(stores: Stores) -> None:
    other = focus_row(SubAccountId="444455556666", BilledCost="7")
    stores.write("bills/a.csv", csv_text([focus_row()]))
    stores.write("bills/b.csv", csv_text([other]))
    stores.night("bedrock")
    rows = stores.rows("bedrock")

    (stores.folder / "bills/b.csv").unlink()
    _, findings = stores.night("bedrock", now=LATER)

    assert subjects(findings) == [("bill_lost", "bedrock")]
    assert stores.rows("bedrock") == rows
    stores.night("bedrock", now=LATER, from_scratch=True)
    assert [row["account"] for row in stores.rows("bedrock")] == ["111122223333"]


def test_a_closed_period_keeps_what_is_known_of_it(stores: Stores) -> None:
    stores.write("bills/10.csv", csv_text([focus_row(**OCTOBER)]))
    stores.night("bedrock", window=SINCE_OCTOBER)
    with stores.ledger() as ledger:
        ledger.soft_close(PeriodAct("2026-10", Act.SOFT_CLOSED, LATER), None, ())
        digest = ledger.nights_of_period("2026-10").digest
        act = PeriodAct(
            "2026-10", Act.CLOSED, LATER, by="controller", on=LATER.date(), digest=digest
        )
        ledger.record_act(act)
    late = focus_row(**OCTOBER, BilledCost="99")
    stores.write("bills/10.csv", csv_text([late]))
    correction = focus_row(ChargeClass="Correction", BilledCost="-1", SkuId="s-2") | {
        name: text for name, text in OCTOBER.items() if name.startswith("Charge")
    }
    stores.write("bills/11.csv", csv_text([focus_row(), correction]))

    _, findings = stores.night("bedrock", window=SINCE_OCTOBER, now=LATER)

    assert subjects(findings) == [("period_closed", "2026-10")]
    # October stays, and the issuer's own correction of it is booked in November.
    assert [(row["day"], row["billed_nano"]) for row in stores.rows("bedrock")] == [
        (date(2026, 10, 20), 1_250_000_000),
        (date(2026, 11, 1), -1_000_000_000),
        (date(2026, 11, 5), 1_250_000_000),
    ]


def test_documents_are_read_and_merged_with_what_is_signed(stores: Stores) -> None:
    stores.write(
        "documents/2026-10.csv",
        csv_text([invoice_row(), invoice_row(category="tax", amount="9.64")]),
    )

    stores.night("documents")

    (invoice,) = invoices_of((), stores.rows("documents"), {"anthropic"}).invoices
    assert (invoice.id, invoice.billing_period, f"{invoice.issued_on}") == (
        "INV-1",
        "2026-10",
        "2026-11-03",
    )
    assert {(line.category, f"{line.amount}") for line in invoice.lines} == {
        ("usage", "120.5"),
        ("tax", "9.64"),
    }


def test_a_document_that_moves_to_another_day_or_goes_is_read_once(stores: Stores) -> None:
    early = invoice_row(issued_on="2026-08-03")
    stores.write("documents/a.csv", csv_text([early]))
    stores.night("documents")

    stores.write("documents/a.csv", csv_text([invoice_row(issued_on="2026-08-04")]))
    stores.night("documents", now=LATER)

    assert [row["day"] for row in stores.rows("documents")] == [date(2026, 8, 4)]


def test_payments_to_vendors_of_agents_are_read_and_held_against_the_sources(
    stores: Stores,
) -> None:
    paid = [
        payment(),
        payment(payee="DEVIN by Cognition", paid_on="2026-10-30", amount="-20", currency="EUR"),
        payment(payee="Anthropic, PBC", amount="5"),
        payment(payee="Oswaldina Prettigrew", amount="31.20"),
    ]
    stores.write("payables/2026-11.csv", csv_text(paid))

    _, findings = stores.night("payables")

    assert [one.detail for one in findings] == [
        "1 payments to others than vendors of agents are not kept"
    ]
    told = unconnected_vendors(stores.rows("payables"), {"anthropic"})
    assert [(one.subject, one.detail) for one in told] == [
        ("cursor", "paid USD 960.00 in 2026-11, but no enabled source reports what it bills"),
        ("devin", "paid EUR -20.00 in 2026-10, but no enabled source reports what it bills"),
    ]


def test_a_bill_is_booked_and_its_restatement_corrects_the_books(stores: Stores) -> None:
    tax = focus_row(ChargeCategory="Tax", BilledCost="0.25", SkuId="tax-1")
    seats = focus_row(ChargeCategory="Purchase", BilledCost="40", SkuId="seats-1")
    broken = focus_row(SkuId="s-2", BilledCost="0.5", ChargeCategory="Gift")
    stores.write("bills/a.csv", csv_text([focus_row(), tax, seats, broken]))
    stores.write("documents/a.csv", csv_text([invoice_row(amount="x")]))
    stores.write("payables/a.csv", csv_text([payment(), payment(amount="x")]))
    for source in ("bedrock", "documents", "payables"):
        stores.night(source)

    night = stores.book()

    day, account = date(2026, 11, 5), "111122223333"
    booked = {
        ("aws", account, day, "unattributed"): 1_250_000_000,
        ("aws", account, day, "tax"): 250_000_000,
        ("aws", account, day, "fee"): 40_000_000_000,
    }
    assert stores.costs() == booked
    quarantined = [one.item for one in night.breaks if one.item.break_class == "quarantined"]
    assert ("aws", 500_000_000) in {(one.issuer, one.amount_nano) for one in quarantined}

    stores.write("bills/a.csv", csv_text([focus_row(BilledCost="1"), tax, seats]))
    stores.night("bedrock", now=LATER)
    again = stores.book(now=LATER)

    assert stores.costs() == booked | {("aws", account, day, "unattributed"): 1_000_000_000}
    assert dict(again.causes) == {"restated": 1}
    assert stores.book(now=LATER).causes == ()


def test_what_files_tell_of_documents_and_payments_is_read_as_of_a_moment(stores: Stores) -> None:
    stores.write("documents/a.csv", csv_text([invoice_row(), invoice_row(issuer="acme")]))
    paid = [payment(), payment(payee="Anthropic"), payment(payee="Devin by X", amount="1")]
    stores.write("payables/a.csv", csv_text(paid))
    before = stores.told()
    for source in ("documents", "payables"):
        stores.night(source)

    told = stores.told()

    assert (before.finance.invoices, before.findings) == ((), ())
    assert [(one.issuer, one.id) for one in told.finance.invoices] == [("anthropic", "INV-1")]
    assert subjects(told.findings) == [
        ("unknown_issuer", "acme"),
        ("vendor_unconnected", "anthropic"),
        ("vendor_unconnected", "cursor"),
        ("vendor_unconnected", "devin"),
    ]
    assert stores.told(seq=0) == before
    assert stores.told(only="payables").finance.invoices == ()
