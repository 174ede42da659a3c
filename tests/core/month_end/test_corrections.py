"""What belongs to a closed month stands apart from families, and nothing of it is lost."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from tasks.core.books import BookKey, Cause, Destination, DestinationKind, Entry, Posting
from tasks.core.month_end.corrections import (
    Correction,
    corrections_of,
    others_without,
    pools_without,
)
from tasks.core.month_end.posting import PAYABLE
from tasks.core.totals import family_rows, other_rows, workflow_rows

DAY = date(2026, 10, 20)
LATE = BookKey("anthropic", "main", DAY, "2026-11", "USD", "2026-10")
OWN = BookKey("anthropic", "main", DAY, "2026-10", "USD")
NOBODY = Destination(DestinationKind.UNATTRIBUTED, "platform")


def to(workflow: str, pool: str = "production") -> Destination:
    return Destination(DestinationKind.FAMILY, "platform", "upgrades", workflow, pool)


def correction(destination: Destination, amount: int) -> Correction:
    return Correction(
        *("2026-10", "2026-11", "USD", destination.portfolio, destination.kind.value),
        *(destination.family, destination.workflow, destination.pool, amount),
    )


def test_what_is_posted_and_what_the_night_adds_are_summed() -> None:
    posted = {(LATE, to("alpha")): 30, (LATE, PAYABLE): -30, (OWN, to("alpha")): 500}
    lines = (Posting(to("alpha"), 5), Posting(NOBODY, 2), Posting(PAYABLE, -7))
    entry = Entry(LATE, Cause.RESTATED, lines)

    found = corrections_of(posted, [entry, Entry(OWN, Cause.NEW, lines)], DAY, DAY)

    assert found == (correction(to("alpha"), 35), correction(NOBODY, 2))
    assert corrections_of(posted, [entry], date(2026, 11, 1), date(2026, 11, 30)) == ()


def test_what_cancels_out_is_no_correction() -> None:
    entry = Entry(LATE, Cause.RESTATED, (Posting(to("alpha"), -30), Posting(PAYABLE, 30)))

    assert corrections_of({(LATE, to("alpha")): 30}, [entry], DAY, DAY) == ()


destinations = st.sampled_from(
    [to("alpha"), to("alpha", "exploration"), to("beta"), to("beta", "exploration"), NOBODY]
)
amounts = st.dictionaries(destinations, st.integers(-(10**15), 10**15).filter(bool))


@given(own=amounts, late=amounts)
def test_families_without_corrections_are_what_their_own_period_was_booked(
    own: dict[Destination, int], late: dict[Destination, int]
) -> None:
    together = {
        destination: own.get(destination, 0) + late.get(destination, 0)
        for destination in own.keys() | late.keys()
    }
    posted = {(LATE, destination): nano for destination, nano in late.items()}
    found = corrections_of(posted, [], DAY, DAY)

    for rows_of in (family_rows, workflow_rows):
        expected = {
            (row.family, row.workflow): (row.exploration_nano, row.production_nano)
            for row in rows_of({OWN: own})
        }
        for row in pools_without(rows_of({OWN: together}), found):
            left = (row.exploration_nano, row.production_nano)
            assert left == expected.get((row.family, row.workflow), (0, 0))
    carried = {row.kind: row.amount_nano for row in other_rows({OWN: own})}
    for other in others_without(other_rows({OWN: together}), found):
        assert other.amount_nano == carried.get(other.kind, 0)
    assert sum(one.amount_nano for one in found) == sum(late.values())
