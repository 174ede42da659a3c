"""The words of a FOCUS row: names of vendors and skus, tags, descriptions, ids of origins."""

import hashlib
import json
from collections.abc import Sequence

from tasks.core.books import BookKey, Destination, DestinationKind
from tasks.core.exports.billed_lines import Line
from tasks.core.exports.focus_columns import Value

#: Where nobody is known to own the spend; a family of the catalog may not be told from it.
UNALLOCATED = "unallocated"
_NAMES = {"anthropic": "Anthropic", "openai": "OpenAI"}
_SERVICES = {"anthropic": "Claude API", "openai": "OpenAI API"}
#: Direction and cache action of each token kind, as 1.5 drafts them.
_TOKENS = {
    "input": ("Input", "Uncached"),
    "cache_read": ("Input", "CacheRead"),
    "cache_write_5m": ("Input", "CacheWrite5m"),
    "cache_write_1h": ("Input", "CacheWrite1h"),
    "output": ("Output", "None"),
}


def issuer_name(issuer: str) -> str:
    """Name an issuer as its invoices do; by its id if that is not known here."""
    return _NAMES.get(issuer, issuer)


def service_name(issuer: str) -> str:
    """Name what an issuer sells."""
    return _SERVICES.get(issuer, f"{issuer} API")


def sku_values(line: Line) -> dict[str, Value]:
    """Name what was sold: meter, price and details."""
    key = line.key
    direction, action = _TOKENS.get(key.kind, ("", ""))
    sku = f"{key.book.issuer}:{_ascii(key.sku)}"
    meter = f"{direction} Tokens" if direction else _ascii(key.sku)
    details = {
        "x_ModelId": key.model,
        "x_TokenDirection": direction,
        "x_TokenCacheAction": action,
        "x_ServiceTier": key.tier,
        "x_ContextWindow": key.context,
    }
    told = {name: text for name, text in details.items() if text}
    sku_id = f"{sku}:{direction.lower()}-tokens" if direction else sku
    return {
        "SkuId": sku_id,
        "SkuMeter": meter,
        "SkuPriceId": f"{sku_id}:{key.kind or 'flat'}",
        "SkuPriceDetails": _json(told) if told else None,
    }


def family_of(to: Destination) -> str | None:
    """Name the family that carries the money; None where none can."""
    if to.kind is DestinationKind.UNATTRIBUTED:
        return UNALLOCATED
    return to.family or (to.kind.value if to.kind is DestinationKind.AD_HOC else None)


def whose(to: Destination) -> str:
    """Say in words whose money it is."""
    return to.workflow or to.kind.value.replace("_", " ")


def description(what: str, kind: str, to: Destination) -> str:
    """Describe a line for people."""
    tokens = " ".join(kind.split("_"))
    return " ".join(part for part in (_ascii(what), tokens, "for", whose(to)) if part)


def tags_of(to: Destination, centre: str) -> str:
    """Write tags as one flat JSON object."""
    tags = {
        "cost_center": centre,
        "pool": to.pool,
        "portfolio": to.portfolio,
        "workflow": to.workflow,
        "workflow_family": family_of(to) or "",
    }
    return _json({name: text for name, text in tags.items() if text})


def origin_id(line: Line) -> str:
    """Name a billed line by what it is, never by its amount: equal over exports."""
    key = line.key
    texts = (key.category, key.charge_class, key.sku, key.model, key.tier, key.context)
    more = (key.kind, key.unit, key.invoice_id, key.start.isoformat(), key.end.isoformat())
    return origin_digest([*book_text(key.book), *texts, *more])


def book_text(key: BookKey) -> tuple[str, ...]:
    """Write a book as texts."""
    return key.issuer, key.account, key.day.isoformat(), key.billing_period, key.currency


def origin_digest(texts: Sequence[str]) -> str:
    """Make an id of texts; starts with a letter, so that no reader takes it for a number."""
    return "c" + hashlib.sha256(_json(list(texts)).encode()).hexdigest()[:23]


def _ascii(text: str) -> str:
    """Spell a sku without the books' own separator, for readers that take ASCII only."""
    return text.replace("·", "/").encode("ascii", "replace").decode()


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
