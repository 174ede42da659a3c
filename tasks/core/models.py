"""Names of models and skus: one spelling for what logs, usage and charges call the same."""

import re
from functools import lru_cache

#: Stands for a part of a sku that the issuer left null.
NO_PART = "-"
_SEPARATOR = "·"
# A dated release is the same model to the price list: `-20251001`, `-2025-10-01`.
_RELEASE_DATE = re.compile(r"-(?:20\d{2})-?(?:0[1-9]|1[0-2])-?(?:0[1-9]|[12]\d|3[01])$", re.ASCII)
_VENDOR_PREFIX = re.compile(r"([a-z0-9][a-z0-9_.-]*):(?=.)", re.ASCII)
# What vendors append to a model without calling it another one: serving revisions (`-002`,
# `-v1`), a day without a year (`-0613`), channels, and the third number of a version.
_PATCH = re.compile(
    r"(?<=.)(?:[-@](?:20\d{6}|latest|preview|exp|stable|v\d+|\d{3}|(?:0[1-9]|1[0-2])\d{2})"
    r"|(?<=\d[.-]\d)[.-]\d{1,2})$",
    re.ASCII,
)
# OpenAI's mark of a fine-tuned model, which is priced apart from its base: not a vendor.
_FINE_TUNED = "ft"


def canonical_model(text: str) -> str:
    """Spell a model as the books do: lower case, no vendor prefix, no release date.

    `vendor:Claude-Haiku-4-5-20251001` becomes `claude-haiku-4-5`.
    """
    return split_model(text)[1]


def split_model(text: str) -> tuple[str | None, str]:
    """Split `vendor:model-name` into the vendor, if named, and the canonical model."""
    model = text.strip().lower()
    prefix = _VENDOR_PREFIX.match(model)
    vendor = prefix.group(1) if prefix and prefix.group(1) != _FINE_TUNED else None
    if vendor is not None:
        model = model[len(vendor) + 1 :].strip()
    return vendor, _RELEASE_DATE.sub("", model)


@lru_cache(maxsize=4096)
def model_family(text: str) -> str:
    """Spell a model without what a vendor changes under the same name: dates and patches.

    `claude-haiku-4-5-20251001` and `claude-haiku-4-5-1` are `claude-haiku-4-5`.
    `gpt-5.4` and `gpt-5.4-mini` are two families.
    """
    model, before = canonical_model(text), ""
    while model != before:
        model, before = _RELEASE_DATE.sub("", _PATCH.sub("", model)), model
    return model


def sku(model: str, tier: str | None = None, context: str | None = None) -> str:
    """Name what is sold as `model·tier·context`; a null part reads `-`.

    For issuers whose charges tell tier and context (Anthropic). Where they do not
    (OpenAI), the canonical model alone is the sku.
    """
    return _SEPARATOR.join((model, tier or NO_PART, context or NO_PART))


def model_of_sku(text: str) -> str:
    """Name the model of a sku that `sku` spelled, or that is the model itself."""
    return text.split(_SEPARATOR, 1)[0]


def slug(text: str) -> str:
    """Spell free text of a closed set (a line item, a unit) as `[a-z0-9_.-]{1,64}`.

    `Web Search tool calls` becomes `web_search_tool_calls`; nothing usable becomes `-`.
    """
    return re.sub(r"[^a-z0-9_.-]+", "_", text.strip().lower()).strip("_")[:64] or NO_PART
