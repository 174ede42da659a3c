"""Cache writes by time to live in SQL: `tasks.core.cache_split.split_writes`, set-wise."""

from collections.abc import Mapping
from datetime import date

from tasks.core.cache_split import PICO, TOLERANCE, WritePrices, write_prices
from tasks.core.reading import Lookup, Values

_PROVIDER = "anthropic"
_SPENT = f"CAST(TRY_CAST(cost AS DECIMAL(38, 12)) * {PICO} AS HUGEINT)"
_IF_ALL_1H = (
    "(CAST(input AS HUGEINT) * price.input + CAST(read AS HUGEINT) * price.cache_read"
    " + CAST(write AS HUGEINT) * price.cache_write_1h"
    " + CAST(output AS HUGEINT) * price.output)"
)
_DEARER = "(price.cache_write_1h - price.cache_write_5m)"
_SHORT = f"({_IF_ALL_1H} - {_SPENT} + {TOLERANCE})"
_IS_EXACT = (
    f"({_SHORT} >= 0 AND {_SHORT} // {_DEARER} <= write"
    f" AND {_SHORT} % {_DEARER} <= {2 * TOLERANCE})"
)

#: Writes for five minutes and for an hour, over the staged `input`, `read`, `write`, `output` and
#: `cost` of a request; null where the cost does not tell.
WRITES_5M = (
    f"CASE WHEN write = 0 THEN 0 WHEN {_IS_EXACT} THEN CAST({_SHORT} // {_DEARER} AS BIGINT) END"
)
WRITES_1H = (
    "CASE WHEN write = 0 THEN 0"
    f" WHEN {_IS_EXACT} THEN write - CAST({_SHORT} // {_DEARER} AS BIGINT) END"
)


def prices() -> Lookup:
    """Look up what a model's tokens cost on a day, by the staged `priced_model`, `priced_day`."""
    return Lookup(
        "price",
        ("priced_model", "priced_day"),
        dict.fromkeys(WritePrices._fields, "BIGINT"),
        _read,
    )


def _read(values: Values) -> Mapping[str, object]:
    model, day = values
    found = write_prices(_PROVIDER, str(model), day) if isinstance(day, date) else None
    return {} if found is None else found._asdict()
