"""No made-up person comes through a log of requests, whatever field or key their name stands in."""

import json
import logging
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest

from tasks.core.errors import SourceError
from tasks.core.people import Door
from tasks.sources import claude_code_analytics, langfuse, litellm
from tests.sources.claude_code_analytics.test_rows import row as analytics_row
from tests.sources.langfuse.test_rows import observation
from tests.sources.litellm.test_rows import row as spend_row
from tests.sources.request_logs import DAY, DIGEST, pull
from tests.sources.test_people_in_reports import PEOPLE
from tests.transport.loopback import Reply

Record = dict[str, Any]
_FIRST, _LAST = (PEOPLE[0].lower().split()[at] for at in (0, 1))
_TEXTS = (
    PEOPLE[0],
    f"{_FIRST}.{_LAST}@example.com",
    f"by {PEOPLE[0]}",
    f"@{_FIRST}-{_LAST}",
)

_SPEND = spend_row(
    user="u",
    end_user="e",
    requester_ip_address="10.0.0.1",
    team_id="team-1",
    organization_id="o",
    agent_id="a",
    mcp_namespaced_tool_name=None,
    messages={},
    response={},
    proxy_server_request={},
)
_TRACED = observation(
    name="llm",
    traceName="agent-run",
    release="1",
    traceId="t",
    projectId="p",
    parentObservationId=None,
    internalModelId="m",
    usagePricingTierName="Standard",
    input="a prompt",
    output="an answer",
)
_KEYED = analytics_row(actor={"type": "api_actor", "api_key_name": "ci"})


def _plain(said: Record) -> Record:
    """The record as JSON can say it."""
    plain: Record = json.loads(json.dumps(said, default=float))
    return plain


def _spend_page(rows: list[Record]) -> Record:
    for at, one in enumerate(rows):
        one.setdefault("request_id", f"chatcmpl-{at:012d}")
    return {"data": rows, "total": len(rows), "page": 1}


def _traced_page(rows: list[Record]) -> Record:
    return {"data": rows, "meta": {"cursor": None}}


def _analytics_page(rows: list[Record]) -> Record:
    return {"data": rows, "has_more": False, "next_page": None}


_LOGS: dict[str, tuple[ModuleType, Record, Callable[[list[Record]], Record], str]] = {
    "litellm": (litellm, _SPEND, _spend_page, "request_id"),
    "langfuse": (langfuse, _TRACED, _traced_page, "id"),
    "analytics of people": (claude_code_analytics, analytics_row(), _analytics_page, ""),
    "analytics of keys": (claude_code_analytics, _KEYED, _analytics_page, ""),
}


def seeded(said: object) -> Iterator[object]:
    """The value with a person in each field of each level, as value, inside it, and as key."""
    for text in _TEXTS:
        yield from (text, [text], {text: text})
    if isinstance(said, dict):
        for name, value in said.items():
            for other in seeded(value):
                yield said | {name: other}
        for text in _TEXTS:
            yield said | {text: text}
            yield said | {text: 1}
    if isinstance(said, list):
        for at, value in enumerate(said):
            for other in seeded(value):
                yield [*said[:at], other, *said[at + 1 :]]
        for text in _TEXTS:
            yield [*said, f"workflow:{text}", f"team:{text}", text]


def _rows(said: Record, key: str) -> list[Record]:
    """Seeded rows; each keeps an id of its own, but for those whose id is seeded."""
    rows: list[Record] = []
    for at, one in enumerate(seeded(said)):
        if isinstance(one, dict):
            is_own = key and one.get(key) == said[key]
            rows.append(one | ({key: f"chatcmpl-{at:012d}"} if is_own else {}))
    return rows


def _distinct(rows: list[Record], key: str) -> list[Record]:
    """Leave out repeats, for which a day would be read again or refused as a whole."""
    seen: dict[str, Record] = {}
    for one in rows:
        seen.setdefault(repr(one.get(key) if key else one), one)
    return list(seen.values())


def _is_kept(text: str) -> list[str]:
    return [part for part in (_FIRST, _LAST) if part in text.lower()]


@pytest.mark.parametrize("name", _LOGS)
def test_no_seeded_person_is_kept_told_or_logged(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    adapter, said, page, key = _LOGS[name]
    said = _plain(said)
    rows = _distinct(_rows(said, key), key)
    caplog.set_level(logging.DEBUG)

    pulled = pull(adapter, lambda _: Reply(body=page(rows)))

    (batch,) = pulled.batches
    told = repr((list(batch.rows), batch.rejects, pulled.findings, pulled.watermark))
    assert len(batch.rows) > 50
    assert batch.rejects
    assert _is_kept(told) == []
    assert _is_kept(caplog.text) == []


def test_people_of_analytics_are_counted_and_gone(caplog: pytest.LogCaptureFixture) -> None:
    people = [f"{person.replace(' ', '.').lower()}@example.com" for person in PEOPLE]
    door = Door(DIGEST, dict.fromkeys(people, "claims"))
    rows = [_plain(analytics_row(email)) for email in people]
    caplog.set_level(logging.DEBUG)

    pulled = pull(
        claude_code_analytics,
        lambda _: Reply(body=_analytics_page(rows)),
        stream="use",
        door=door,
    )

    (batch,) = pulled.batches
    assert [(one["squad"], one["actors"]) for one in batch.rows] == [("claims", len(PEOPLE))]
    assert _is_kept(repr((pulled, door)) + caplog.text) == []


@pytest.mark.parametrize("name", _LOGS)
@pytest.mark.parametrize("text", _TEXTS)
def test_no_person_stands_in_the_fault_of_a_page(name: str, text: str) -> None:
    adapter, said, page, _ = _LOGS[name]
    whole = page([_plain(said)])
    for field in sorted(whole.keys() - {"next_page"}):  # read only where there is more
        with pytest.raises(SourceError) as caught:
            pull(adapter, lambda _, field=field: Reply(body=whole | {field: {text: text}}))  # type: ignore[misc]

        assert _is_kept(repr(caught.value) + repr(caught.value.__cause__)) == []


def test_the_search_finds_a_planted_person() -> None:
    planted = _plain(spend_row(model=_FIRST))

    (batch,) = pull(litellm, lambda _: Reply(body=_spend_page([planted]))).batches

    assert batch.key == DAY
    assert _is_kept(repr(list(batch.rows))) == [_FIRST]
