"""The quality gate: what passes becomes visible, what does not is quarantined or holds its day.

A row that fails is refused alone. A day is held where the batch itself is wrong: columns
that are missing, a key twice, more than one row in twenty failing, or a check that could
not be judged.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from tasks.checks.frames import Row, frame_of, missing_columns, mistyped
from tasks.core.batches import Reject
from tasks.core.findings import Finding
from tasks.core.tables import Table

#: Share of failing rows beyond which a day is held, where it has more rows than `_FEW`.
_LARGEST_SHARE = 0.05
_FEW = 20
_UNIQUE_KEY = "unique_key"
_NO_E_MAIL = "no_e_mail"


@dataclass(frozen=True, slots=True)
class CheckResult:
    """The gate's answer for one day of one table.

    Attributes:
        rows: What may be published; nothing if the day is held.
        rejects: Rows that failed, with code `failed_check:<name>`.
        is_critical: The day must be held.
        findings: Why it is held.
    """

    rows: Sequence[Row]
    rejects: tuple[Reject, ...] = ()
    is_critical: bool = False
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class _Failed:
    name: str
    field: str


def check(table: Table, source: str, days: Mapping[date, Sequence[Row]]) -> dict[date, CheckResult]:
    """Check the rows of one source's changed days in one pass.

    Args:
        table: What the rows are meant to be.
        source: Name of the source, for messages.
        days: Rows by the key of their batch; every column of the table in each.

    Returns:
        An answer for every day, also for those without a row.
    """
    critical = {key: _wrong_columns(table, rows) for key, rows in days.items()}
    keyed = [(key, row) for key, rows in days.items() if not critical[key] for row in rows]
    failed = {
        position: _Failed("type", column)
        for position, column in mistyped(table, [row for _, row in keyed]).items()
    }
    typed = [position for position in range(len(keyed)) if position not in failed]
    if typed:
        # Importing Great Expectations takes seconds: not before there is something to check.
        from tasks.checks.engine import failures  # noqa: PLC0415  # see above

        for failure in failures(table, frame_of(table, [keyed[at] for at in typed])):
            positions = [typed[label] for label in failure.rows]
            if failure.fault:
                text = f"check {failure.name} of {failure.field!r} broke: {failure.fault}"
                critical.update({key: text for key in critical if not critical[key]})
            if failure.name == _UNIQUE_KEY:
                text = f"{len(positions)} rows share a key ({failure.field})"
                critical.update({keyed[at][0]: text for at in positions})
            for at in positions:
                failed.setdefault(at, _Failed(failure.name, failure.field))
    return _by_day(table, source, days, keyed, failed, critical)


def _by_day(
    table: Table,
    source: str,
    days: Mapping[date, Sequence[Row]],
    keyed: Sequence[tuple[date, Row]],
    failed: Mapping[int, _Failed],
    critical: dict[date, str],
) -> dict[date, CheckResult]:
    passed: dict[date, list[Row]] = {key: [] for key in days}
    rejects: dict[date, list[Reject]] = {key: [] for key in days}
    positions = dict.fromkeys(days, 0)
    for at, (key, row) in enumerate(keyed):
        if at in failed:
            rejects[key].append(_reject(table, key, positions[key], row, failed[at]))
        else:
            passed[key].append(row)
        positions[key] += 1
    results = {}
    for key, rows in days.items():
        count = len(rejects[key])
        if not critical[key] and len(rows) > _FEW and count > _LARGEST_SHARE * len(rows):
            critical[key] = f"{count} of {len(rows)} rows fail their checks"
        why = critical[key]
        finding = Finding("check_critical", f"{source} {key}", f"{table.name}: {why}", source)
        results[key] = CheckResult(
            rows=() if why else passed[key],
            rejects=tuple(rejects[key]),
            is_critical=bool(why),
            findings=(finding,) if why else (),
        )
    return results


def _wrong_columns(table: Table, rows: Sequence[Row]) -> str:
    wrong = missing_columns(table, rows) & set(table.column_names())
    unknown = missing_columns(table, rows) - set(table.column_names())
    if wrong:
        return f"columns {', '.join(sorted(wrong))} are missing"
    if unknown:
        return f"{len(unknown)} columns are not of this table"
    return ""


def _reject(table: Table, key: date, position: int, row: Row, failed: _Failed) -> Reject:
    text = json.dumps(row, sort_keys=True, default=str).encode()
    # Who fails for an address in some column may have it in any of these.
    is_safe = failed.name != _NO_E_MAIL
    amount = row.get("billed_nano")
    return Reject(
        place=f"{table.name} {key}",
        position=position,
        length=len(text),
        digest=hashlib.sha256(text).hexdigest(),
        field_path=failed.field,
        code=f"failed_check:{failed.name}",
        issuer=_text(row.get("issuer")) if is_safe else "",
        account=_text(row.get("account")) if is_safe else "",
        amount_nano=amount if isinstance(amount, int) else None,
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
