"""What was recorded by a past moment: configuration and prices.

Below the stages. A moment before anything was recorded is computed with what holds now, and
says so.
"""

from collections.abc import Collection
from datetime import datetime

from config.load import Config, config_from_bodies
from tasks.core.findings import Finding
from tasks.core.plan import Plan
from tasks.core.prices import PriceCard, Priced, card_from_json
from tasks.core.recorded_prices import card_as_recorded
from tasks.ledger import configs
from tasks.ledger.ledger import Ledger

_REQUIRED = ("catalog", "policy", "sources")


def config_as_of(
    moment: datetime, ledger: Ledger, now: Config
) -> tuple[Config, tuple[Finding, ...]]:
    """Read the configuration that was newest at a moment.

    Args:
        moment: Past, aware UTC.
        ledger: Where nights recorded it.
        now: The files of now, for a moment before any were recorded.

    Returns:
        It, and a finding `config_not_recorded` where it is that of now.

    Raises:
        ConfigError: What was recorded is not what its digest says, or cannot be read any more.
    """
    with ledger.history() as connection:
        found = {
            kind: version
            for kind in (*_REQUIRED, "finance")
            if (version := configs.version_as_of(connection, kind, moment)) is not None
        }
    missing = [kind for kind in _REQUIRED if kind not in found]
    if missing:
        detail = f"no night had recorded {', '.join(missing)} by then: the files of now are used"
        return now, (Finding("config_not_recorded", missing[0], detail),)
    return config_from_bodies(found), ()


def card_as_of(
    plan: Plan, seq: int, config: Config, seen: Collection[Priced], ledger: Ledger
) -> tuple[PriceCard, tuple[Finding, ...]]:
    """Choose the prices of a past moment.

    Those of the night that was computed from the same: window, snapshots and configuration; else
    the newest that any night had recorded by then.

    Args:
        plan: A past moment.
        seq: Newest snapshot it can see.
        config: As of then.
        seen: What has to be valued.
        ledger: Where nights recorded their cards.

    Returns:
        The card, and a finding `price_not_recorded` where prices of now had to help out.
    """
    with ledger.history() as connection:
        night = configs.night_inputs_as_of(connection, (plan.start, plan.end), plan.as_of)
        if night is not None and (
            night.snapshot_seq,
            night.catalog_digest,
            night.policy_digest,
            night.sources_digest,
            night.finance_digest,
        ) == (seq, *(config.digests[kind] for kind in (*_REQUIRED, "finance"))):
            body = configs.version_body(connection, "card", night.card_digest)
            return card_from_json(body), ()
        recorded = map(card_from_json, configs.bodies_as_of(connection, "card", plan.as_of))
        return card_as_recorded(config.sources.issuers, seen, recorded)
