"""Cursor's events of one day added up: charges, sessions as runs, and what squads used.

Two equal events are two events: the vendor gives them no id and adds them up by the hour.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal

from tasks.core.batches import Conformed, RawRow
from tasks.core.models import canonical_model
from tasks.core.requests import Request
from tasks.core.squad_use import Measure, Used
from tasks.sources.cursor.payloads import Event, EventKind
from tasks.sources.report_fields import cents_to_nano, decimal_text
from tasks.sources.report_rows import TableRow, charge, count_or_none, number_lines
from tasks.sources.squad_rows import folded_rows

#: What Cursor bills in.
CURRENCY = "USD"
_AGENT = "agent:cursor"
_TOKENS = "tokens"
#: Stands behind the model in the sku of what is not billed, if no better word is told.
_NOT_CHARGEABLE = "not_chargeable"
_WIDE = Context(prec=200)
_CENTS = Decimal(100)


@dataclass(frozen=True, slots=True)
class Hints:
    """Where the commits of a conversation went, as far as that may be kept."""

    repo: str | None = None
    branch_prefix: str | None = None
    branch_item: str | None = None
    branch_digest: str | None = None


def add_cents(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts exactly, however many digits they have."""
    total = Decimal(0)
    for amount in amounts:
        total = _WIDE.add(total, amount)
    return total


def charge_rows(events: Iterable[Event], day: date, digest: Callable[[str], str]) -> list[RawRow]:
    """Add up events that share conversation, key, model, kind and whether they are billed.

    Args:
        events: Of one day.
        day: That day.
        digest: Digest under the installation's own key, for the ids of runs.
    """
    groups: dict[tuple[str, str, str, str, bool], list[Event]] = {}
    for one in events:
        of = (one.session or "", one.api_key or "", one.model, one.kind.value, one.is_billed)
        groups.setdefault(of, []).append(one)
    return [
        {
            "model": model,
            "kind": kind,
            "is_billed": is_billed,
            "run_id": digest(run) if (run := _run(session, api_key, model, day)) else None,
            "api_key": api_key or None,
            "charged_cents": decimal_text(add_cents(one.charged_cents for one in group)),
            "tokens": _all_tokens(group),
            "events": len(group),
        }
        for (session, api_key, model, kind, is_billed), group in sorted(groups.items())
    ]


def conform_charges(
    rows: Sequence[RawRow], *, source: str, issuer: str, account: str, day: date
) -> Conformed:
    """Give one row per line; what is not billed costs nothing, and its list amount says what.

    So the billed amounts add up to the team's spend beyond its plan, and the list amounts to
    what it used, the plan included.
    """
    lines: list[TableRow] = []
    for row in rows:
        model = canonical_model(str(row["model"]))
        tokens = count_or_none(row["tokens"])
        cents = Decimal(str(row["charged_cents"]))
        lines.append(
            charge(
                day,
                source=source,
                issuer=issuer,
                account=account,
                sku=model if row["is_billed"] else f"{model}·{_free_word(str(row['kind']))}",
                model=model,
                quantity=tokens,
                unit=None if tokens is None else _TOKENS,
                billed_nano=cents_to_nano(cents) if row["is_billed"] else 0,
                list_nano=cents_to_nano(cents),
                currency=CURRENCY,
                run_id=row["run_id"],
                api_key=row["api_key"],
            )
        )
    return Conformed(number_lines(lines))


def session_rows(
    events: Iterable[Event],
    day: date,
    digest: Callable[[str], str],
    *,
    issuer: str,
    account: str,
    hints: Mapping[str, Hints],
) -> list[RawRow]:
    """Make one run of what a conversation asked one model for on a day.

    What a service account did without a conversation is one run a day and model, so that the
    owner of the account is found; what a person did without one is none.

    Args:
        events: Of one day.
        day: That day.
        digest: As in `charge_rows`.
        issuer: Who bills it.
        account: Of the team.
        hints: By conversation.
    """
    groups: dict[tuple[str, str], list[Event]] = {}
    for one in events:
        if name := _run(one.session, one.api_key, one.model, day):
            groups.setdefault((name, one.model), []).append(one)
    runs = []
    for (name, model), group in sorted(groups.items()):
        session = group[0].session
        told = hints.get(session or "", Hints())
        cents = add_cents(one.charged_cents for one in group)
        is_failed = all(one.kind is EventKind.NOT_CHARGED for one in group)
        run = Request(
            run_id=digest(name),
            started_at=min(one.at for one in group),
            ended_at=max(one.at for one in group),
            issuer=issuer,
            model=model,
            account=account,
            api_key=min((one.api_key for one in group if one.api_key), default=None),
            input_tokens=_tokens(group, "input"),
            cache_read_tokens=_tokens(group, "cache_read"),
            cache_write_5m_tokens=_tokens(group, "cache_write_5m"),
            output_tokens=_tokens(group, "output"),
            cost_usd=_WIDE.divide(cents, _CENTS) if cents >= 0 else None,
            session=session,
            repo=told.repo,
            branch_prefix=told.branch_prefix,
            branch_item=told.branch_item,
            branch_digest=told.branch_digest,
            actor=_AGENT if any(one.is_agent for one in group) else None,
            failure_type="error" if is_failed else None,
        )
        runs.append(run.to_raw())
    return runs


def use_rows(events: Iterable[Event], day: date, account: str) -> list[RawRow]:
    """Add up what people were charged for, by squad; service accounts are nobody."""
    cents: dict[tuple[str, str | None], list[Decimal]] = {}
    for one in events:
        if one.person is not None:
            charged = one.charged_cents if one.is_billed else Decimal(0)
            cents.setdefault((one.person, one.squad), []).append(charged)
    return folded_rows(
        Used(account, day, person, squad, Measure.SPEND_NANO, cents_to_nano(add_cents(amounts)))
        for (person, squad), amounts in cents.items()
    )


def is_nameless(event: Event) -> bool:
    """Tell whether somebody was charged for an event that says nothing of them."""
    return event.is_billed and event.person is None and event.api_key is None


def _run(session: str | None, api_key: str | None, model: str, day: date) -> str:
    """Name what a conversation, or else a service account, asked one model for on a day."""
    if session:
        return f"{session} {model} {day}"
    return f"service account {api_key} {model} {day}" if api_key else ""


def _tokens(events: Iterable[Event], kind: str) -> int | None:
    told = [count for one in events if (count := one.tokens[kind]) is not None]
    return sum(told) if told else None


def _all_tokens(events: Sequence[Event]) -> int | None:
    """Count all tokens; None unless every event tells some."""
    counts = [[count for count in one.tokens.values() if count is not None] for one in events]
    return sum(map(sum, counts)) if all(counts) else None


def _free_word(kind: str) -> str:
    is_told = kind not in {EventKind.USAGE_BASED.value, EventKind.OTHER.value}
    return kind if is_told else _NOT_CHARGEABLE
