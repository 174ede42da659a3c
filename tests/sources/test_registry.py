"""What the configured sources together ask of a night."""

from config.shapes.sources import Sources
from tasks.sources.registry import trailing_days

LOG: dict[str, object] = {"type": "agent_log", "name": "logs", "paths": ["*.ndjson"]}


def of(*sources: dict[str, object]) -> Sources:
    return Sources.model_validate({"version": 1, "sources": [*sources]})


def test_a_night_looks_back_as_far_as_the_most_demanding_enabled_source() -> None:
    long: dict[str, object] = {**LOG, "name": "long", "window_days": 60}
    off: dict[str, object] = {**LOG, "name": "off", "window_days": 90, "enabled": False}

    assert trailing_days(of(LOG)) == 31
    assert trailing_days(of(LOG, long, off)) == 60
