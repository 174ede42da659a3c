"""Findings as things to do: what was found, a code at a time, and what to do about it."""

from collections.abc import Iterable
from itertools import groupby

from tasks.core.findings import Finding
from tasks.pages.meanings import FINDINGS
from tasks.pages.text import LONGEST_SENTENCE, markdown

#: Findings of a code that a person still reads; the others are counted.
_SHOWN = 8


def finding_tasks(findings: Iterable[Finding]) -> list[str]:
    """Ask for what findings want done, a paragraph of markdown for each code; none twice."""
    lines = []
    for code, group in groupby(sorted(set(findings)), lambda one: one.code):
        found = list(group)
        if len(found) == 1:
            detail = markdown(found[0].detail, LONGEST_SENTENCE)
            lines.append(f"`{code}` {markdown(found[0].subject)}: {detail}; {FINDINGS[code]}.")
            continue
        details = [_detail(one) for one in found[:_SHOWN]]
        if len(found) > _SHOWN:
            details.append(f"{len(found) - _SHOWN:,} more")
        listed = "".join(f"\n   - {detail}" for detail in details)
        lines.append(f"`{code}`, {len(found):,} times: {FINDINGS[code]}.\n{listed}")
    return lines


def _detail(one: Finding) -> str:
    """Tell a finding, with what it is about unless its own words say so."""
    detail = markdown(one.detail, LONGEST_SENTENCE)
    if one.subject in one.detail:
        return detail[:1].upper() + detail[1:]
    return f"{markdown(one.subject)}: {detail}"
