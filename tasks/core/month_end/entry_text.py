"""The one canonical spelling of an entry: what digests of the books are taken over."""

import json

from tasks.core.books import Entry


def entry_text(entry: Entry) -> str:
    """Write an entry as JSON, postings in their order; free of ids that a database gives."""
    key = entry.key
    postings = [
        [
            posting.destination.kind,
            posting.destination.portfolio,
            posting.destination.family,
            posting.destination.workflow,
            posting.destination.pool,
            posting.destination.paid_from,
            posting.destination.method,
            posting.destination.strength,
            posting.amount_nano,
            posting.is_provisional,
        ]
        for posting in entry.postings
    ]
    parts = [
        *(key.issuer, key.account, key.day.isoformat(), key.billing_period),
        *(key.currency, key.origin_period, entry.cause, postings),
    ]
    return json.dumps(parts, separators=(",", ":"))
