"""`graduand explain`: from a figure down to the files it stands on, in words or as JSON."""

import argparse
import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from typing import Any

from cli.day_math import day_math
from cli.explain_figure import explain_figure, explain_tie
from config.settings import settings_from_environment
from config.shapes.finance import Finance
from tasks.core.errors import GraduandError, LakeError, LedgerError
from tasks.core.explained import BookedBy, BreakStory, DayMath, EntryStory, FamilyStory
from tasks.core.month_end.dispositions import decide, dispositions_by_break, in_words
from tasks.lake.store import Lake
from tasks.ledger import history
from tasks.ledger.ledger import Ledger
from tasks.pages.explain import break_story, entry_story, posting_story
from tasks.pages.explain_family import family_story
from tasks.pages.explain_figure import figure_story, tie_story
from tasks.pages.text import plain

_POSTING = re.compile(r"([0-9]{1,15})\.([0-9]{1,9})")
_BREAK = re.compile(r"[0-9a-f]{4,16}")
_NEAR = 3


class UnknownFigureError(GraduandError):
    """Nothing of that id is in the ledger; the message says how to find one that is."""


def main(chosen: argparse.Namespace) -> int:
    """Explain one figure."""
    settings = settings_from_environment()
    lake = Lake.open(settings.lake_dir)
    url = settings.database_url.get_secret_value()
    with Ledger.open(url, lake_id=lake.lake_id) as ledger:
        if chosen.what == "break":
            seen = _break(lake, ledger, chosen.id)
            print(_json(asdict(seen)) if chosen.json else break_story(seen), end="")
        elif chosen.what == "figure" and chosen.words[0] == "tie-out" and len(chosen.words) > 1:
            tie = explain_tie(settings, lake, ledger, chosen.words[1])
            print(_json(asdict(tie)) if chosen.json else tie_story(tie), end="")
        elif chosen.what == "figure":
            figure = explain_figure(ledger, chosen.words, chosen.start, chosen.end)
            print(_json(asdict(figure)) if chosen.json else figure_story(figure), end="")
        elif chosen.what == "family":
            family = _family(ledger, chosen.id, chosen.start, chosen.end)
            print(_json(asdict(family)) if chosen.json else family_story(family), end="")
        else:
            entry = _entry(lake, ledger, chosen.what, chosen.id)
            tell = entry_story if entry.ordinal is None else posting_story
            print(_json(asdict(entry)) if chosen.json else tell(entry), end="")
    return 0


def _entry(lake: Lake, ledger: Ledger, what: str, name: str) -> EntryStory:
    number, ordinal = _numbers(what, name)
    with ledger.history() as connection:
        booked = history.entry_numbered(connection, number)
        if booked is None:
            newest = history.newest_entry(connection)
            message = f"there is no entry {number}: " + (
                f"entries are numbered 1 to {newest}; `graduand explain family <name>` lists"
                " postings"
                if newest
                else "nothing has been booked yet; `graduand run` books"
            )
            raise UnknownFigureError(message)
        last = len(booked.entry.postings) - 1
        if ordinal is not None and ordinal > last:
            message = (
                f"entry {number} has no posting {ordinal}: its postings are {number}.0 to"
                f" {number}.{last}; `graduand explain entry {number}` lists them"
            )
            raise UnknownFigureError(message)
        key = booked.entry.key
        book = history.entries_of_book(connection, key)
        breaks = history.open_breaks(connection, key.issuer, key.account, key.day)
        basis, before = history.bases_until(connection, booked.night.number, key.issuer, key.day)
    math, problem = _math(lake, ledger, booked.night, (key.issuer, key.account, key.day))
    return EntryStory(booked, ordinal, tuple(book), basis, before, math, problem, tuple(breaks))


def _numbers(what: str, name: str) -> tuple[int, int | None]:
    found = _POSTING.fullmatch(name)
    if what == "posting" and found:
        return int(found[1]), int(found[2])
    if what == "entry" and re.fullmatch(r"[0-9]{1,15}", name):
        return int(name), None
    shape = "<entry>.<line>, e.g. 12.0" if what == "posting" else "a number, e.g. 12"
    message = (
        f"{plain(name)!r} is no id of {'a posting' if what == 'posting' else 'an entry'}: write"
        f" {shape}; `graduand explain family <name>` lists postings"
    )
    raise UnknownFigureError(message)


def _break(lake: Lake, ledger: Ledger, name: str) -> BreakStory:
    with ledger.history() as connection:
        known = history.known_breaks(connection)
        begun = [one for one in known if _BREAK.fullmatch(name) and one.startswith(name)]
        newest = history.newest_night(connection)
        if len(begun) != 1 or newest is None:
            several = f"{len(begun)} breaks begin with it: " if begun else ""
            message = f"there is no break {plain(name)!r}: {several}" + _near(
                name, begun or known, "no break was ever seen", "explain break"
            )
            raise UnknownFigureError(message)
        seen = history.observations(connection, begun[0])
        is_current = begun[0] in history.current_break_ids(connection)
    item, night = seen[-1].item, seen[-1].night
    signed = ledger.config_body("finance", newest.inputs.finance_digest)
    of_break = dispositions_by_break(Finance.model_validate_json(signed).dispositions)
    decided = decide(item.amount_nano, of_break.get(begun[0], ()), newest.as_of.date())
    math, problem = _math(lake, ledger, night, (item.issuer, item.account, item.day))
    told = in_words(decided) if decided else ""
    return BreakStory(begun[0], tuple(seen), is_current, newest, math, problem, told)


def _family(ledger: Ledger, name: str, start: date | None, end: date | None) -> FamilyStory:
    first, last = start or date.min, end or date.max
    if first > last:
        message = f"--from {first} is after --to {last}: put the earlier day first"
        raise UnknownFigureError(message)
    with ledger.history() as connection:
        known = history.known_families(connection)
        if name not in known:
            message = f"nothing was ever booked to family {plain(name)!r}: " + _near(
                name, known, "no family has any money booked yet", "explain family"
            )
            raise UnknownFigureError(message)
        booked = history.entries_of_family(connection, name, first, last)
    if not booked:
        message = (
            f"nothing was booked to family {plain(name)!r} for charge days {first} to {last}:"
            " widen --from and --to, or leave them out"
        )
        raise UnknownFigureError(message)
    days = [one.entry.key.day for one in booked]
    return FamilyStory(name, start or min(days), end or max(days), tuple(booked))


def _near(name: str, known: list[str], none: str, command: str) -> str:
    if not known:
        return none
    close = difflib.get_close_matches(name, known, _NEAR, 0.4) or known[:_NEAR]
    shown = ", ".join(plain(one) for one in close)
    return f"did you mean {shown}? Try `graduand {command} {plain(close[0])}`"


def _math(
    lake: Lake, ledger: Ledger, night: BookedBy, place: tuple[str, str, date]
) -> tuple[DayMath | None, str]:
    """Compute again what can be; what cannot is told, and hides nothing else."""
    try:
        return day_math(lake, ledger, night, *place), ""
    except (LakeError, LedgerError) as fault:
        return None, str(fault)


def _json(story: Mapping[str, Any]) -> str:
    return json.dumps(_exact(story), indent=2, ensure_ascii=True) + "\n"


def _exact(value: object) -> object:
    """Turn days and moments into text; amounts stay whole numbers of 1e-9 currency units."""
    if isinstance(value, Mapping):
        return {str(name): _exact(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_exact(inner) for inner in value]
    return value if value is None or isinstance(value, str | int) else str(value)
