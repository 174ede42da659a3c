"""GitHub's billing and Copilot endpoints of an organisation, in their documented shapes.

Amounts are JSON numbers in dollars; nobody may ask by user.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from sandbox import script
from sandbox.estate.billed import decimal_of, midnight
from sandbox.estate.copilot import (
    ACCOUNT,
    ORGANIZATION,
    SEAT_NANO,
    SEAT_SKU,
    SEATS,
    CopilotDay,
    CreditLine,
    visible_from,
)
from sandbox.estate.copilot_links import error, links
from sandbox.people import PEOPLE
from sandbox.wire import Json, Reply, Request, iso

TOKEN = "github_pat_sandbox_copilot"  # noqa: S105  # made up; opens nothing
#: Of somebody who may not see bills or metrics.
NARROW_TOKEN = "github_pat_sandbox_narrow"  # noqa: S105  # made up; opens nothing
_BILLING = f"/organizations/{ORGANIZATION}/settings/billing"
CREDITS_PATH = f"{_BILLING}/ai_credit/usage"
REQUESTS_PATH = f"{_BILLING}/premium_request/usage"
USAGE_PATH = f"{_BILLING}/usage"
METRICS_PATH = f"/orgs/{ORGANIZATION}/copilot/metrics/reports/users-1-day"
SEATS_PATH = f"/orgs/{ORGANIZATION}/copilot/billing/seats"
_PERIOD = ("year", "month", "day")
_ALLOWED = {
    CREDITS_PATH: {*_PERIOD, "model", "product", "user"},
    REQUESTS_PATH: {*_PERIOD, "model", "product", "user"},
    USAGE_PATH: set(_PERIOD),
    METRICS_PATH: {"day"},
    SEATS_PATH: {"page", "per_page"},
}
_CREDITS_PER_DOLLAR = 100
_NANO = 1_000_000_000


def answer(made: tuple[CopilotDay, ...], request: Request) -> Reply:
    """Answer a request below the vendor's prefix."""
    refusal = _refusal(request)
    if refusal is not None:
        return refusal
    answers: dict[str, Callable[[tuple[CopilotDay, ...], Request], Reply]] = {
        CREDITS_PATH: _credits,
        REQUESTS_PATH: _requests,
        USAGE_PATH: _usage,
        METRICS_PATH: links,
        SEATS_PATH: _seats,
    }
    try:
        return answers[request.path](made, request)
    except ValueError as wrong:
        return error(400, f"Invalid request: {wrong}")


def _refusal(request: Request) -> Reply | None:
    """Refuse whoever may not ask, and what nobody may ask."""
    token = request.headers.get("authorization", "").partition(" ")[2]
    if token == NARROW_TOKEN:
        return error(403, "Resource not accessible by personal access token")
    if token != TOKEN:
        return error(401, "Bad credentials")
    allowed = _ALLOWED.get(request.path)
    if allowed is None or request.method != "GET":
        return error(404, "Not Found")
    unknown = [name for name, _ in request.params if name not in allowed]
    if unknown:
        return error(400, f"Invalid request: unknown parameter {unknown[0]!r}")
    if request.param("user"):
        message = "Organization admins for enterprise owned organizations cannot filter usage by "
        return error(403, f"{message}user")
    return None


def _credits(made: tuple[CopilotDay, ...], request: Request) -> Reply:
    lines = [
        line
        for one in _asked(made, request)
        for line in one.shown(request.now)
        if request.param("model") in ("", line.model)
    ]
    return Reply(200, _frame(request, [_credit_item(line) for line in _summed(lines)]))


def _requests(made: tuple[CopilotDay, ...], request: Request) -> Reply:
    """Premium requests ended with May 2026, before the first of the days."""
    _asked(made, request)
    return Reply(200, _frame(request, []))


def _frame(request: Request, items: list[Json]) -> Json:
    period = {name: int(request.param(name)) for name in _PERIOD if request.param(name)}
    return {
        "timePeriod": period or {"year": request.now.year},
        "organization": ORGANIZATION,
        "usageItems": items,
    }


def _summed(lines: Iterable[CreditLine]) -> list[CreditLine]:
    """Add up over days."""
    sums: dict[tuple[str, str, str], tuple[int, int]] = {}
    for line in lines:
        key = (line.sku, line.unit, line.model)
        gross, discount = sums.get(key, (0, 0))
        sums[key] = (gross + line.gross_micro, discount + line.discount_micro)
    return [CreditLine(*key, gross, discount) for key, (gross, discount) in sums.items()]


def _credit_item(line: CreditLine) -> Json:
    return {
        "product": "Copilot",
        "sku": line.sku,
        "model": line.model,
        "unitType": line.unit,
        "pricePerUnit": 0.01,
        "grossQuantity": decimal_of(line.gross_micro),
        "grossAmount": _dollars(line.gross_micro),
        "discountQuantity": decimal_of(line.discount_micro),
        "discountAmount": _dollars(line.discount_micro),
        "netQuantity": decimal_of(line.net_micro),
        "netAmount": _dollars(line.net_micro),
    }


def _usage(made: tuple[CopilotDay, ...], request: Request) -> Reply:
    """Tell of all products: the credits once more, seats, and what is no business of Copilot's."""
    items: list[Json] = []
    for one in _asked(made, request):
        if request.now < visible_from(one.day):
            continue
        if one.seats():
            dollars = one.seats() * SEAT_NANO / _NANO
            items.append(
                _item(one.day, SEAT_SKU, "user-months", SEAT_NANO / _NANO, one.seats(), dollars, 0)
            )
        for line in one.shown(request.now):
            gross, discount = _dollars(line.gross_micro), _dollars(line.discount_micro)
            quantity = decimal_of(line.gross_micro)
            sku = "copilot_ai_credit"
            net = _dollars(line.net_micro)
            shown = _item(one.day, sku, "ai-credits", 0.01, quantity, gross, discount)
            items.append({**shown, "netAmount": net})
        items.append(
            {
                **_item(one.day, "actions_linux", "minutes", 0.006, 100, 0.6, 0),
                "product": "Actions",
                "repositoryName": f"{ORGANIZATION}/tracking-api",
            }
        )
    return Reply(200, {"usageItems": items})


def _item(
    day: date, sku: str, unit: str, price: float, quantity: float, gross: float, discount: float
) -> dict[str, Json]:
    return {
        "date": iso(midnight(day)),
        "product": "copilot",
        "sku": sku,
        "quantity": quantity,
        "unitType": unit,
        "pricePerUnit": price,
        "grossAmount": gross,
        "discountAmount": discount,
        "netAmount": gross,
        "organizationName": ACCOUNT,
    }


def _seats(made: tuple[CopilotDay, ...], request: Request) -> Reply:  # noqa: ARG001  # seats do not change
    size = request.whole("per_page", 50, 100)
    first = (request.whole("page", 1, 1_000) - 1) * size
    seats: list[Json] = [
        {
            "created_at": iso(midnight(script.FIRST_DAY) - timedelta(days=90)),
            "updated_at": iso(midnight(script.FIRST_DAY)),
            "pending_cancellation_date": None,
            "last_activity_at": iso(request.now - timedelta(hours=24)),
            "last_activity_editor": "vscode/1.106.0",
            "plan_type": "business",
            "assignee": {"login": person.login, "id": person.github_id, "type": "User"},
        }
        for person in PEOPLE[:SEATS][first : first + size]
    ]
    return Reply(200, {"total_seats": SEATS, "seats": seats})


def _asked(made: tuple[CopilotDay, ...], request: Request) -> list[CopilotDay]:
    """Pick the days of a year, month or day.

    Raises:
        ValueError: There is no such time.
    """
    texts = {name: request.param(name) for name in _PERIOD}
    for name, text in texts.items():
        if text and not text.isdigit():
            message = f"{name} must be a whole number"
            raise ValueError(message)
    year = int(texts["year"] or request.now.year)
    # As GitHub does: without a month the present year, and no day without its month.
    month = int(texts["month"]) if texts["month"] else None
    if texts["day"] and month is None:
        month = request.now.month
    day = int(texts["day"]) if texts["day"] else None
    date(year, month or 1, day or 1)
    return [
        one
        for one in made
        if one.day.year == year and month in (None, one.day.month) and day in (None, one.day.day)
    ]


def _dollars(micro_credits: int) -> float:
    """Write millionths of a credit as dollars, to the eighth decimal."""
    whole, rest = divmod(micro_credits, _CREDITS_PER_DOLLAR * 1_000_000)
    return float(f"{whole}.{rest:08d}")
