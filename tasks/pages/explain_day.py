"""Tell how the records of one account's day met: what was split, its three legs, its files."""

from collections.abc import Iterator, Sequence

from tasks.core.books import Destination, DestinationKind, Strength
from tasks.core.explained import DayMath, SplitLine
from tasks.core.reconciling.buckets import Bucket
from tasks.pages.text import LONGEST_SENTENCE, amount, plain

#: Rows of a list that a person still reads; the others are counted.
SHOWN = 12
#: Kind of the line that tells an account's seats, which are owed by contract.
SEATS = "seats"
_NANO = 10**9


def split_lines(
    math: DayMath | None, problem: str, to: Destination | None, currency: str
) -> Iterator[str]:
    """Tell how each billed sum was split; of one destination only the sums it has a share of."""
    yield "How it was split: billed (C) follows metered tokens (B), of which logs (A) claim a part"
    if math is None:
        yield f"  cannot be computed again: {plain(problem, LONGEST_SENTENCE)}"
        return
    is_part = to is not None and to.kind is not DestinationKind.PAYABLE
    told = [line for line in math.lines if not is_part or to in dict(line.shares)]
    for line in told[:SHOWN]:
        yield from _split(line, to, currency)
    yield from left_out(told)
    if not told:
        yield "  not split: it stands on a line of its own, or nothing of it was billed this time"
    if not math.is_metered:
        yield "  The vendor's usage of this day was not known: logs' own estimates decided."


def bucket_lines(math: DayMath | None, sku: str, problem: str) -> Iterator[str]:
    """Tell the three legs of a sku, or of all if the break names none."""
    yield "The three records of that day, in money"
    if math is None:
        yield f"  cannot be computed again: {plain(problem, LONGEST_SENTENCE)}"
        return
    buckets = [one for one in math.buckets if sku in {one.sku, "-"}]
    for one in buckets[:SHOWN]:
        yield f"  {plain(one.sku)}"
        yield from _legs(one, math)
    yield from left_out(buckets)
    if not buckets:
        yield "  none: this break is not about what one account was billed for"


def file_lines(math: DayMath | None) -> Iterator[str]:
    """Tell the files that the figure stands on."""
    yield "It stands on these files of the lake, in order of arrival"
    for one in math.stands_on if math else ():
        what = f"{one.layer} {one.table or one.stream}"
        size = f"{one.rows:,} rows, sha {one.sha[:12]}"
        yield f"  snapshot {one.seq:<6}{plain(one.source):<14}{what:<18} {one.key}  {size}"
        yield f"      {plain(one.path, 300)}"
    if math is None or not math.stands_on:
        yield "  none that can be told"


def to_words(to: Destination) -> str:
    """Name a destination."""
    if to.kind is DestinationKind.FAMILY:
        return f"to {plain(to.workflow)} of {plain(to.family)}"
    return f"to {to.kind.value.replace('_', ' ')}"


def exact(nano: int, currency: str = "") -> str:
    """Print 1e-9 currency units with all their digits."""
    sign, size = ("-" if nano < 0 else ""), abs(nano)
    mark = f" {plain(currency)}" if currency else ""
    return f"{sign}{size // _NANO:,}.{size % _NANO:09d}{mark}"


def row(name: str, words: str) -> str:
    """Lay out a name and what it is."""
    return f"  {name:<14}{words}"


def left_out(items: Sequence[object]) -> list[str]:
    """Count what a list does not show."""
    return [f"  ... and {len(items) - SHOWN} more"] if len(items) > SHOWN else []


def _split(line: SplitLine, to: Destination | None, currency: str) -> Iterator[str]:
    logged = sum(tokens for _, tokens in line.logged)
    yield f"  {plain(line.sku)}, {plain(line.kind or 'no kind')}"
    billed = exact(line.billed_nano, currency)
    if line.kind == SEATS:
        yield f"      {billed} for this day by contract, split by what logs show: {logged:,} tokens"
    else:
        yield f"      C {billed}, B {line.metered:,} tokens, A {logged:,} tokens"
    for workflow, tokens in line.logged:
        yield f"      logged {tokens:>14,}  {plain(workflow) or 'no workflow'}"
    for where, nano in line.shares:
        mark = ">" if where == to else " "
        yield f"    {mark} booked {amount(nano, currency):>14}  {to_words(where)} ({_how(where)})"


def _how(to: Destination) -> str:
    """Tell what sets apart two destinations of one workflow."""
    strength = "" if to.strength is Strength.NONE else to.strength.value.replace("_", " ")
    paid = f"paid from {to.paid_from}" if to.paid_from not in {"", to.pool} else ""
    return ", ".join(word for word in (to.method.value, strength, to.pool, paid) if word)


def _legs(one: Bucket, math: DayMath) -> Iterator[str]:
    unit = math.currency
    logged = "cannot be valued" if one.is_unvalued else exact(one.logged_nano, unit)
    yield row("  logged (A)", logged)
    yield row("  metered (B)", exact(one.metered_nano, unit) if one.has_usage else "nothing")
    yield row("  billed (C)", exact(one.billed_nano, unit) if one.has_charge else "nothing")
    if not one.is_unvalued:
        yield row("  B less A", exact(one.metered_nano - one.logged_nano, unit))
        yield row("  C less B", exact(one.billed_nano - one.metered_nano, unit))
    allowed = math.tolerance.of(one.billed_nano), math.tolerance.of(one.metered_nano)
    shown = exact(max(allowed), unit)
    yield row("  tolerance", f"{shown}: a smaller difference is not named")
