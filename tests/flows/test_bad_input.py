"""What cannot be right is refused with the reason, and the ledger stays row for row as it was."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from sandbox.server import Sandbox
from tasks.core.books import Snapshot
from tasks.core.cells import UsageCell
from tasks.core.errors import ConfigError
from tasks.lake.queries import Queries
from tests.flows.nights import FIRST, SECOND, THIRD, WINDOW, Night, run
from tests.flows.stores import Stores, by_day
from tests.flows.test_changed_rules import MAPPED, PROMOTED

EARLIER, LATER = WINDOW
only_sqlite = pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)

Usage = Callable[[Queries, Sequence[Snapshot]], list[UsageCell]]


def _scaled(usage: Usage, factor: int, **place: object) -> Usage:
    """Give a query whose quantities of one place are multiplied."""

    def query(queries: Queries, snapshots: Sequence[Snapshot]) -> list[UsageCell]:
        return [
            replace(cell, quantity=factor * cell.quantity)
            if all(getattr(cell, name) == value for name, value in place.items())
            else cell
            for cell in usage(queries, snapshots)
        ]

    return query


def test_a_day_too_large_is_held_and_no_other(
    stores: Stores, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stores.costs()
    large = _scaled(Queries.usage_cells, 10**17, issuer="anthropic", day=LATER)
    monkeypatch.setattr(Queries, "usage_cells", large)
    stores.edit("catalog.yaml", MAPPED)

    sandbox.move_to(THIRD)
    night = run(Night(THIRD))

    (finding,) = night.findings_of("day_too_large")
    assert (night.status, finding.subject) == ("held", f"anthropic {LATER}")
    assert any(f"anthropic {LATER}" in reason for reason in night.reasons)
    anthropic = {
        place: nano for place, nano in by_day(before, LATER).items() if place[0].issuer != "openai"
    }
    after = stores.costs()
    assert anthropic == {
        place: nano for place, nano in by_day(after, LATER).items() if place[0].issuer != "openai"
    }
    assert by_day(after, EARLIER) != by_day(before, EARLIER)
    stores.verified()


@only_sqlite
def test_a_held_day_is_booked_once_it_fits(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    before = stores.sums()
    stores.edit("catalog.yaml", MAPPED)
    with monkeypatch.context() as patched:
        patched.setattr("tasks.core.reconciling.oversized.MOST_A_DAY_NANO", 1)
        held = run(Night(FIRST))
    between = stores.sums()

    again = run(Night(FIRST))

    assert (held.status, held.causes, between) == ("held", (), before)
    assert (again.status, set(dict(again.causes))) == ("tied", {"reclass"})


@only_sqlite
def test_a_file_that_is_damaged_inside_holds_its_day_and_no_other(stores: Stores) -> None:
    before = stores.costs()
    stores.edit("catalog.yaml", MAPPED, PROMOTED)
    (file,) = stores.files_of("conformed", "openai", LATER, "usage")
    data = file.read_bytes()
    file.write_bytes(data[:4] + bytes(len(data) - 8) + data[-4:])

    night = run(Night(FIRST, only=("agent-logs",)))

    after = stores.costs()
    assert night.status == "held"
    assert any(f"openai {LATER}" in reason for reason in night.reasons)
    held = {place: nano for place, nano in before.items() if place[0].day == LATER}
    openai = {place: nano for place, nano in held.items() if place[0].issuer == "openai"}
    assert openai == {
        place: nano for place, nano in by_day(after, LATER).items() if place[0].issuer == "openai"
    }
    assert by_day(after, EARLIER) != by_day(before, EARLIER)


@only_sqlite
@pytest.mark.parametrize(
    ("file", "change", "words"),
    [
        ("catalog.yaml", ("family: test-repair", "family: nobodys"), "nobodys"),
        ("policy.yaml", ('absolute: "0.01"', 'absolute: "-1"'), "absolute"),
        ("sources.yaml", ("version: 1", "version: 99"), "version"),
    ],
)
def test_a_configuration_that_contradicts_itself_books_nothing(
    stores: Stores, sandbox: Sandbox, file: str, change: tuple[str, str], words: str
) -> None:
    before: dict[str, Any] = stores.rows()
    path = stores.config / file
    text = path.read_text()
    assert change[0] in text
    path.write_text(text.replace(*change))

    sandbox.move_to(SECOND)
    with pytest.raises(ConfigError, match=words):
        run(Night(SECOND))

    assert stores.rows() == before
