"""An agent at work without a bill is told, unless its vendor's bill comes by some way."""

from typing import Any

import pytest
from pydantic import TypeAdapter

from config.shapes.sources import Source
from tasks.core.adoption.adoption import pulls_of
from tasks.core.adoption.agent_work import Signal
from tasks.core.adoption.connected import unbilled_agents
from tests.core.adoption.seen import several, work

SEEN = {"claude": 3, "codex": 2, "cursor": 1, "aider": 9}


def source(**values: Any) -> Source:
    read = {"base_url": "https://acme.example", "secret": "key"}
    if values["type"] == "focus_file":
        read = {}
    made: Source = TypeAdapter(Source).validate_python({"name": "one", **read, **values})
    return made


@pytest.mark.parametrize(
    ("connected", "unbilled"),
    [
        ([], {"claude", "codex", "cursor"}),
        ([source(type="anthropic", issuer="acme")], {"codex", "cursor"}),
        (
            [source(type="focus_file", issuer="cursor", paths=["*.csv"], services=["*"])],
            {"claude", "codex"},
        ),
        ([source(type="github", repositories=["acme/*"])], {"claude", "codex", "cursor"}),
    ],
    ids=["nothing", "a vendor", "a bill in a file", "only work"],
)
def test_agents_without_a_bill_are(connected: list[Source], unbilled: set[str]) -> None:
    assert set(unbilled_agents(SEEN, connected)) == unbilled


def test_pull_requests_are_counted_by_agent_and_by_what_hides_their_branch() -> None:
    by_author = work(1, vendor="copilot", signals=frozenset({Signal.AUTHOR}))
    stamped = [work(20, stamp="a", prefix="night/"), work(21, stamp="a")]
    found = [*several(10, 3, vendor="claude"), by_author, *stamped]

    pulls = pulls_of(9, found, claimed=2, too_few=1, rare_stamps=0)

    assert pulls.agents == (("claude", 3), ("copilot", 1))
    # What has a stamp or an agent for its author is known, whatever its branch is called.
    assert (pulls.every, pulls.by_agents, pulls.nameless) == (9, 6, 3)
