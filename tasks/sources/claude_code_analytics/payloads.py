"""Claude Code analytics: payload models, and pure parsing into requests and use.

Source: Anthropic Admin API, `GET /v1/organizations/usage_report/claude_code`, read 2026-11.
Amounts are estimates at list price in cents, as numbers. Sessions, lines of code, commits and
accepted edits are never read; an e-mail address only counts people and finds their squad.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationError

from config.shapes.sources import ClaudeCodeAnalyticsSource
from tasks.core.batches import Reject
from tasks.core.cache_split import split_writes, write_prices
from tasks.core.days import day_bounds, vendor_day
from tasks.core.errors import SourceError
from tasks.core.money import to_nano
from tasks.core.people import Door
from tasks.core.refusals import refused
from tasks.core.requests import Request
from tasks.core.squad_use import Measure, Used
from tasks.sources.report_fields import Count, CurrencyCode, Instant, Payload
from tasks.sources.report_rows import default_account
from tasks.sources.request_marks import Cost, ModelText, RequestMarks

#: Who makes the models, as price lists call them.
PROVIDER = "anthropic"
_CENTS_EXPONENT = -2
_AnyName = Annotated[str, Field(min_length=1, max_length=1024)]


def _is_dollars(code: str) -> str:
    if code.upper() != "USD":
        message = "must be USD"
        raise ValueError(message)
    return code


class _Person(Payload):
    type: Literal["user_actor"]
    email_address: _AnyName = Field(repr=False)


class _Key(Payload):
    type: Literal["api_actor"]
    api_key_name: _AnyName = Field(repr=False)


class _Estimate(Payload):
    currency: Annotated[CurrencyCode, AfterValidator(_is_dollars)]
    amount: Cost  # cents


class _Tokens(Payload):
    input: Count | None = None
    output: Count | None = None
    cache_read: Count | None = None
    cache_creation: Count | None = None  # of both times to live

    def counts(self) -> tuple[int | None, ...]:
        return self.input, self.output, self.cache_read, self.cache_creation


class _Model(Payload):
    model: ModelText
    tokens: _Tokens
    estimated_cost: _Estimate | None = None

    def cost_usd(self) -> Decimal | None:
        """Give the estimate in whole dollars, exactly."""
        if self.estimated_cost is None:
            return None
        sign, digits, exponent = self.estimated_cost.amount.as_tuple()
        return Decimal((sign, digits, int(exponent) + _CENTS_EXPONENT))


class _Row(Payload):
    """What one person or key did on one day in one terminal."""

    date: Instant
    actor: Annotated[_Person | _Key, Field(discriminator="type", repr=False)]
    customer_type: Literal["api", "subscription"]
    terminal_type: Annotated[str | None, Field(max_length=1024, repr=False)] = None
    model_breakdown: list[object]


@dataclass(slots=True)
class DayOfUse:
    """What the report told of one day; `used` is of people, and ends where it is folded."""

    day: date
    requests: list[Request] = field(default_factory=list)
    used: list[Used] = field(default_factory=list, repr=False)
    rejects: list[Reject] = field(default_factory=list)
    _rows: set[str] = field(default_factory=set, repr=False)
    _equal: Counter[str] = field(default_factory=Counter, repr=False)

    def has_come(self, row: object) -> bool:
        """Say whether the very same row came before; remember it."""
        text = json.dumps(row, sort_keys=True, default=str)
        is_repeat = text in self._rows
        self._rows.add(text)
        return is_repeat

    def number(self, content: str) -> int:
        """Number equal contents, so that each has an id, whatever the order of the rows."""
        self._equal[content] += 1
        return self._equal[content]


class RowReader:
    """Reads the rows of one source.

    Args:
        config: With what is declared elsewhere.
        door: Where the identifiers of people end.

    Attributes:
        marks: Count what could not be told.
    """

    def __init__(self, config: ClaudeCodeAnalyticsSource, door: Door) -> None:
        self._config = config
        self._door = door
        self.marks = RequestMarks(config, door)

    def read(self, row: object, place: str, position: int, into: DayOfUse) -> None:
        """Add a row's requests and use to its day; what cannot be read is refused alone.

        Raises:
            SourceError: The row is of another day than was asked for, or came before.
        """
        try:
            said = _Row.model_validate(row)
        except ValidationError as error:
            into.rejects.append(refused(row, error, place, position))
            return
        if vendor_day(said.date) != into.day:
            detail = f"asked for {into.day}, it answers for {vendor_day(said.date)}"
            raise SourceError(self._config.name, detail)
        # Rows of two keys of one name may be alike while they hold nothing.
        if said.model_breakdown and into.has_come(row):
            detail = f"{place} repeats a row of {into.day}; pull again later"
            raise SourceError(self._config.name, detail)
        for part in said.model_breakdown:
            try:
                model = _Model.model_validate(part)
            except ValidationError as error:
                into.rejects.append(refused(part, error, f"{place} model_breakdown", position))
                continue
            request = self._request(said, model, into)
            self.marks.note_writes(request, model.tokens.cache_creation)
            into.requests.append(request)
            into.used.extend(self._used(said, request, into.day))

    def _request(self, said: _Row, model: _Model, into: DayOfUse) -> Request:
        """Make one request of a day's work with one model; it counts as begun with the day."""
        tokens, cost = model.tokens, model.cost_usd()
        key = self.marks.key(said.actor.api_key_name) if isinstance(said.actor, _Key) else None
        parts = (said.customer_type, said.terminal_type, key, model.model, *tokens.counts(), cost)
        content = f"{into.day} {' '.join(map(str, parts))}"
        short, long = _by_time(model, into.day) or (None, None)
        start, end = day_bounds(into.day)
        return Request(
            run_id=self._door(f"{content} {into.number(content)}"),
            started_at=start,
            ended_at=end - timedelta(seconds=1),
            issuer=self.marks.issuer(PROVIDER, model.model),
            model=model.model,
            account=self._subscription() if said.customer_type == "subscription" else None,
            api_key=key,
            input_tokens=tokens.input,
            cache_read_tokens=tokens.cache_read,
            cache_write_5m_tokens=short,
            cache_write_1h_tokens=long,
            output_tokens=tokens.output,
            cost_usd=cost,
        )

    def _subscription(self) -> str:
        """Name the account of subscribers, which is never the one that usage is billed to."""
        return self._config.subscription_account or f"{self._config.name}:subscription"

    def _used(self, said: _Row, request: Request, day: date) -> Iterator[Used]:
        if isinstance(said.actor, _Person) and request.cost_usd is not None:
            person = said.actor.email_address
            accounts = self._config.default_accounts
            account = request.account or accounts.get(request.issuer)
            yield Used(
                account=account or default_account(self._config.name),
                day=day,
                person=person,
                squad=self._door.squad_of(person),
                measure=Measure.ESTIMATE_NANO,
                value=to_nano(request.cost_usd),
            )


def _by_time(model: _Model, day: date) -> tuple[int, int] | None:
    """Split cache writes by time to live, where the estimate at list price tells it exactly."""
    counts = model.tokens.counts()
    if model.tokens.cache_creation == 0:
        return 0, 0
    if None in counts:
        return None
    sent, answered, reads, writes = (count or 0 for count in counts)
    return split_writes(
        write_prices(PROVIDER, model.model, day),
        input_tokens=sent,
        cache_read_tokens=reads,
        cache_write_tokens=writes,
        output_tokens=answered,
        cost_usd=model.cost_usd(),
    )
