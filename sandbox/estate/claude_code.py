"""Claude Code's transcripts: a file a session, one JSON object a line, with everything odd in them.

A response is told on several lines while it streams, its counts growing; resumed and forked
sessions begin with copies of another's lines; a subagent's file copies a line of its parent.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from sandbox.estate.records import AgentRequest
from sandbox.recipes import WIRE_MODEL
from sandbox.wire import iso_milliseconds

FOLDER = "claude-code"
#: One session in so many was resumed in another file, ends in a subagent, or is written with
#: spaces between the tokens of JSON.
_RESUMED_IN, _SUBAGENT_IN, _SPACED_IN = 4, 3, 5
_VERSION = "2.1.220"

Line = tuple[datetime, str]
Files = dict[str, list[Line]]


def transcripts(requests: Iterable[AgentRequest]) -> Files:
    """Write the files: lines by name below `claude-code/`, each with when it is there."""
    sessions: dict[str, list[AgentRequest]] = {}
    for one in requests:
        if one.tool == "claude-code" and one.is_logged and one.is_gathered:
            sessions.setdefault(one.session, []).append(one)
    files: Files = {}
    for session, own in sessions.items():
        number = int(session[:6], 16)
        folder = f"-home-{own[0].user.login}-{own[0].repo.rpartition('/')[2]}"
        is_spaced = number % _SPACED_IN == 0
        main, aside = own, own[:0]
        if number % _SUBAGENT_IN == 0 and len(own) > 1:
            main, aside = own[:-1], own[-1:]
        lines = [*_session(main, session, is_spaced=is_spaced)]
        files[f"{folder}/{session}.jsonl"] = lines
        if aside:
            # A subagent is told what its parent saw: the parent's last line stands here again.
            copied = [(aside[0].started_at, lines[-1][1])]
            own_lines = _session(aside, session, is_spaced=is_spaced, is_aside=True)
            files[f"{folder}/{session}/subagents/agent-{session[:8]}.jsonl"] = [
                *copied,
                *own_lines,
            ]
        if number % _RESUMED_IN == 0:
            other = f"{session[:-4]}{(number % 7919):04x}"
            resumed_at = own[-1].ended_at + timedelta(minutes=5)
            files[f"{folder}/{other}.jsonl"] = [
                (resumed_at, text.replace(session, other)) for _, text in lines
            ]
    return files


def _session(
    own: Sequence[AgentRequest], session: str, *, is_spaced: bool, is_aside: bool = False
) -> Iterator[Line]:
    first = own[0]
    separators = (", ", ": ") if is_spaced else (",", ":")
    common = {
        "isSidechain": is_aside,
        "userType": "external",
        "cwd": f"/home/{first.user.login}/work/{first.repo.rpartition('/')[2]}",
        "sessionId": session,
        "version": _VERSION,
        "gitBranch": first.branch,
    }

    def line(at: datetime, **said: object) -> Line:
        told = {**common, **said, "timestamp": iso_milliseconds(at)}
        return at, json.dumps(told, separators=separators)

    for position, one in enumerate(own):
        prompt = f"{one.user.name} asks: please go on with step {position}"
        yield line(
            one.started_at,
            type="user",
            message={"role": "user", "content": prompt},
            uuid=f"{one.id[-12:]}-0",
        )
        yield from _response(line, one)
        if position == 0 and int(session[:4], 16) % _SPACED_IN == 1:
            yield line(one.ended_at, **_api_error(one))


def _response(line: Callable[..., Line], one: AgentRequest) -> Iterator[Line]:
    """Write a response as it streams: thinking, then text, then a tool call."""
    blocks = ("thinking", "text", "tool_use")[: 1 + int(one.id[-2:], 16) % 3]
    for position, block in enumerate(blocks):
        is_last = position == len(blocks) - 1
        share = one.tokens["output"] if is_last else 1 + position
        at = one.ended_at - timedelta(milliseconds=200 * (len(blocks) - 1 - position))
        yield line(
            max(at, one.started_at),
            type="assistant",
            requestId=one.id,
            uuid=f"{one.id[-12:]}-{position + 1}",
            message={
                "id": f"msg_01{one.id[-20:]}",
                "type": "message",
                "role": "assistant",
                "model": WIRE_MODEL[one.model],
                "content": [{"type": block, "text": f"to {one.user.email}"}],
                "stop_reason": "end_turn" if is_last else None,
                "usage": _usage(one, share),
            },
        )


def _usage(one: AgentRequest, output: int) -> dict[str, object]:
    short, long = one.tokens["cache_write_5m"], one.tokens.get("cache_write_1h", 0)
    return {
        "input_tokens": one.tokens["input"],
        "cache_creation_input_tokens": short + long,
        "cache_read_input_tokens": one.tokens["cache_read"],
        "cache_creation": {
            "ephemeral_5m_input_tokens": short,
            "ephemeral_1h_input_tokens": long,
        },
        "output_tokens": output,
        "server_tool_use": {"web_search_requests": 0},
        "service_tier": "standard",
    }


def _api_error(one: AgentRequest) -> dict[str, object]:
    """Write what stands in a transcript after an error: a message of no model, without usage."""
    return {
        "type": "assistant",
        "isApiErrorMessage": True,
        "uuid": f"{one.id[-12:]}-9",
        "message": {
            "id": f"{one.session[:-12]}{one.id[-12:]}",
            "type": "message",
            "role": "assistant",
            "model": "<synthetic>",
            "content": [{"type": "text", "text": "API Error: 529 overloaded"}],
            "usage": {
                "input_tokens": 0,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": 0,
            },
        },
    }
