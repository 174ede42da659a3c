"""A log's raw rows in the form of the `runs` table, each run once."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date

from config.shapes.sources import AgentLogSource, Issuer
from tasks.core.batches import Conformed, RawRow, Reject
from tasks.core.days import vendor_day
from tasks.core.findings import Finding
from tasks.core.instants import parse_instant
from tasks.core.models import split_model
from tasks.core.money import to_nano
from tasks.core.tables import RUNS, TOKEN_KINDS

#: Issuer of a run whose model names no vendor, where the source does not settle it.
UNKNOWN_ISSUER = "unknown"
_WORK = "work"
_JSON_COLUMNS = ("tools", "policy_checks", "hooks", "layers", "inputs")
_SAME_NAME = (
    "stamp",
    "branch_prefix",
    "branch_item",
    "branch_digest",
    "repo",
    "work_item",
    "decision",
    "epoch",
    "human_escalation",
    "failure_type",
    "discarded",
)


def conform_runs(
    rows: Iterable[RawRow],
    *,
    config: AgentLogSource,
    key: date,
    issuers: Mapping[str, Issuer],
) -> Conformed:
    """Give one row per run.

    A line that says the same as another is a duplicate. Of lines that tell the same run
    differently the one with the latest end stays; a tie goes to the later text.

    Args:
        rows: Raw rows of one UTC day.
        config: Source they come from.
        key: That UTC day; the issuer's own day of a run may be its neighbour.
        issuers: By id, for the start of their day.
    """
    kept: dict[str, tuple[str, str]] = {}
    by_text: dict[str, RawRow] = {}
    rejects: list[Reject] = []
    dropped: Counter[str] = Counter()
    for position, row in enumerate(rows):
        text = _text(row)
        run_id = str(row["run_id"])
        rank = (str(row["ended_at"]), text)
        fields = row.get("dropped", [])
        dropped.update(map(str, fields if isinstance(fields, list) else []))
        known = kept.get(run_id)
        if known is not None:
            code = "duplicate" if known == rank else "conflicting_run"
            loser = min(known, rank)
            rejects.append(_reject(key, position, loser[1], code, config))
            if loser == rank:
                continue
            del by_text[known[1]]
        kept[run_id] = rank
        by_text[text] = row
    runs = [_run(row, config, issuers) for row in by_text.values()]
    findings = [_dropped(config.name, key, name, count) for name, count in sorted(dropped.items())]
    unknown = Counter(str(run["issuer"]) for run in runs if run["issuer"] not in issuers)
    findings += [
        _unknown(config.name, key, issuer, count) for issuer, count in sorted(unknown.items())
    ]
    return Conformed(runs, tuple(rejects), findings=tuple(findings))


def _run(row: RawRow, config: AgentLogSource, issuers: Mapping[str, Issuer]) -> dict[str, object]:
    vendor, model = split_model(str(row["model"]))
    issuer = vendor or _only_issuer(config)
    ended_at = parse_instant(row["ended_at"])
    started_at = row.get("started_at")
    offset = issuers[issuer].day_offset_minutes if issuer in issuers else 0
    cost = row.get("cost_usd")
    run: dict[str, object] = dict.fromkeys(RUNS.column_names())
    run |= {
        "source": config.name,
        "run_id": row["run_id"],
        "day": vendor_day(ended_at, offset),
        "ended_at": ended_at,
        "started_at": None if started_at is None else parse_instant(started_at),
        "issuer": issuer,
        "model": model,
        "account": row.get("account") or config.default_accounts.get(issuer),
        "reported_cost_nano": None if cost is None else to_nano(str(cost)),
        "purpose": row.get("purpose") or _WORK,
    }
    run |= {f"{kind}_tokens": row.get(f"{kind}_tokens") for kind in TOKEN_KINDS}
    run |= {name: row.get(name) for name in _SAME_NAME}
    run |= {name: _text(row[name]) for name in _JSON_COLUMNS if row.get(name) is not None}
    return run


def _only_issuer(config: AgentLogSource) -> str:
    """Name the issuer of a model without one: clear only where the source knows just one."""
    issuers = list(config.default_accounts)
    return issuers[0] if len(issuers) == 1 else UNKNOWN_ISSUER


def _reject(key: date, position: int, text: str, code: str, config: AgentLogSource) -> Reject:
    return Reject(
        place=f"{config.name} {key}",
        position=position,
        length=len(text),
        digest=hashlib.sha256(text.encode()).hexdigest(),
        field_path="run_id",
        code=code,
    )


def _dropped(source: str, key: date, field: str, count: int) -> Finding:
    detail = f"of {key}, in {count} line(s) the {field} is no short word or id; it is not kept"
    return Finding("hint_dropped", field, detail, source)


def _unknown(source: str, key: date, issuer: str, count: int) -> Finding:
    detail = f"of {key}, {count} run(s) name a vendor that sources.yaml does not know as an issuer"
    return Finding("unknown_issuer", issuer, detail, source)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
