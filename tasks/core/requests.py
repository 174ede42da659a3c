"""The raw row of one logged request: what every log of requests is reduced to.

Logs differ in shape; what they tell is the same. Readers of every shape make these rows,
and one function types them (`runs` of `tasks.core.tables`).
"""

from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from tasks.core.batches import RawRow
from tasks.core.instants import instant_text
from tasks.core.request_fields import fitting


@dataclass(frozen=True, slots=True)
class Request:
    """One request, or several that a log only tells together.

    Attributes:
        run_id: Of the provider where it gives one, so that two logs of one request agree; else
            a keyed digest of what identifies it.
        ended_at: Aware UTC.
        issuer: Who bills it, as `sources.yaml` calls it; `unknown` where nothing tells.
        model: As logged; spelt canonically when it is typed.
        input_tokens: Uncached; the four input counts are disjoint. None: not reported.
        cost_usd: The log's own estimate.
        session: Keyed digest.
        stamp: What names the workflow: a claim, `[a-z0-9_.-]{1,64}`.
        branch_digest: Keyed digest of the branch; prefix and item where they are declared.
        repo: Declared name, else keyed digest.
        work_item: `owner/name#number` of a declared repository, or a ticket's key.
        actor: `human`, `bot` or `agent:<vendor>`.
        purpose: work, eval, shadow or ci.
    """

    run_id: str
    ended_at: datetime
    issuer: str
    model: str
    started_at: datetime | None = None
    account: str | None = None
    api_key: str | None = None
    tier: str | None = None
    context: str | None = None
    input_tokens: int | None = None
    cache_read_tokens: int | None = None
    cache_write_5m_tokens: int | None = None
    cache_write_1h_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None
    session: str | None = None
    stamp: str | None = None
    branch_prefix: str | None = None
    branch_item: str | None = None
    branch_digest: str | None = None
    repo: str | None = None
    work_item: str | None = None
    actor: str | None = None
    purpose: str = "work"
    failure_type: str | None = None

    def to_raw(self) -> RawRow:
        """Write it as a raw row; what is not known is left out."""
        row: RawRow = {}
        for field in fields(self):
            value = fitting(field.name, getattr(self, field.name))
            if isinstance(value, datetime):
                row[field.name] = instant_text(value)
            elif isinstance(value, Decimal):
                row[field.name] = format(value, "f")
            elif value is not None:
                row[field.name] = value
        return row
