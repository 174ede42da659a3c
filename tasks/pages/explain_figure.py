"""Tell a figure of the page: its sum, what it is made of, and where to go on from there."""

from collections.abc import Callable, Iterator, Sequence

from tasks.core.books import DestinationKind
from tasks.core.explained import BookedBy
from tasks.core.figures import FigureStory, Part, TieStory
from tasks.pages.explain_day import SHOWN, exact, left_out, row
from tasks.pages.explain_words import CAUSES, KINDS, METHODS
from tasks.pages.text import amount, plain, shares


def figure_story(story: FigureStory) -> str:
    """Tell a figure as the sum of its postings."""
    lines = [f"Figure: {plain(story.title)}, charge days {story.start} to {story.end}", ""]
    sums = _sums(story.parts, lambda part: part.booked.entry.key.currency)
    for currency, nano in sums.items():
        lines.append(row("amount", f"{amount(nano, currency)} (exactly {exact(nano, currency)})"))
        lines += _share(story, currency, nano)
    if not sums:
        lines.append(row("amount", "nothing: no posting belongs to it"))
    lines += [
        row("what it is", story.meaning),
        *_money(story.parts),
        row("made of", f"{len(story.parts):,} postings, which sum to it exactly"),
        _night(story.night),
        *_by("By kind of money", story.parts, _kind),
        *_by("By vendor", story.parts, lambda one: plain(one.booked.entry.key.issuer)),
        *_by("By family", story.parts, lambda one: plain(one.posting.destination.family) or "none"),
        *_by("By method", story.parts, _method),
        *_by("By cause", story.parts, _cause),
    ]
    corrections = [one for one in story.parts if one.booked.entry.key.origin_period]
    if corrections:
        moved = _sums(corrections, lambda part: part.booked.entry.key.currency)
        shown = ", ".join(amount(nano, currency) for currency, nano in moved.items())
        lines.append(f"\n  Of it, corrections of closed periods: {shown}, outside budgets.")
    lines += ["", *_largest(story.parts)]
    return "\n".join(lines) + "\n"


def tie_story(story: TieStory) -> str:
    """Tell how an issuer's records meet, with the breaks behind each line."""
    tie, unit = story.tie, story.tie.currency
    same = "the digest is the one it recorded" if story.is_same else _NOT_SAME
    lines = [
        f"Tie-out of {plain(tie.issuer)}, charge days {story.start} to {story.end}",
        "",
        _night(story.night),
        row("again", f"computed again from the files: {same}"),
        "",
        "From what logs say (A) to what was metered (B), at the card's prices",
        _line("logged, where it can be compared", tie.compared_logged_nano, unit),
        *_named(tie.logged_named, unit),
        _line("  smaller than any tolerance", tie.logged_within_nano, unit),
        _line("metered, where logs can be compared", tie.compared_metered_nano, unit),
        "",
        "From what was metered (B) to what was billed (C)",
        _line("metered, all", tie.metered_nano, unit),
        *_named(tie.billed_named, unit),
        _line("  smaller than any tolerance", tie.billed_within_nano, unit),
        _line("  units that no card prices", tie.units_nano, unit),
        _line("  days whose usage is not known", tie.unchecked_nano, unit),
        _line("billed for usage", tie.billed_nano, unit),
        "",
        "The breaks behind these lines, largest first",
    ]
    for break_id, item in story.breaks[:SHOWN]:
        name = item.break_class.value.replace("_", " ")
        lines.append(
            f"  {break_id}  {amount(item.amount_nano, unit):>14}  {name}, {item.day},"
            f" {plain(item.account)}, {plain(item.sku)}"
        )
    lines += left_out(story.breaks)
    if not story.breaks:
        lines.append("  none: everything meets within tolerance")
    first = story.breaks[0][0] if story.breaks else ""
    lines += ["", "What to do next"]
    lines.append(f"  graduand explain break {first}" if first else "  nothing")
    return "\n".join(lines) + "\n"


_NOT_SAME = (
    "it differs from what was recorded. Names erased since, or another version of graduand, can be"
    " why; else run `graduand check --deep`"
)


def _night(night: BookedBy) -> str:
    moment = f"{night.as_of:%Y-%m-%d %H:%M} UTC"
    return row("as of", f"night {night.number}, {moment}, which ended {night.status}")


def _money(parts: Sequence[Part]) -> Iterator[str]:
    """Say what the money is, where all of it is of one kind."""
    kinds = {part.posting.destination.kind for part in parts}
    if len(kinds) == 1:
        yield row("money", KINDS[kinds.pop()])


def _share(story: FigureStory, currency: str, nano: int) -> Iterator[str]:
    whole = _sums(story.of, lambda part: part.booked.entry.key.currency).get(currency, 0)
    if 0 <= nano <= whole and whole:
        percent = shares((nano, whole - nano))[0]
        yield row("share", f"{percent} of {amount(whole, currency)} billed for usage")


def _by(title: str, parts: Sequence[Part], name_of: Callable[[Part], str]) -> Iterator[str]:
    sums: dict[tuple[str, str], int] = {}
    for part in parts:
        of = (name_of(part), part.booked.entry.key.currency)
        sums[of] = sums.get(of, 0) + part.posting.amount_nano
    if len({name for name, _ in sums}) < 2:  # noqa: PLR2004 - one part is the whole, told above
        return
    yield f"\n{title}"
    for (name, currency), nano in sorted(sums.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"  {amount(nano, currency):>14}  {name}"


def _largest(parts: Sequence[Part]) -> Iterator[str]:
    if not parts:
        return
    yield "Largest postings"
    largest = sorted(
        parts, key=lambda one: (-abs(one.posting.amount_nano), one.booked.number, one.ordinal)
    )
    for one in largest[:SHOWN]:
        key, to = one.booked.entry.key, one.posting.destination
        whose = plain(to.workflow) or to.kind.value.replace("_", " ")
        origin = f", corrects {key.origin_period}" if key.origin_period else ""
        yield (
            f"  {f'{one.booked.number}.{one.ordinal}':<9}"
            f"{amount(one.posting.amount_nano, key.currency):>14}  {key.day}  {plain(key.issuer)}"
            f" {plain(key.account)}, {whose}, {one.booked.entry.cause.value}{origin}"
        )
    yield from left_out(largest)
    first = largest[0]
    yield from (
        "",
        "What to do next",
        f"  graduand explain posting {first.booked.number}.{first.ordinal}",
    )


def _sums(parts: Sequence[Part], name_of: Callable[[Part], str]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for part in parts:
        sums[name_of(part)] = sums.get(name_of(part), 0) + part.posting.amount_nano
    return sums


def _kind(part: Part) -> str:
    kind: DestinationKind = part.posting.destination.kind
    return f"{kind.value.replace('_', ' ')}: {KINDS[kind]}"


def _method(part: Part) -> str:
    method = part.posting.destination.method
    return f"{method.value}: {METHODS[method]}"


def _cause(part: Part) -> str:
    cause = part.booked.entry.cause
    return f"{cause.value}: {CAUSES[cause]}"


def _line(name: str, nano: int, currency: str) -> str:
    return f"  {name:<40}{amount(nano, currency):>16}"


def _named(named: Sequence[tuple[str, int]], currency: str) -> Iterator[str]:
    for name, nano in named:
        if nano:
            yield _line(f"  {name.replace('_', ' ')}", nano, currency)
