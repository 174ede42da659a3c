"""The frame of Cursor's Admin API: bodies, periods with inclusive ends, pages by number, errors."""

from datetime import UTC, datetime, timedelta

from sandbox.wire import Json, Reply, Request

LONGEST_PERIOD = timedelta(days=30)
_DEFAULT_PAGE = 100
_LARGEST_PAGE = 1_000
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def period_of(body: dict[str, object], request: Request) -> tuple[datetime, datetime]:
    """Read a period, both ends of which count."""
    end = _moment(body, "endDate", request.now)
    start = _moment(body, "startDate", end - LONGEST_PERIOD)
    if end < start:
        message = "endDate must not be before startDate"
        raise ValueError(message)
    return start, end


def body_of(request: Request, known: set[str]) -> dict[str, object]:
    """Read a body; a name that the vendor does not know is an error."""
    body = request.json()
    for name in body:
        if name not in known:
            message = f"{name} is not a known parameter"
            raise ValueError(message)
    return body


def page_of(
    rows: list[Json], body: dict[str, object], page_items: int
) -> tuple[list[Json], int, int]:
    """Cut a page by number, from 1: give its rows, its number and how many there are."""
    size, number = size_of(body, page_items), _whole(body, "page", 1)
    pages = -(-len(rows) // size)
    return rows[(number - 1) * size : number * size], number, pages


def size_of(body: dict[str, object], page_items: int) -> int:
    """Say how many rows a page holds."""
    wanted = _whole(body, "pageSize", _DEFAULT_PAGE)
    if wanted > _LARGEST_PAGE:
        message = f"pageSize must not be greater than {_LARGEST_PAGE}"
        raise ValueError(message)
    return min(wanted, page_items)


def _whole(body: dict[str, object], name: str, default: int) -> int:
    value = body.get(name, default)
    if not isinstance(value, int) or value < 1:
        message = f"{name} must be a positive whole number"
        raise ValueError(message)
    return value


def _moment(body: dict[str, object], name: str, default: datetime) -> datetime:
    value = body.get(name, milliseconds(default))
    if not isinstance(value, int) or value < 0:
        message = f"{name} must be a number of milliseconds"
        raise ValueError(message)
    return _EPOCH + value * _MILLISECOND


def milliseconds(moment: datetime) -> int:
    """Write a moment as milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)


def error(status: int, name: str, message: str) -> Reply:
    """Answer as Cursor refuses."""
    return Reply(status, {"error": name, "message": message})
