"""What marks one request of a log over HTTP: run, issuer, key, session and stamp, as kept."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, Field

from config.shapes.sources import RequestLog
from tasks.core.findings import Finding
from tasks.core.issuers import issuer_of, known_issuers
from tasks.core.request_fields import FIELDS, PROVIDER_ID
from tasks.core.request_hints import named_or_digest, stamp_of, tagged
from tasks.core.requests import Request
from tasks.sources.report_fields import AmountField, decimal_text
from tasks.sources.request_tallies import UNSPLIT, UNSTAMPED, tell

#: Model of a request whose log names none.
UNKNOWN_MODEL = "unknown"
#: A model as a log spells it; Vertex writes the release after an `@`. Empty: none is named.
ModelText = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_.:/+-]{0,128}(?:@(?:[0-9]{6,8}|default|latest))?$")
]

_COST = re.compile(FIELDS["cost_usd"].pattern, re.ASCII)
_PROVIDER_ID = re.compile(PROVIDER_ID, re.ASCII)
_DIGIT = re.compile("[0-9]")
# Distinct providers and models remembered while a log is read.
_REMEMBERED = 4096


def _is_a_cost(amount: Decimal) -> Decimal:
    if amount < 0 or _COST.fullmatch(decimal_text(amount)) is None:
        message = "must be what a request can cost"
        raise ValueError(message)
    return amount


#: What a log says that a request cost, in whole dollars.
Cost = Annotated[AmountField, AfterValidator(_is_a_cost)]


class RequestMarks:
    """Reads the marks of the requests of one source.

    Args:
        config: With what is declared elsewhere.
        keyed_digest: Digest under the installation's own key.

    Attributes:
        untold: Requests so far of which something could not be kept or told, by tally.
    """

    def __init__(self, config: RequestLog, keyed_digest: Callable[[str], str]) -> None:
        self._config = config
        self._digest = keyed_digest
        self._keys = frozenset(config.api_keys)
        known = known_issuers(config)
        self._issuer = lru_cache(_REMEMBERED)(
            lambda provider, model: issuer_of(provider, model, config.issuers, known)
        )
        self.untold: Counter[str] = Counter()

    def issuer(self, provider: str | None, model: str) -> str:
        """Name the issuer; `unknown` where nothing settles it."""
        return self._issuer(provider, model)

    def run_id(self, text: str) -> str:
        """Keep the id that a provider gave an answer; any other becomes a keyed digest."""
        is_given = _PROVIDER_ID.fullmatch(text) and _DIGIT.search(text)
        return text if is_given else self._digest(text)

    def session(self, text: str | None) -> str | None:
        """Give the keyed digest of a session's id."""
        return self._digest(text) if text else None

    def key(self, *names: str | None) -> str | None:
        """Give the first name of a key that is declared, else a keyed digest of the last one."""
        said = [name for name in names if name]
        if not said:
            return None
        declared = next((name for name in said if name in self._keys), said[-1])
        return named_or_digest(declared, self._keys, self._digest)

    def stamp(self, tags: Iterable[object], attributes: Mapping[str, object]) -> str | None:
        """Read the workflow's stamp from tags and attributes; the first short word holds."""
        keys = self._config.stamp_keys
        said = tagged([tag for tag in tags if isinstance(tag, str)], keys)
        said += [value for key in keys if isinstance(value := attributes.get(key), str) and value]
        stamps = [stamp for text in said if (stamp := stamp_of(text)) is not None]
        if said and not stamps:
            self.untold[UNSTAMPED] += 1
        return stamps[0] if stamps else None

    def note_writes(self, request: Request, writes: int | None) -> None:
        """Count a request whose cache writes are told without their time to live."""
        if writes and request.cache_write_5m_tokens is None:
            self.untold[UNSPLIT] += 1

    def findings(self) -> tuple[Finding, ...]:
        """Tell what could not be kept or told, in counts."""
        return tell(self._config.name, self.untold)


def bare_model(model: str, provider: str | None) -> str:
    """Spell a model without the provider before it: `anthropic/claude-opus-5` and the like."""
    prefix = f"{provider}/".lower()
    return model[len(prefix) :] if provider and model.lower().startswith(prefix) else model


def json_or_value(value: object) -> object:
    """Decode JSON that stands in a text, as exports and some servers write it.

    Raises:
        ValueError: The text is no JSON, or nests too deeply.
    """
    if not isinstance(value, str) or not value:
        return value
    try:
        return json.loads(value, parse_float=Decimal)
    except RecursionError:
        message = "must not nest so deeply"
        raise ValueError(message) from None
