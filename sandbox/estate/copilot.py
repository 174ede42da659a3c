"""GitHub Copilot at Meridian Freight: AI credits by model, an included pool, seats.

A credit is one cent. The pool of a month is used up in the order of its days, whoever uses it;
what is left of it shows as a discount. Nobody's metrics are billing-grade.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sandbox import script
from sandbox.estate.billed import Charge, days, is_workday, midnight

ISSUER = "github-copilot"
ORGANIZATION = "meridian-freight"
ACCOUNT = ORGANIZATION
SEATS = 14
SEAT_NANO = 19_000_000_000
SEAT_SKU = "copilot_for_business"
CREDITS_SKU = "Copilot AI Credits"
CLOUD_SKU = "Copilot Cloud Agent"
#: A millionth of a credit in nano-USD.
MICRO_CREDIT_NANO = 10
POOL_MICRO = 2_500_000_000
MODELS = ("Claude Sonnet 5", "GPT-5", "Auto: Claude Haiku 4.5")
CLOUD_MODEL = "Claude Sonnet 5"
#: How long after the end of a day its usage and its metrics show.
LAG = timedelta(hours=12)
#: On this day GitHub spells what it sells in another way; on that one it corrects itself.
RESPELT_DAY = date(2026, 10, 29)
RESPELT = ("copilot_ai_unit", "ai-units")
CORRECTED_DAY = date(2026, 11, 12)
CORRECTED_AT = script.BETWEEN_SECOND_AND_THIRD
#: The report of this day has no download links at first.
LINKLESS_DAY = date(2026, 11, 17)
LINKS_FROM = script.BETWEEN_SECOND_AND_THIRD
#: Has switched client telemetry off: the metrics tell half of the use.
QUIET = 3


@dataclass(frozen=True, slots=True)
class CreditLine:
    """What one model used on one day, in millionths of a credit."""

    sku: str
    unit: str
    model: str
    gross_micro: int
    discount_micro: int

    @property
    def net_micro(self) -> int:
        """Give what is billed."""
        return self.gross_micro - self.discount_micro


@dataclass(frozen=True, slots=True)
class CopilotDay:
    """One day.

    Attributes:
        lines: As finally billed.
        first_lines: As first shown, where GitHub corrected itself.
        used_micro: Credits by person, as the metrics tell; everybody with a seat.
    """

    day: date
    lines: tuple[CreditLine, ...]
    first_lines: tuple[CreditLine, ...]
    used_micro: tuple[int, ...]

    def shown(self, now: datetime) -> tuple[CreditLine, ...]:
        """Give the lines as they stand at a moment; none before they show."""
        if now < visible_from(self.day):
            return ()
        if self.day == CORRECTED_DAY and now < CORRECTED_AT:
            return self.first_lines
        return self.lines

    def seats(self) -> int:
        """Give the seats that are billed on this day: all of them on the first of a month."""
        return SEATS if self.day.day == 1 else 0


def visible_from(day: date) -> datetime:
    """Say from when on a day shows."""
    return midnight(day) + timedelta(days=1) + LAG


def make_copilot(seed: int, scale: float) -> tuple[CopilotDay, ...]:
    """Make every day."""
    made = []
    left: dict[str, int] = {}
    for day in days():
        rng = random.Random(f"{seed}:copilot:{day}")
        by_person = [_models(rng, day, person, scale) for person in range(SEATS)]
        gross = {model: sum(used.get(model, 0) for used in by_person) for model in MODELS}
        cloud = _micro(rng, 40, scale) if is_workday(day) else 0
        month = f"{day:%Y-%m}"
        pool = left.get(month, int(POOL_MICRO * scale))
        lines, left[month] = _lines(day, gross, cloud, pool)
        first = tuple(_before_correction(line) for line in lines)
        told = tuple(
            sum(used.values()) // (2 if person == QUIET else 1)
            for person, used in enumerate(by_person)
        )
        made.append(CopilotDay(day, lines, first, told))
    return tuple(made)


def copilot_charges(made: tuple[CopilotDay, ...], now: datetime) -> Iterator[Charge]:
    """Give what GitHub has billed by a moment; credits of the pool are billed as nothing."""
    for one in made:
        for line in one.shown(now):
            nano = line.net_micro * MICRO_CREDIT_NANO
            yield Charge(ISSUER, ACCOUNT, one.day, "usage", line.sku, nano)
        if one.seats() and now >= visible_from(one.day):
            seats_nano = one.seats() * SEAT_NANO
            yield Charge(ISSUER, ACCOUNT, one.day, "purchase", SEAT_SKU, seats_nano)


def _models(rng: random.Random, day: date, person: int, scale: float) -> dict[str, int]:
    """Say what a person used, by model: nobody works on Sundays, few on Saturdays."""
    is_in = rng.random() < (0.8 if is_workday(day) else 0.2)
    used = {}
    for model in MODELS:
        wanted, micro = rng.random() < 0.6, _micro(rng, 18, scale)  # noqa: PLR2004  # how often a model is picked
        if is_in and wanted and day.weekday() != 6 and (person + len(model)) % 5:  # noqa: PLR2004
            used[model] = micro
    return used


def _micro(rng: random.Random, credits_about: int, scale: float) -> int:
    return max(1_001, int(credits_about * scale * rng.uniform(0.2, 1.8) * 1_000_000))


def _lines(
    day: date, gross: dict[str, int], cloud: int, pool: int
) -> tuple[tuple[CreditLine, ...], int]:
    """Bill a day: what is left of the pool first, model after model."""
    sku, unit = RESPELT if day == RESPELT_DAY else (CREDITS_SKU, "ai-credits")
    sold = [(sku, unit, model, micro) for model, micro in gross.items() if micro]
    if cloud:
        sold.append((CLOUD_SKU, "ai-credits", CLOUD_MODEL, cloud))
    lines = []
    for name, of, model, micro in sold:
        discount = min(pool, micro)
        pool -= discount
        lines.append(CreditLine(name, of, model, micro, discount))
    return tuple(lines), pool


def _before_correction(line: CreditLine) -> CreditLine:
    """Leave a twentieth of what is billed out: GitHub had not counted all of it yet."""
    missing = line.net_micro // 20
    return CreditLine(
        line.sku, line.unit, line.model, line.gross_micro - missing, line.discount_micro
    )
