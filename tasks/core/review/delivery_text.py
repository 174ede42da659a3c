"""Progress of an outbox row as its row keeps it: JSON by name, what is not set left out."""

import json
from dataclasses import asdict
from datetime import datetime

from tasks.core.review.delivery import Progress, Standing

_MOMENTS = ("attempted_at", "searched_at", "opened_at", "told_at")


def progress_text(progress: Progress) -> str:
    """Write progress as a row keeps it."""
    named = {name: value for name, value in asdict(progress).items() if value}
    return json.dumps(named, sort_keys=True, separators=(",", ":"), default=str)


def read_progress(text: str | None) -> Progress:
    """Read what `progress_text` wrote; nothing means that the row was only queued.

    Raises:
        ValueError: It was written by hand, or by another version.
    """
    named = json.loads(text or "{}")
    unknown = named.keys() - set(Progress.__dataclass_fields__)
    if unknown:
        message = f"progress of a message has unknown parts {sorted(unknown)}"
        raise ValueError(message)
    for name in _MOMENTS:
        if name in named:
            named[name] = datetime.fromisoformat(named[name])
    if "standing" in named:
        named["standing"] = Standing(named["standing"])
    return Progress(**named)
