"""Devin's days split into lines, its sessions as runs, and what squads used.

What a day cost is the day's ACUs at the price of that day. Its lines share that amount exactly:
one for each session of the day, one for what the vendor's own total knows beyond them, and one
for each product without sessions.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal

from config.shapes.sources import DevinSource
from tasks.core.batches import Conformed, RawRow, Reject
from tasks.core.days import day_bounds
from tasks.core.digests import text_digest
from tasks.core.money import split_exact, to_nano
from tasks.core.people import Door
from tasks.core.requests import Request
from tasks.core.squad_use import Measure, Used
from tasks.sources.devin.payloads import DAY_STARTS_MINUTES, OTHER, TOLERANCE, DayUse
from tasks.sources.devin.sessions import Session
from tasks.sources.report_fields import decimal_text
from tasks.sources.report_rows import TableRow, charge, number_lines
from tasks.sources.squad_rows import folded_rows

#: What sessions consume.
_DEVIN = "devin"
#: Sku of ACUs of which the vendor does not tell the product.
_ACU = "acu"
_AGENT = "agent:devin"
_UNIT = "micro_acu"
_MICRO = Decimal(1_000_000)
_USD = "USD"
_SECOND = timedelta(seconds=1)
_WIDE = Context(prec=200)


def price_on(config: DevinSource, day: date) -> Decimal | None:
    """Give the price of an ACU on a day; None before the first."""
    begun = [entry for entry in config.acu_prices if entry.from_day <= day]
    return max(begun, key=lambda entry: entry.from_day).price if begun else None


def day_rows(
    use: DayUse, acus: Decimal, sessions: Iterable[tuple[Session, Decimal]]
) -> tuple[list[RawRow], str | None]:
    """Split a day into lines.

    Args:
        use: What the vendor tells of the day by product.
        acus: Its total.
        sessions: What each session consumed on the day.

    Returns:
        The lines, and what contradicts what, if something does: then the total is not split.
    """
    products = dict(use.products)
    untold = acus - sum(products.values())
    if min([acus, untold + TOLERANCE, *products.values()]) < 0:
        return [_row(acus, _ACU, acus)], "its products do not fit into its total"
    if _DEVIN in products:
        name, left = _DEVIN, products.pop(_DEVIN)
        products[OTHER] = products.get(OTHER, Decimal(0)) + untold
    else:
        name, left = _ACU, untold
    detail = [(session, consumed) for session, consumed in sessions if consumed > 0]
    beyond = sum(consumed for _, consumed in detail) - left
    problem = None
    if beyond > TOLERANCE:
        problem = f"its sessions come to {beyond:f} ACUs more than its total"
        detail = []
    rows = [_row(acus, _DEVIN, consumed, session) for session, consumed in detail]
    left -= sum(consumed for _, consumed in detail)
    rows += [
        _row(acus, product, part)
        for product, part in ((name, left), *products.items())
        if part > TOLERANCE
    ]
    return rows or ([_row(acus, name, acus)] if acus else []), problem


def session_day_rows(begun: Iterable[Session]) -> list[RawRow]:
    """Take the sessions that began on a day for the day, where nothing else is told."""
    told = [(session, session.acus) for session in begun if session.acus]
    total = sum((acus for _, acus in told), Decimal(0))
    return [_row(total, _DEVIN, acus, session) for session, acus in told]


def conform_consumption(rows: Sequence[RawRow], config: DevinSource, day: date) -> Conformed:
    """Give one row per line of a day, at the price of that day; none without a price."""
    price = price_on(config, day)
    if price is None:
        return Conformed((), tuple(_unpriced(config, row, at) for at, row in enumerate(rows)))
    if not rows:
        return Conformed(())
    start, end = day_bounds(day, DAY_STARTS_MINUTES)
    total_nano = to_nano(_WIDE.multiply(Decimal(str(rows[0]["day_acus"])), price))
    parts = _split(total_nano, [Decimal(str(row["acus"])) for row in rows])
    lines: list[TableRow] = [
        charge(
            day,
            source=config.name,
            issuer=config.issuer,
            account=config.organization,
            sku=str(row["product"]),
            quantity=_micro(Decimal(str(row["acus"]))),
            unit=_UNIT,
            billed_nano=part,
            currency=config.currency,
            run_id=row["run_id"],
            api_key=row["api_key"],
            charge_start=start,
            charge_end=end,
        )
        for row, part in zip(rows, parts, strict=True)
    ]
    return Conformed(number_lines(lines))


def run_rows(
    session: Session,
    consumed: Mapping[date, Decimal] | None,
    config: DevinSource,
    window: tuple[date, date],
) -> dict[date, RawRow]:
    """Make a run of a session for each day of a window that it began or consumed on.

    It keeps its id and its start on all of them, so that each day's charge finds it, and a day
    that was read before does not lose it when the session goes on.
    """
    days = {session.first_day: None, **(consumed or {})}
    runs: dict[date, RawRow] = {}
    for day, acus in days.items():
        if not window[0] <= day <= window[1]:
            continue
        start, end = day_bounds(day, DAY_STARTS_MINUTES)
        ended_at = max(start, min(session.updated_at, end - _SECOND))
        price = price_on(config, day) if config.currency == _USD else None
        runs[day] = Request(
            run_id=session.run_id,
            started_at=min(session.created_at, ended_at),
            ended_at=ended_at,
            issuer=config.issuer,
            model=_DEVIN,
            account=config.organization,
            api_key=session.api_key,
            cost_usd=_WIDE.multiply(acus, price) if acus is not None and price else None,
            session=session.run_id,
            stamp=session.stamp,
            repo=session.repo,
            work_item=session.work_item,
            actor=_AGENT,
            failure_type="error" if session.has_failed else None,
        ).to_raw()
    return runs


def use_rows(
    sessions: Iterable[tuple[Session, Decimal]],
    day: date,
    account: str,
    door: Door,
    addresses: Mapping[str, str],
) -> list[RawRow]:
    """Add up what people's sessions consumed on a day, by squad.

    Args:
        sessions: Of that day, with what each consumed; those of service users are nobody's.
        day: That day.
        account: Of the organisation.
        door: Knows the squads.
        addresses: E-mail address by the vendor's id.
    """
    acus: dict[str, Decimal] = {}
    for session, consumed in sessions:
        if session.person is not None:
            acus[session.person] = acus.get(session.person, Decimal(0)) + consumed
    return folded_rows(
        Used(
            account,
            day,
            person,
            door.squad_of(person, addresses.get(person)),
            Measure.ACU_MICRO,
            _micro(consumed),
        )
        for person, consumed in acus.items()
    )


def _micro(acus: Decimal) -> int:
    return int(_WIDE.multiply(acus, _MICRO).to_integral_value(ROUND_HALF_EVEN))


def _row(total: Decimal, product: str, acus: Decimal, session: Session | None = None) -> RawRow:
    return {
        "product": product,
        "acus": decimal_text(acus),
        "day_acus": decimal_text(total),
        "run_id": session.run_id if session else None,
        "api_key": session.api_key if session else None,
    }


def _split(total_nano: int, acus: Sequence[Decimal]) -> list[int]:
    if len(acus) == 1:
        return [total_nano]
    smallest = min(int(one.as_tuple().exponent) for one in acus)
    return split_exact(total_nano, [int(one.scaleb(-smallest, _WIDE)) for one in acus])


def _unpriced(config: DevinSource, row: RawRow, position: int) -> Reject:
    text = f"{row['product']} {row['acus']}"
    return Reject(
        place="consumption",
        position=position,
        length=len(text),
        digest=text_digest(text),
        field_path="acus",
        code="unpriced",
        issuer=config.issuer,
        account=config.organization,
    )
