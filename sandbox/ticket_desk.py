"""The counter at which the writing accounts are served, or let down as a test wants."""

from collections.abc import Callable

from sandbox import github_writes, jira_writes
from sandbox.faults import Faults, jira_limit
from sandbox.records import World
from sandbox.tickets_board import Board
from sandbox.wire import Reply, Request

_LOST = Reply(0, is_lost=True)


def is_for_desk(request: Request, source: str) -> bool:
    """Tell whether a request comes from an account that writes tickets."""
    if source == "jira":
        return jira_writes.is_ours(request)
    return source == "github" and github_writes.is_ours(request)


def serve(
    world: World, board: Board, faults: Faults, request: Request, source: str, page_items: int
) -> Reply:
    """Answer such a request; a write goes wrong the way its source is switched to."""
    is_jira = source == "jira"
    is_write = jira_writes.is_write(request) if is_jira else github_writes.is_write(request)
    mode = faults.on_write(source) if is_write else "ok"
    instead: dict[str, Callable[[], Reply]] = {
        "refuse_403": jira_writes.forbidden if is_jira else github_writes.forbidden,
        "rate_limit": jira_limit if is_jira else github_writes.secondary_limit,
        "down": faults.down,
        "lost_request": lambda: _LOST,
        "timeout_before_create": faults.silence,
    }
    if mode in instead:
        return instead[mode]()
    with board.lock:
        asked = board.at_own_time(request)
        if is_jira:
            reply = jira_writes.answer(board, asked, page_items)
        else:
            reply = github_writes.answer(world, board, asked, page_items)
    if mode == "lost_response":
        return _LOST
    return faults.silence() if mode == "timeout_after_create" else reply
