"""Seats, prepaid credits and missing logs, from finance.yaml and lake to the ledger and back."""

import random
from collections import Counter

import pytest
from sqlalchemy import create_engine, select

from cli.deep import deep_checks
from cli.main import main
from config.load import load_config
from sandbox.server import Sandbox
from tasks.core.books import DestinationKind, Method
from tasks.core.money import NANO
from tasks.lake.store import Lake
from tasks.ledger import tables
from tests.flows.nights import FIRST, SOME, THIRD, WINDOW, Night, run
from tests.flows.stores import Stores, by_day

EARLIER, LATER = WINDOW
only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

SEATS = f"""
seats:
  - id: claude-team
    issuer: anthropic
    account: "{{account}}"
    from: {EARLIER}
    seats: 30
    price: "100"
    in_use: [{{{{from: {EARLIER}, seats: 24}}}}]
  - {{{{id: editors, issuer: cursor, account: team, from: {LATER}, seats: 3, price: "40"}}}}
"""
PREPAID = f"""
prepaid:
  - {{{{id: pack, issuer: openai, account: "{{account}}", bought: {EARLIER}, amount: "1000000"}}}}
"""


def sign(stores: Stores, text: str) -> str:
    """Add lines to finance.yaml, and the issuer that nothing reports to sources.yaml."""
    path = stores.config / "finance.yaml"
    before = path.read_text(encoding="utf-8")
    path.write_text(before + text, encoding="utf-8")
    return before


def add_editor(stores: Stores) -> None:
    stores.edit("sources.yaml", ("issuers:\n", "issuers:\n  - {id: cursor, currency: USD}\n"))


def account_of(stores: Stores, issuer: str) -> str:
    """Pick the account of an issuer to which most postings of logged work went."""
    counted = Counter(
        key.account
        for key, to in stores.costs()
        if key.issuer == issuer and to.method is Method.METERED
    )
    return counted.most_common(1)[0][0]


def posted_since(stores: Stores, entry: int) -> list[tuple[int, int, bool, str]]:
    """Read (entry, line, is provisional, cause) of every posting after an entry."""
    entries, postings = tables.entries.c, tables.postings.c
    engine = create_engine(stores.database.url)
    with engine.connect() as connection:
        query = (
            select(entries.id, postings.ordinal, postings.is_provisional, entries.cause)
            .join_from(tables.entries, tables.postings, postings.entry_id == entries.id)
            .where(entries.id > entry)
            .order_by(entries.id, postings.ordinal)
        )
        found = [(one[0], one[1], bool(one[2]), one[3]) for one in connection.execute(query)]
    engine.dispose()
    return found


def deep_faults(stores: Stores) -> list[str]:
    """List what `graduand check --deep` finds; sums of charges must be among what it proves."""
    with stores.ledger() as ledger:
        found = list(deep_checks(load_config(stores.config), Lake.open(str(stores.lake)), ledger))
    assert "sums" in {one.name for one in found}
    return [fault for one in found for fault in one.faults]


def explained(stores: Stores, entry: int, capsys: pytest.CaptureFixture[str]) -> int:
    """Count the postings, of some after an entry, that are computed again as they were booked."""
    count = 0
    for number, line, _, _ in random.Random(1).sample(posted_since(stores, entry), 5):
        assert main(["explain", "posting", f"{number}.{line}"]) == 0
        told = capsys.readouterr().out
        if "Computed again" in told:
            assert ", as booked by then." in told
            count += 1
    return count


def test_seats_are_booked_told_apart_explained_and_taken_back(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    before, first = stores.costs(), len(stores.causes())
    account = account_of(stores, "anthropic")
    add_editor(stores)
    unsigned = sign(stores, SEATS.format(account=account))

    night = run(Night(FIRST))

    assert set(dict(night.causes)) == {"repriced", "new"}
    team, editors = night.books.seats
    assert (team.idle_nano, editors.idle_nano) == (2 * 20 * NANO, 0)
    assert team.accrued_nano == 2 * 100 * NANO
    assert sum(dict(team.families).values()) + team.ad_hoc_nano == 2 * 80 * NANO
    assert team.shadow_nano > 0
    assert editors.accrued_nano == editors.unnamed_nano == 4 * NANO
    after = stores.costs()
    for key, to in after:
        if key.issuer == "anthropic" and key.account == account:
            assert to.method not in {Method.METERED, Method.WEAK}, "its runs are shadow"
    owed = sum(after.values()) - sum(before.values())
    assert owed == team.accrued_nano + editors.accrued_nano
    assert run(Night(FIRST)).causes == ()
    assert explained(stores, first, capsys) > 1
    assert deep_faults(stores) == []

    (stores.config / "finance.yaml").write_text(unsigned, encoding="utf-8")
    run(Night(FIRST))

    assert stores.costs() == before
    stores.verified()


@only_sqlite
def test_credits_are_drawn_by_the_charges_of_each_day_and_explained(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    before, first = stores.costs(), len(stores.causes())
    account = account_of(stores, "openai")
    sign(stores, PREPAID.format(account=account))

    night = run(Night(FIRST))

    (row,) = night.books.prepaid
    usage = {
        day: sum(
            nano
            for (key, to), nano in by_day(before, day).items()
            if (key.issuer, key.account) == ("openai", account)
            and to.kind
            in {DestinationKind.FAMILY, DestinationKind.AD_HOC, DestinationKind.UNATTRIBUTED}
        )
        for day in WINDOW
    }
    assert row.drawn_nano == sum(usage.values()) > 0
    assert row.left_nano == 1_000_000 * NANO - row.drawn_nano
    assert set(dict(night.causes)) == {"repriced"}
    drawn = {
        key.day: nano for (key, to), nano in stores.costs().items() if to.method is Method.DRAWN
    }
    assert drawn == {day: -nano for day, nano in usage.items()}
    # The next night does not see the first day any more: what is posted for it stands in.
    later = run(Night(FIRST, window=(LATER, LATER)))
    assert later.causes == ()
    assert later.books.prepaid == night.books.prepaid
    assert explained(stores, first, capsys) > 1
    assert deep_faults(stores) == []
    stores.verified()


def test_a_day_without_its_log_is_provisional_until_the_log_comes(
    stores: Stores, sandbox: Sandbox
) -> None:
    sandbox.move_to(THIRD)
    new_day = LATER.replace(day=LATER.day + 1)
    first = len(stores.causes())

    early = run(Night(THIRD, window=(new_day, new_day), only=("anthropic", "openai")))

    assert f"agent-logs {new_day}" in early.books.missing
    flagged = posted_since(stores, first)
    assert flagged
    assert all(is_provisional for _, _, is_provisional, _ in flagged)
    late = run(Night(THIRD, window=(new_day, new_day), only=SOME))
    assert set(dict(late.causes)) == {"reclass"}
    corrected = posted_since(stores, flagged[-1][0])
    assert {cause for *_, cause in corrected} == {"reclass"}
    assert not any(is_provisional for _, _, is_provisional, _ in corrected)
    stores.verified()
