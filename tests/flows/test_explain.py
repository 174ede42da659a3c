"""`graduand explain`: every figure leads back to its files, and what it says is what is booked."""

import json
import random
from datetime import date

import pytest
from sqlalchemy import create_engine, select

from cli.main import main
from tasks.core.books import DestinationKind
from tasks.ledger import tables
from tests.flows.stores import Stores

only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["explain", *words]) == 0
    return capsys.readouterr().out


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["explain", *words]) == 1
    return capsys.readouterr().err


def postings(stores: Stores) -> list[tuple[str, str, int]]:
    """Read the id, kind and amount of every posting."""
    table = tables.postings.c
    engine = create_engine(stores.database.url)
    with engine.connect() as connection:
        query = select(table.entry_id, table.ordinal, table.kind, table.amount_nano)
        found = [(f"{row[0]}.{row[1]}", row[2], row[3]) for row in connection.execute(query)]
    engine.dispose()
    return sorted(found)


def test_the_files_of_a_posting_give_its_amount_again(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    costs = [one for one in postings(stores) if one[1] != DestinationKind.PAYABLE]
    some = random.Random(1).sample(costs, min(8, len(costs)))

    for name, _, nano in some:
        answer = told(capsys, "posting", name)
        exact = f"{abs(nano) // 10**9:,}.{abs(nano) % 10**9:09d} USD"
        assert f"exactly       {'-' if nano < 0 else ''}{exact}" in answer
        assert ", as booked by then." in answer
        assert "conformed charges" in answer
        assert "raw runs" in answer


@only_sqlite
def test_the_shares_of_every_billed_sum_are_the_whole_sum(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = sorted({int(name.partition(".")[0]) for name, _, _ in postings(stores)})

    for number in numbers[:6]:
        story = json.loads(told(capsys, "entry", str(number), "--json"))
        for line in story["math"]["lines"]:
            assert sum(nano for _, nano in line["shares"]) == line["billed_nano"]
            assert sum(tokens for _, tokens in line["logged"]) >= 0


@only_sqlite
def test_an_entry_lists_its_postings_and_the_book_it_belongs_to(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    name = postings(stores)[0][0]
    answer = told(capsys, "entry", name.partition(".")[0])

    assert f"  {name} " in answer
    assert "new: the first booking of this vendor's day" in answer
    assert "It replaced nothing, and nothing has corrected it since." in answer


@only_sqlite
def test_a_break_is_told_by_the_beginning_of_its_id(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    with stores.ledger() as ledger:
        one = ledger.breaks_current()[0]
    answer = told(capsys, "break", one.break_id[:12])

    assert f"Break {one.break_id}" in answer
    assert "open" in answer
    assert "posts nothing" in answer
    assert "night 1" in answer


@only_sqlite
def test_a_family_is_the_sum_of_its_postings(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    with stores.ledger() as ledger:
        totals = ledger.family_totals(date.min, date.max)
    family = next(one.destination.family for one in totals if one.destination.family)
    expected = sum(one.amount_nano for one in totals if one.destination.family == family)
    story = json.loads(told(capsys, "family", family, "--json"))

    assert f"Family {family}" in told(capsys, "family", family)
    assert expected == sum(
        posting["amount_nano"]
        for booked in story["booked"]
        for posting in booked["entry"]["postings"]
        if posting["destination"]["family"] == family
    )


@only_sqlite
def test_what_is_unknown_is_refused_with_the_nearest_or_where_to_look(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    with stores.ledger() as ledger:
        known = {one.destination.family for one in ledger.family_totals(date.min, date.max)}
        break_id = ledger.breaks_current()[0].break_id
    family = max(known)

    assert f"did you mean {family}" in refused(capsys, "family", family[:-1])
    assert "entries are numbered 1 to " in refused(capsys, "posting", "99999999.0")
    assert "its postings are 1.0 to 1." in refused(capsys, "posting", "1.999")
    assert "write <entry>.<line>" in refused(capsys, "posting", "\x1b[31m")
    assert "write a number" in refused(capsys, "entry", "one")
    assert "did you mean" in refused(capsys, "break", break_id[:-1] + "!")
    assert "widen --from and --to" in refused(
        capsys, "family", family, "--from", "2020-01-01", "--to", "2020-01-02"
    )
    assert "put the earlier day first" in refused(
        capsys, "family", family, "--from", "2020-01-03", "--to", "2020-01-02"
    )


@only_sqlite
def test_a_missing_file_is_told_and_hides_nothing_else(
    stores: Stores, capsys: pytest.CaptureFixture[str]
) -> None:
    name = postings(stores)[0][0]
    for file in stores.lake.glob("conformed/charges/**/*.parquet"):
        file.unlink()

    answer = told(capsys, "posting", name)

    assert "cannot be computed again" in answer
    assert "is missing or short" in answer
    assert "exactly" in answer
    assert "restore" in answer or "pull it again" in answer
