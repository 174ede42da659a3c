"""Codex's sessions: a rollout file each, with running totals, repeats of them, and forks."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from sandbox.estate.records import AgentRequest
from sandbox.wire import iso_milliseconds

FOLDER = "codex"
#: One session in so many goes on in a fork, which begins with a copy of its history.
_FORKED_IN = 3

Line = tuple[datetime, str]
Files = dict[str, list[Line]]
Counts = dict[str, int]


def rollouts(requests: Iterable[AgentRequest]) -> Files:
    """Write the files: lines by name below `codex/`, each with when it is there."""
    sessions: dict[str, list[AgentRequest]] = {}
    for one in requests:
        if one.tool == "codex" and one.is_logged:
            sessions.setdefault(one.session, []).append(one)
    files: Files = {}
    for session, own in sessions.items():
        is_forked = int(session[:6], 16) % _FORKED_IN == 0 and len(own) > 1
        kept = own[:-1] if is_forked else own
        start = own[0].started_at
        files[_name(start, session)] = [
            (start, _meta(own[0], session, start)),
            *_turns(kept, kept),
        ]
        if is_forked:
            fork, at = f"{session[:-4]}f0f0", own[-1].started_at
            history = [(at, _text(at, kind, payload)) for _, kind, payload in _events(kept, kept)]
            files[_name(at, fork)] = [
                (at, _meta(own[-1], fork, at, forked_from=session)),
                (at, _meta(own[0], session, at)),
                *history,
                *_turns(own, own[-1:]),
            ]
    return files


def _turns(own: Sequence[AgentRequest], shown: Sequence[AgentRequest]) -> Iterator[Line]:
    for at, kind, payload in _events(own, shown):
        yield at, _text(at, kind, payload)


def _events(
    own: Sequence[AgentRequest], shown: Sequence[AgentRequest]
) -> Iterator[tuple[datetime, str, dict[str, object]]]:
    """Give the events of some requests of a session, its totals running through all of them."""
    total: Counts = {}
    for one in own:
        last = _counts(one)
        total = {name: total.get(name, 0) + count for name, count in last.items()}
        if one not in shown:
            continue
        limits: dict[str, object] = {"primary": {"used_percent": 12.5, "window_minutes": 300}}
        yield one.started_at, "turn_context", {"cwd": _folder(one), "model": one.model}
        yield one.started_at, "event_msg", {"type": "token_count", "info": None}
        answer = {"type": "message", "role": "assistant", "content": f"for {one.user.name}"}
        yield one.ended_at, "response_item", dict(answer)
        told = {"total_token_usage": total, "last_token_usage": last}
        count: dict[str, object] = {"type": "token_count", "info": told, "rate_limits": limits}
        yield one.ended_at, "event_msg", count
        # Told again when the limits change: the totals are the same, nothing was used.
        yield one.ended_at, "event_msg", count


def _counts(one: AgentRequest) -> Counts:
    given = one.tokens["input"] + one.tokens["cache_read"]
    return {
        "input_tokens": given,
        "cached_input_tokens": one.tokens["cache_read"],
        "output_tokens": one.tokens["output"],
        "reasoning_output_tokens": one.tokens["output"] // 3,
        "total_tokens": given + one.tokens["output"],
    }


def _meta(one: AgentRequest, session: str, at: datetime, forked_from: str = "") -> str:
    payload: dict[str, object] = {
        "id": session,
        "timestamp": iso_milliseconds(at),
        "cwd": _folder(one),
        "originator": "codex_cli_rs",
        "cli_version": "0.100.0",
        "source": "cli",
        "model_provider": "openai",
        "git": {
            "commit_hash": one.id[-20:],
            "branch": one.branch,
            "repository_url": f"https://github.com/{one.repo}.git",
        },
    }
    if forked_from:
        payload["forked_from_id"] = forked_from
    return _text(at, "session_meta", payload)


def _text(at: datetime, kind: str, payload: dict[str, object]) -> str:
    return json.dumps({"timestamp": iso_milliseconds(at), "type": kind, "payload": payload})


def _name(at: datetime, session: str) -> str:
    return f"{at:%Y/%m/%d}/rollout-{at:%Y-%m-%dT%H-%M-%S}-{session}.jsonl"


def _folder(one: AgentRequest) -> str:
    return f"/home/{one.user.login}/work/{one.repo.rpartition('/')[2]}"
