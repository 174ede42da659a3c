"""What people do to tickets, and the list of all tickets: `/_sandbox/tickets`."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sandbox.adf import document_of, text_of
from sandbox.catalog_repository import PROTECTIONS
from sandbox.github_catalog_history import add_review
from sandbox.people import Person, someone
from sandbox.tickets import STATUSES
from sandbox.tickets_board import APP, BOT, GITHUB, JIRA_CLOUD, SYSTEMS, Board, Posted
from sandbox.wire import Json, iso

DECISIONS = ("approved", "provisional", "declined", "withdrawn")
_FIRST_HAND = 3  # people act under this number unless the act names another


def act(board: Board, body: Mapping[str, object], now: datetime) -> Json:
    """Do what a body says; see docs/sandbox.md.

    Raises:
        KeyError, ValueError: The act, the ticket or a value is unknown.
    """
    name = str(body["act"])
    with board.lock:
        moment = now + board.waited
        if name in _BOARD_ACTS:
            return _BOARD_ACTS[name](board, body, moment)
        if name not in _TICKET_ACTS:
            message = f"no act {name!r}; there are {', '.join((*_BOARD_ACTS, *_TICKET_ACTS))}"
            raise ValueError(message)
        posted = _found(board, body)
        _TICKET_ACTS[name](board, posted, body, _actor(body), moment)
        return _shown(posted)


def listing(board: Board) -> Json:
    """Give every ticket, and for each label of the accounts that write how often it stands."""
    with board.lock:
        every = [posted for system in SYSTEMS for posted in board.all(system)]
        ours = [one for one in every if _is_ours(one) and not one.is_pull]
        by_label: dict[str, Json] = {
            label: sum(label in one.labels for one in ours)
            for label in sorted({label for one in ours for label in one.labels})
        }
        return {
            "tickets": [_shown(posted) for posted in every],
            "counts": {system: len(board.all(system)) for system in SYSTEMS},
            "by_label": by_label,
            "waited_minutes": board.waited.total_seconds() / 60,
        }


def _shown(posted: Posted) -> dict[str, Json]:
    return {
        "system": posted.system,
        "key": posted.key,
        "id": posted.id,
        "is_ours": _is_ours(posted),
        "is_pull": posted.is_pull,
        "is_deleted": posted.is_deleted,
        "is_done": _is_done(posted),
        "state": posted.state,
        "resolution": posted.resolution,
        "title": posted.title,
        "text": text_of(posted.body),
        "labels": list(posted.labels),
        "properties": dict(posted.properties),
        "comments": [text_of(remark.text) for remark in posted.remarks],
        "created_at": iso(posted.created_at),
    }


def _is_ours(posted: Posted) -> bool:
    return posted.author in (BOT, APP)


def _is_done(posted: Posted) -> bool:
    return posted.state == "closed" or STATUSES.get(posted.state, ("", ""))[1] == "done"


def _found(board: Board, body: Mapping[str, object]) -> Posted:
    system, name = str(body["system"]), str(body["key"])
    posted = board.find(system, name) if system in SYSTEMS else None
    if posted is None:
        message = f"no ticket {name!r} in {system!r}; systems are {', '.join(SYSTEMS)}"
        raise ValueError(message)
    return posted


def _actor(body: Mapping[str, object]) -> Person:
    return someone(int(str(body.get("by", _FIRST_HAND))))


def _wait(board: Board, body: Mapping[str, object], _: datetime) -> Json:
    """Have time pass for tickets alone: no log is written, no night begins."""
    board.waited += timedelta(minutes=float(str(body["minutes"])))
    return {"waited_minutes": board.waited.total_seconds() / 60}


def _lag(board: Board, body: Mapping[str, object], _: datetime) -> Json:
    lag = timedelta(minutes=float(str(body["minutes"])))
    named = str(body["system"]) if "system" in body else ""
    if named not in ("", *SYSTEMS):
        message = f"no system {named!r}; systems are {', '.join(SYSTEMS)}"
        raise ValueError(message)
    for system in (named,) if named else SYSTEMS:
        board.search_lag[system] = lag
    return {"minutes": lag.total_seconds() / 60}


def _protect(board: Board, body: Mapping[str, object], _: datetime) -> Json:
    kind = str(body["state"])
    if kind not in PROTECTIONS:
        message = f"no protection {kind!r}; there are {', '.join(PROTECTIONS)}"
        raise ValueError(message)
    board.catalog.protection = kind
    return {"state": kind}


def _put_file(board: Board, body: Mapping[str, object], now: datetime) -> Json:
    """Have a person change a file on the default branch, as if merged."""
    made = board.catalog.commit(
        "main", str(body["path"]), str(body["text"]).encode(), "Change by hand", _actor(body), now
    )
    return {"sha": made.sha}


def _forge(board: Board, body: Mapping[str, object], now: datetime) -> Json:
    """Have a person make a ticket that looks like ours: all of it copied, or as the act says."""
    system = str(body["system"])
    original = _found(board, body) if "key" in body else None
    labels = body.get("labels", original.labels if original else [])
    text: Json = original.body if original else ""
    if "text" in body:
        text = _written(system, str(body["text"]))
    forged = board.add(
        system,
        str(body.get("title", original.title if original else "Looks like ours")),
        text,
        [str(label) for label in labels] if isinstance(labels, list) else [],
        _actor(body),
        now,
    )
    if original:
        forged.properties.update(original.properties)
    return _shown(forged)


def _close(
    board: Board, posted: Posted, body: Mapping[str, object], actor: Person, now: datetime
) -> None:
    if posted.system == GITHUB:
        board.move(posted, "closed", str(body.get("reason", "completed")), actor, now)
    else:
        is_done = body.get("reason") != "rejected"
        states = ("10002", "10100") if is_done else ("10003", "10101")
        board.move(posted, *states, actor, now)


def _reopen(
    board: Board, posted: Posted, _: Mapping[str, object], actor: Person, now: datetime
) -> None:
    is_github = posted.system == GITHUB
    board.move(
        posted, "open" if is_github else "10001", "reopened" if is_github else None, actor, now
    )


def _delete(
    board: Board, posted: Posted, _: Mapping[str, object], _actor: Person, now: datetime
) -> None:
    posted.is_deleted = True
    board.touch(posted, now)


def _clone(
    board: Board, posted: Posted, body: Mapping[str, object], actor: Person, now: datetime
) -> None:
    """Copy what Jira's Clone copies; entity properties only where the act asks for it."""
    title = posted.title if posted.system == GITHUB else f"CLONE - {posted.title}"
    copy = board.add(posted.system, title, posted.body, list(posted.labels), actor, now)
    if body.get("properties") is True:
        copy.properties.update(posted.properties)


def _edit(
    board: Board, posted: Posted, body: Mapping[str, object], actor: Person, now: datetime
) -> None:
    posted.body = _written(posted.system, str(body["text"]))
    if posted.system != GITHUB:
        board.log(posted, actor, now, "description")
    board.touch(posted, now)


def _decide(
    board: Board, posted: Posted, body: Mapping[str, object], actor: Person, now: datetime
) -> None:
    decision = str(body["decision"])
    if decision not in DECISIONS:
        message = f"no decision {decision!r}; there are {', '.join(DECISIONS)}"
        raise ValueError(message)
    board.relabel(posted, [*posted.labels, f"graduand:{decision}"], actor, now)


def _label(
    board: Board, posted: Posted, body: Mapping[str, object], actor: Person, now: datetime
) -> None:
    """Put a label on (`add`) or take one off (`remove`)."""
    left = [label for label in posted.labels if label != body.get("remove")]
    added = [str(body["add"])] if "add" in body else []
    board.relabel(posted, [*left, *added], actor, now)


def _comment(
    board: Board, posted: Posted, body: Mapping[str, object], actor: Person, now: datetime
) -> None:
    for _ in range(int(str(body.get("times", 1)))):
        board.remark(posted, actor, _written(posted.system, str(body["text"])), now)


def _merge(
    board: Board, posted: Posted, _: Mapping[str, object], actor: Person, now: datetime
) -> None:
    board.catalog.merge(int(posted.key), actor, now)
    board.move(posted, "closed", None, actor, now)


def _review(
    board: Board, posted: Posted, body: Mapping[str, object], actor: Person, now: datetime
) -> None:
    add_review(board.catalog, int(posted.key), str(body["state"]), actor, now)
    board.touch(posted, now)


def _written(system: str, text: str) -> Json:
    return document_of(text) if system == JIRA_CLOUD else text


_BOARD_ACTS: dict[str, Callable[[Board, Mapping[str, object], datetime], Json]] = {
    "wait": _wait,
    "search_lag": _lag,
    "protect": _protect,
    "put_file": _put_file,
    "forge": _forge,
}
_TICKET_ACTS: dict[str, Callable[[Board, Posted, Mapping[str, object], Person, datetime], None]] = {
    "close": _close,
    "reopen": _reopen,
    "delete": _delete,
    "clone": _clone,
    "edit": _edit,
    "decide": _decide,
    "label": _label,
    "comment": _comment,
    "merge": _merge,
    "review": _review,
}
