"""The canonical text of raw requests in SQL, and the contract that makes it safe to write so."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from tasks.core.request_fields import FIELDS, FIRST_YEAR, LAST_YEAR, MAX_COUNT, Field
from tasks.lake.reading_engine import quoted

_NO_TEXT = ("", "''")


class Member(NamedTuple):
    """A member of a JSON object.

    Attributes:
        name: Of the member, and of the column that it is left out without.
        text: SQL of its value's text.
        is_quoted: The value is text.
        is_required: The column is never null.
    """

    name: str
    text: str
    is_quoted: bool
    is_required: bool


def object_sql(members: Sequence[Member], end: str = "") -> str:
    """Write a JSON object of texts that need no escape, nulls left out, and what follows it.

    All in one `concat`, which takes a null as no text: a text made of parts is a copy each time.

    Args:
        members: In their order; one of them is required.
        end: SQL of more text.
    """
    first = next(at for at, member in enumerate(members) if member.is_required)
    parts, plain = [], "{"
    for at, member in enumerate(members):
        mark = '"' if member.is_quoted else ""
        head = f'{"," if at > first else ""}"{member.name}":{mark}'
        tail = f"{mark}{',' if at < first else ''}"
        if member.is_required:
            parts += [quoted(plain + head), member.text]
            plain = tail
            continue
        parts += [quoted(plain), _unless_null(member, head), member.text]
        parts.append(_unless_null(member, tail))
        plain = ""
    parts += [quoted(plain + "}"), end]
    return f"concat({', '.join(part for part in parts if part not in _NO_TEXT)})"


def _unless_null(member: Member, text: str) -> str:
    return f"CASE WHEN {member.name} IS NOT NULL THEN {quoted(text)} END" if text else ""


def instant_sql(column: str) -> str:
    """Write a UTC `TIMESTAMP` as `tasks.core.instants.instant_text` does."""
    # A whole second has no fraction.
    return f"replace(strftime({column}, '%Y-%m-%dT%H:%M:%S.%fZ'), '.000000Z', 'Z')"


def raw_line_sql(names: Iterable[str] = FIELDS, end: str = "") -> str:
    """Write the canonical line of a raw request, of columns that keep the contract."""
    members = [
        Member(
            name,
            instant_sql(name) if FIELDS[name].type == "instant" else name,
            is_quoted=FIELDS[name].type != "int",
            is_required=FIELDS[name].is_required,
        )
        for name in sorted(names)
    ]
    return object_sql(members, end)


def fault_sql(names: Iterable[str] = FIELDS, proven: Collection[str] = ()) -> str:
    """Write what is wrong with a row first, as `field code`; null where all is well.

    Args:
        names: The fields to look at.
        proven: Those of them that fit where they are there at all.
    """
    cases = [
        case for name in names for case in _faults(name, FIELDS[name], is_proven=name in proven)
    ]
    return f"CASE {' '.join(cases)} END"


def _faults(name: str, field: Field, *, is_proven: bool) -> list[str]:
    cases = []
    if field.is_required:
        cases.append(f"WHEN {name} IS NULL THEN '{name} missing'")
    if is_proven:
        return cases
    if field.pattern:
        code = "bad_amount" if field.type == "amount" else "bad_word"
        cases.append(
            f"WHEN NOT regexp_full_match({name}, {quoted(field.pattern)}) THEN '{name} {code}'"
        )
    elif field.type == "int":
        cases.append(f"WHEN {name} NOT BETWEEN 0 AND {MAX_COUNT} THEN '{name} out_of_range'")
    else:
        cases.append(
            f"WHEN year({name}) NOT BETWEEN {FIRST_YEAR} AND {LAST_YEAR} THEN '{name} out_of_range'"
        )
    if name == "started_at":
        cases.append("WHEN started_at > ended_at THEN 'started_at out_of_order'")
    return cases
