"""The year's monthly budgets: small, as its spend is, so that some pools run over."""

from datetime import date

_START = date(2026, 1, 1)

#: (family, pool) -> (first day, whole dollars a month), ascending.
BUDGETS: dict[tuple[str, str], tuple[tuple[date, int], ...]] = {
    ("dependency-upgrades", "exploration"): ((_START, 12),),
    ("dependency-upgrades", "production"): ((_START, 20), (date(2026, 5, 16), 31)),
    ("test-repair", "exploration"): ((_START, 15), (date(2026, 3, 10), 8)),
    ("test-repair", "production"): ((_START, 40),),
    ("claims-triage", "exploration"): ((_START, 9),),
    ("claims-triage", "production"): ((_START, 25), (date(2026, 7, 1), 22)),
    ("invoice-matching", "exploration"): ((_START, 6), (date(2026, 2, 5), 7)),
    ("invoice-matching", "production"): ((_START, 35),),
}
