"""Catalogs, contracts and prices change: which days move, and under which cause."""

from sandbox.script import USAGE_GAP_DAY
from tasks.core.books import Cause
from tests.flows.nights import FIRST, WINDOW, Night, run
from tests.flows.stores import Stores, Sums, by_day

EARLIER, LATER = WINDOW
#: The stage entry that the catalog dates 2026-11-10, dated to the second day of the window.
PROMOTED = ("{from: 2026-11-10, stage: golden}", f"{{from: {LATER}, stage: golden}}")
MAPPED = ("accounts: [proj_LegacyUpgrades]", "accounts: [proj_Retired]")
CONTRACT = (
    '{model: claude-sonnet-5, factor: "0.90", from: 2026-11-01',
    '{model: claude-sonnet-5, factor: "0.50", from: 2026-10-01',
)


def per_book(costs: Sums) -> dict[object, int]:
    """Sum what each account was billed for each day, wherever it went."""
    books: dict[object, int] = {}
    for (key, _), nano in costs.items():
        books[key] = books.get(key, 0) + nano
    return books


def test_a_stage_change_moves_no_earlier_day(stores: Stores) -> None:
    before = stores.costs()
    first = len(stores.causes())

    stores.edit("catalog.yaml", PROMOTED)
    changed = run(Night(FIRST))

    after = stores.costs()
    assert changed.causes == (("reclass", 1),)
    assert by_day(after, EARLIER) == by_day(before, EARLIER)
    assert by_day(after, LATER) != by_day(before, LATER)
    pools = {(key.day, to.pool) for key, to in after if to.workflow == "flaky-test-fixer"}
    assert pools == {(EARLIER, "exploration"), (LATER, "production")}
    assert per_book(after) == per_book(before)
    assert stores.causes()[first:] == [Cause.RECLASS]
    stores.verified()


def test_a_changed_mapping_posts_the_same_money_elsewhere_as_reclass(stores: Stores) -> None:
    before = stores.costs()

    stores.edit("catalog.yaml", MAPPED)
    changed = run(Night(FIRST))
    again = run(Night(FIRST))

    after = stores.costs()
    assert set(dict(changed.causes)) == {"reclass"}
    assert again.causes == ()
    assert per_book(after) == per_book(before)
    moved = {to.workflow for key, to in before if (key, to) not in after}
    assert moved == {"upgrade-legacy"}


def test_a_mapping_that_is_taken_back_leaves_the_books_as_they_were(stores: Stores) -> None:
    before, breaks = stores.sums(), stores.breaks()

    stores.edit("catalog.yaml", MAPPED)
    run(Night(FIRST))
    stores.edit("catalog.yaml", (MAPPED[1], MAPPED[0]))
    run(Night(FIRST))

    assert stores.sums() == before
    assert stores.breaks() == breaks
    assert Cause.RECLASS in stores.causes()


def test_another_contract_does_not_move_what_was_split_by_metered_tokens(stores: Stores) -> None:
    before, digest = stores.rows()["postings"], stores.digest()

    stores.edit("sources.yaml", CONTRACT)
    changed = run(Night(FIRST))

    assert changed.causes == ()
    assert stores.rows()["postings"] == before
    assert stores.digest() != digest  # what was metered is worth less now, and breaks say so


def test_another_contract_moves_only_what_was_split_by_estimates(stores: Stores) -> None:
    night = Night(FIRST, window=(USAGE_GAP_DAY, USAGE_GAP_DAY), only=("agent-logs", "anthropic"))
    run(night)
    before = stores.costs()

    stores.edit("sources.yaml", CONTRACT)
    changed = run(night)

    after = stores.costs()
    assert set(dict(changed.causes)) == {"repriced"}
    assert per_book(after) == per_book(before)
    assert {key.day for key, to in before if before[key, to] != after.get((key, to))} == {
        USAGE_GAP_DAY
    }
