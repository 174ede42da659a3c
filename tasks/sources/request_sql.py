"""Pieces of SQL that readings of request logs share (`tasks.core.reading`)."""

import re
from collections.abc import Callable, Iterable

from tasks.core.reading import Lookup
from tasks.core.request_fields import MAX_COUNT, PROVIDER_ID


def quoted(text: str) -> str:
    """Quote text for SQL."""
    return "'" + text.replace("'", "''") + "'"


def is_provider_id(column: str) -> str:
    """Say whether an id is one that a provider gave; any other may be what somebody wrote."""
    return f"regexp_full_match({column}, '{PROVIDER_ID}') AND regexp_matches({column}, '[0-9]')"


def is_no_count(column: str) -> str:
    """Say whether a number that `whole` gave is no count of tokens."""
    return f"coalesce({column} NOT BETWEEN 0 AND {MAX_COUNT}, true)"


def is_negative(amount: str) -> str:
    """Say whether an amount that `decimal_text` gave is less than nothing."""
    return f"({amount} LIKE '-%' AND regexp_matches({amount}, '[1-9]'))"


def digested(name: str, column: str, door: Callable[[str], str]) -> Lookup:
    """Look up the keyed digests of a column, as `id` of a table of that name."""
    return Lookup(name, (column,), {"id": "VARCHAR"}, lambda values: {"id": door(str(values[0]))})


def decoded(column: str, structure: str) -> str:
    """Give a JSON column the form of a structure, also where it is text that holds JSON."""
    return f"from_json({unquoted(column)}, {quoted(structure)})"


def unquoted(column: str) -> str:
    """Give the JSON that a JSON column holds, also where it is text; null where that is none."""
    return (
        f"CASE WHEN left(CAST({column} AS VARCHAR), 1) <> '\"' THEN {column}"
        f" WHEN json_valid({column} ->> '$') THEN CAST({column} ->> '$' AS JSON) END"
    )


def tags_named(tags: str, keys: Iterable[str]) -> str:
    """Keep the tags of a list that begin with one of the keys; null where there is none."""
    named = "|".join(re.escape(key) for key in keys)
    pattern = quoted(rf"\s*(?:{named})\s*[:=].*")
    # Searching plain text is ten times as fast as matching, and most tags name something else.
    likely = " OR ".join(f"contains(tag, {quoted(key)})" for key in keys)
    is_named = f"CASE WHEN {likely} THEN regexp_full_match(tag, {pattern}, 's') ELSE false END"
    return f"nullif(list_filter({tags}, lambda tag: {is_named}), [])"


def utc_instant(column: str) -> str:
    """Read an instant of a database that keeps UTC, and may write no offset."""
    # PostgreSQL writes whole hours without minutes; the end of a date alone is no offset.
    has_offset = rf"regexp_matches({column}, ':[0-9.]+[+-][0-9]{{2}}(?::?[0-9]{{2}})?$')"
    plain = f"TRY_CAST({column} AS TIMESTAMP)"
    shifted = f"make_timestamp(epoch_us(TRY_CAST({column} AS TIMESTAMPTZ)))"
    return (
        f"CASE WHEN ends_with({column}, 'Z') THEN {plain}"
        f" WHEN {has_offset} THEN {shifted} ELSE {plain} END"
    )
