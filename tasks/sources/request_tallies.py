"""What logs of requests count beside their requests, as findings."""

from collections.abc import Mapping

from tasks.core.findings import Finding

#: Names of tallies: requests of which nothing tells how long their cache writes were to live,
#: whose stamp is no short word, with tokens of another kind; lines that hold no record; and
#: requests that only sum others.
UNSPLIT, UNSTAMPED, UNKNOWN_KIND, EMPTY = "unsplit", "unstamped", "unknown_kind", "empty"
COPIES = "copies"


def tell(source: str, counts: Mapping[str, int]) -> tuple[Finding, ...]:
    """Say what of a log is not kept or not known.

    Args:
        source: Name of the source.
        counts: By tally; others than those of this module are told elsewhere.
    """
    unsplit, unstamped, unknown_kind, empty, copies = (
        counts.get(name, 0) for name in (UNSPLIT, UNSTAMPED, UNKNOWN_KIND, EMPTY, COPIES)
    )
    writes = f"of {unsplit} request(s) nothing tells how long their cache writes were to live"
    stamps = f"in {unstamped} request(s) what names the workflow is no short word; it is not kept"
    kinds = f"{unknown_kind} request(s) count tokens of a kind that is not known here"
    lines = f"{empty} line(s) hold no record as the protocol writes one"
    sums = f"{copies} request(s) sum what those below them tell again, and are not added"
    told = (
        (unsplit, Finding("unsplit_cache", source, writes, source)),
        (unstamped, Finding("hint_dropped", source, stamps, source)),
        (unknown_kind, Finding("unknown_token_kind", source, kinds, source)),
        (empty, Finding("empty_export", source, lines, source)),
        (copies, Finding("second_copy", source, sums, source)),
    )
    return tuple(finding for count, finding in told if count)
