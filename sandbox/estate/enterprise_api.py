"""Claude Enterprise's analytics: cost and usage by bucket, cost by user.

Amounts are decimal strings in cents. A grouped bucket reports its top hundred groups and no
rest; a cursor holds for its own query; a page may hold fewer rows than its limit.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction

from sandbox.anthropic_api import TOKEN_TYPES, counts
from sandbox.estate.enterprise import SeatSpent, Spent, seats_on, spent_on, used_on
from sandbox.estate.enterprise_frame import (
    COST_PATH,
    FINER,
    GROUPS,
    USAGE_PATH,
    USER_COST_PATH,
    asked,
    cents,
    ends,
    envelope,
    error,
    page,
    text,
)
from sandbox.records import UsageRow, World
from sandbox.reports import BadQueryError, grouped
from sandbox.wire import Json, Reply, Request

KEY = "sk-ant-analytics01-sandbox-meridian"
#: Without the scope `read:analytics`.
NARROW_KEY = "sk-ant-analytics01-sandbox-narrow"
MOST_GROUPS = 100
SeatRow = tuple[dict[str, object], list[SeatSpent]]


def answer(world: World, request: Request, page_items: int) -> Reply:
    """Answer a request; `page_items` caps what is on a page."""
    if request.headers.get("x-api-key") == NARROW_KEY:
        message = "Your API key does not have permission to use the specified resource."
        return error(403, "permission_error", message)
    if request.headers.get("x-api-key") != KEY:
        return error(401, "authentication_error", "invalid x-api-key")
    if not request.headers.get("anthropic-version"):
        return error(400, "invalid_request_error", "anthropic-version: header is required")
    answers: dict[str, Callable[[], Reply]] = {
        COST_PATH: lambda: _buckets(world, request, page_items, _cost, FINER),
        USAGE_PATH: lambda: _buckets(world, request, page_items, _usage),
        USER_COST_PATH: lambda: _user_cost(world, request, page_items),
    }
    answering = answers.get(request.path)
    if answering is None or request.method != "GET":
        return error(404, "not_found_error", "Not found")
    try:
        return answering()
    except BadQueryError as refusal:
        return error(400, "invalid_request_error", str(refusal))


def _buckets(
    world: World,
    request: Request,
    page_items: int,
    rows_of: Callable[[World, Request, date, list[str]], list[Json]],
    finer: tuple[str, ...] = (),
) -> Reply:
    days, groups = asked(request, finer)
    shown, following = page(days, request, page_items)
    buckets: list[Json] = [
        {**ends(day), "results": rows_of(world, request, day, groups)} for day in shown
    ]
    return envelope(request, buckets, following)


def _cost(world: World, request: Request, day: date, groups: list[str]) -> list[Json]:
    spent = spent_on(world, day, request.now)
    return [
        {
            **_money(rows),
            "requests": None if set(groups) & set(FINER) else len(rows),
            **_dimensions(values),
        }
        for values, rows in _top(grouped(spent, lambda one: _values(_of_spent(one), groups)))
    ]


def _top(
    found: list[tuple[dict[str, object], list[Spent]]],
) -> list[tuple[dict[str, object], list[Spent]]]:
    """Keep the hundred largest groups, each with all of its finer rows."""
    sums: dict[str, Fraction] = {}
    for values, rows in found:
        name = _coarse(values)
        sums[name] = sums.get(name, Fraction(0)) + sum((one.amount for one in rows), Fraction(0))
    kept = set(sorted(sums, key=lambda name: (-sums[name], name))[:MOST_GROUPS])
    return [(values, rows) for values, rows in found if _coarse(values) in kept]


def _coarse(values: Mapping[str, object]) -> str:
    return repr([(name, value) for name, value in values.items() if name not in FINER])


def _of_spent(one: Spent) -> dict[str, object]:
    return {
        "product": one.product,
        "model": one.model,
        "context_window": one.context,
        "inference_geo": "global" if one.model else None,
        "speed": "standard" if one.model else None,
        "cost_type": one.cost_type,
        "token_type": TOKEN_TYPES.get(one.kind or ""),
    }


def _usage(world: World, request: Request, day: date, groups: list[str]) -> list[Json]:
    used = used_on(world, day, request.now)
    return [
        _usage_row(values, [row for _, row in rows])
        for values, rows in grouped(
            used,
            lambda one: _values(
                {"product": one[0], "model": one[1].model, "context_window": one[1].context},
                groups,
            ),
        )
    ]


def _usage_row(values: Mapping[str, object], rows: list[UsageRow]) -> Json:
    return {
        **counts(rows),
        "requests": sum(row.requests for row in rows),
        **{name: text(values.get(name)) for name in GROUPS},
    }


def _user_cost(world: World, request: Request, page_items: int) -> Reply:
    days, groups = asked(request, FINER)
    has_buckets = bool(request.param("bucket_width"))
    if has_buckets and not request.param("ending_at"):
        message = "ending_at: is required with bucket_width"
        raise BadQueryError(message)
    spent = [one for day in days for one in seats_on(world, day, request.now)]
    rows: list[SeatRow] = [
        (values, seats)
        for values, seats in grouped(
            spent,
            lambda one: {
                **({"day": str(one.day)} if has_buckets else {}),
                "person": one.person.login,
                **_values({"model": one.model, "product": "claude_code"}, groups),
            },
        )
    ]
    rows.sort(key=lambda row: (-sum(one.amount for one in row[1]), repr(row[0])))
    shown, following = page(rows, request, page_items)
    leaves_out = request.param("exclude_deleted_users") == "true"
    data: list[Json] = [
        _user_row(values, seats, has_buckets=has_buckets)
        for values, seats in shown
        if not (leaves_out and seats[0].is_deleted)
    ]
    return envelope(request, data, following)


def _user_row(values: Mapping[str, object], seats: list[SeatSpent], *, has_buckets: bool) -> Json:
    person, is_deleted = seats[0].person, seats[0].is_deleted
    bounds = ends(seats[0].day) if has_buckets else {"starting_at": None, "ending_at": None}
    return {
        "actor": {
            "type": "user_actor",
            "user_id": user_id(person.login),
            "email": None if is_deleted else person.email,
            "name": "Former member" if is_deleted else person.name,
            "deleted": is_deleted,
        },
        **_money(seats),
        "requests": len(seats),
        **_dimensions(values),
        **bounds,
    }


def user_id(login: str) -> str:
    """Give the id that Claude knows a person by."""
    return f"user_01{login.replace('-', '')}"


def _money(rows: Iterable[Spent] | Iterable[SeatSpent]) -> dict[str, Json]:
    sums = [(one.amount, one.list_amount) for one in rows]
    return {
        "amount": cents(sum((amount for amount, _ in sums), Fraction(0))),
        "list_amount": cents(sum((listed for _, listed in sums), Fraction(0))),
        "currency": "USD",
    }


def _dimensions(values: Mapping[str, object]) -> dict[str, Json]:
    return {name: text(values.get(name)) for name in (*GROUPS, *FINER)}


def _values(known: Mapping[str, object], groups: list[str]) -> dict[str, object]:
    return {name: known.get(name) for name in groups}
