"""What GitHub calls Copilot's skus, units and models, and what the books call them.

The same thing has many spellings: AI credits are `Copilot AI Credits`, `copilot_ai_unit`,
`AICredits` and more, by report and by month. Spellings are compared without case and marks.
"""

import re
from enum import StrEnum

from tasks.core.models import NO_PART, canonical_model, slug
from tasks.sources.focus_file.words import kept_words


class Sold(StrEnum):
    """What Copilot meters, as the books call it."""

    AI_CREDITS = "ai_credits"
    PREMIUM_REQUESTS = "premium_requests"
    CLOUD_AGENT = "cloud_agent"


class Unit(StrEnum):
    """What a quantity counts; the books keep millionths of it."""

    CREDITS = "credits"
    REQUESTS = "requests"
    USER_MONTHS = "user_months"


#: Free text that people might write into: only words of price lists are kept of it.
_ID = re.compile(r"[A-Za-z0-9_.:/+-]{1,128}", re.ASCII)
_WORDS = frozenset(
    {"business", "codex", "copilot", "credit", "goldeneye", "premium", "raptor", "review"}
)
_AUTO = re.compile(r"\s*auto\s*:\s*", re.IGNORECASE)
_NOT_LETTERS = re.compile(r"[^a-z0-9]+")
_COPILOT = "copilot"
_SOLD = {
    "aicredit": Sold.AI_CREDITS,
    "aiunit": Sold.AI_CREDITS,
    "premiumrequest": Sold.PREMIUM_REQUESTS,
    "cloudagent": Sold.CLOUD_AGENT,
}
_UNITS = {
    "credit": Unit.CREDITS,
    "aicredit": Unit.CREDITS,
    "aiunit": Unit.CREDITS,
    "request": Unit.REQUESTS,
    "usermonth": Unit.USER_MONTHS,
}
_SEATS = ("business", "enterprise", "seat", "seats")
#: In which units a sku is known to be told.
_COUNTED_IN = {
    Sold.AI_CREDITS: {Unit.CREDITS},
    Sold.PREMIUM_REQUESTS: {Unit.REQUESTS},
    Sold.CLOUD_AGENT: {Unit.CREDITS, Unit.REQUESTS},
}


def kept_text(text: str) -> str:
    """Keep an id as it is, and of anything else the words that price lists are made of."""
    said = text.strip()
    return said if _ID.fullmatch(said) else kept_words(said, _WORDS) or NO_PART


def is_copilot(product: str) -> bool:
    """Tell whether a product of the bill is Copilot, whose case differs by report."""
    return _plain(product) == _COPILOT


def sold_as(sku: str) -> Sold | None:
    """Recognise what is metered; None for a sku that is not known, and for seats."""
    return _SOLD.get(_singular(_plain(sku).removeprefix(_COPILOT)))


def is_seat(sku: str, unit: str | None) -> bool:
    """Tell whether a line bills seats: by its unit, or by its sku where that was renamed."""
    known = unit_of(unit)
    return _plain(sku).endswith(_SEATS) if known is None else known is Unit.USER_MONTHS


def is_metered(sku: str, unit: str | None) -> bool:
    """Tell whether a line bills what the report of AI credits or premium requests tells, too."""
    if is_seat(sku, unit):
        return False
    return sold_as(sku) is not None or unit_of(unit) in {Unit.CREDITS, Unit.REQUESTS}


def unit_of(unit: str | None) -> Unit | None:
    """Recognise a unit; None for one that is not known."""
    return _UNITS.get(_singular(_plain(unit or "")))


def is_counted_in(sku: str, unit: str | None) -> bool:
    """Tell whether a unit is known, and known for this sku."""
    known, sold = unit_of(unit), sold_as(sku)
    if is_seat(sku, unit):
        return known is Unit.USER_MONTHS
    return known is not None and (sold is None or known in _COUNTED_IN[sold])


def kept_model(text: str | None) -> str | None:
    """Keep the words of a model's name; None where none was named."""
    named = _AUTO.sub("", text or "", count=1).strip()
    return kept_text(named) if named else None


def model_of(name: str) -> str:
    """Spell a model as price lists do: `Claude Haiku 4.5` becomes `claude-haiku-4-5`."""
    model = slug(name.replace(" ", "-"))
    return canonical_model(model.replace(".", "-") if model.startswith("claude") else model)


def _plain(text: str) -> str:
    return _NOT_LETTERS.sub("", text.lower())


def _singular(text: str) -> str:
    return text.removesuffix("s")
