"""Sources are disabled, renamed and taken out after their nights were booked; nights go on."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from sandbox.server import Sandbox
from sandbox.wire import Reply, Request
from tasks.core.books import BreakClass
from tests.flows.nights import EVERY, FIRST, WINDOW, Night, run
from tests.flows.stores import Stores, Sums

NewStores = Callable[..., Stores]
Use = Callable[[Stores], Stores]

BILLED_DAY, _ = WINDOW
DISABLED = ("  - name: openai\n", "  - name: openai\n    enabled: false\n")
RENAMED = ("  - name: openai\n", "  - name: openai-europe\n")
NO_ACCOUNT = ("      openai: proj_PlatformProd\n", "")
LOG_RENAMED = ("  - name: agent-logs\n", "  - name: collector\n")


def of_issuer(costs: Sums, issuer: str) -> Sums:
    return {place: nano for place, nano in costs.items() if place[0].issuer == issuer}


def per_day(costs: Sums) -> dict[tuple[str, date], int]:
    """Sum what each issuer billed for each day."""
    days: dict[tuple[str, date], int] = {}
    for (key, _), nano in costs.items():
        days[key.issuer, key.day] = days.get((key.issuer, key.day), 0) + nano
    return days


def test_a_source_that_is_disabled_leaves_what_was_booked_of_it_and_comes_back(
    stores: Stores,
) -> None:
    before = stores.costs()

    stores.edit("sources.yaml", DISABLED)
    without = run(Night(FIRST, only=("agent-logs", "anthropic")))
    kept = stores.costs()
    stores.edit("sources.yaml", (DISABLED[1], DISABLED[0]))
    again = run(Night(FIRST))

    assert without.status == again.status == "tied"
    assert kept == stores.costs() == before
    assert {tie.issuer for tie in without.books.ties if tie.billed_nano} == {"anthropic"}


def test_a_source_under_another_name_is_the_same_money_once(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, sandbox: Sandbox
) -> None:
    before = stores.costs()
    monkeypatch.setenv("GRADUAND_BASE_URL_OPENAI_EUROPE", sandbox.base_url("openai"))

    stores.edit("sources.yaml", RENAMED)
    renamed = run(Night(FIRST, only=("agent-logs", "anthropic", "openai-europe")))

    assert renamed.status == "tied"
    assert per_day(stores.costs()) == per_day(before)
    stores.verified()


def test_a_log_under_another_name_is_the_same_runs_once(stores: Stores) -> None:
    before = stores.costs()

    stores.edit("sources.yaml", LOG_RENAMED)
    renamed = run(Night(FIRST, only=("collector", "anthropic", "openai")))

    assert renamed.status == "tied"
    assert stores.costs() == before


@contextmanager
def billing(row: object, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have Anthropic bill one more line on a day."""

    def answer(request: Request, source: str) -> Reply:
        reply = Sandbox.answer(sandbox, request, source)
        if reply.status != 200 or not request.path.endswith("cost_report"):
            return reply
        page: dict[str, Any] = json.loads(reply.encoded())
        for bucket in page["data"]:
            if bucket["starting_at"].startswith(str(BILLED_DAY)):
                bucket["results"].append(row)
        return Reply(reply.status, page, reply.headers)

    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "answer", answer)
        yield


@contextmanager
def without_charges(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Have Anthropic's cost report answer with its days, and nothing in them."""
    plain = sandbox.answer

    def answer(request: Request, source: str) -> Reply:
        reply = plain(request, source)
        if request.path.endswith("/cost_report") and isinstance(reply.body, dict):
            for bucket in reply.body["data"]:
                bucket["results"] = []
        return reply

    with monkeypatch.context() as patch:
        patch.setattr(sandbox, "answer", answer)
        yield


def test_a_billed_line_that_cannot_be_read_keeps_the_night_from_tying_until_it_can(
    stores: Stores, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stores.costs()
    row = {"currency": "US$", "amount": "150", "workspace_id": None, "cost_type": "web_search"}

    with billing(row, sandbox, monkeypatch):
        unread = run(Night(FIRST))
    booked = stores.costs()
    with billing(row | {"currency": "USD"}, sandbox, monkeypatch):
        healed = run(Night(FIRST))

    assert unread.status == "partial"
    assert unread.reasons == (
        f"billed but unreadable, and so not booked: anthropic {BILLED_DAY} (1 row)",
    )
    # Booked and quarantined together are what was received, then and now.
    refused = [b.item for b in unread.breaks if b.item.break_class is BreakClass.QUARANTINED]
    assert [(one.issuer, one.day, one.amount_nano) for one in refused] == [
        ("anthropic", BILLED_DAY, 1_500_000_000)
    ]
    assert booked == before
    assert healed.status == "tied"
    assert per_day(stores.costs())["anthropic", BILLED_DAY] == (
        per_day(before)["anthropic", BILLED_DAY] + 1_500_000_000
    )


def test_what_a_second_opinion_cannot_tell_of_a_bill_is_not_missing_from_the_books(
    stores: Stores, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = {"currency": "US$", "amount": "150", "workspace_id": None, "cost_type": "web_search"}
    monkeypatch.setenv("GRADUAND_BASE_URL_OPINION", sandbox.base_url("anthropic"))
    for name in ("", "_HOSTS"):
        secret = os.environ[f"GRADUAND_SECRET_ANTHROPIC_ADMIN_KEY{name}"]
        monkeypatch.setenv(f"GRADUAND_SECRET_OTHER_KEY{name}", secret)
    opinion = "  - {name: opinion, type: anthropic, issuer: anthropic, secret: other-key,"
    place = "  - name: openai\n"
    told = f"{opinion} base_url: https://api.anthropic.com, precedence: 200}}\n{place}"
    stores.edit("sources.yaml", (place, told))

    with billing(row, sandbox, monkeypatch):
        unread = run(Night(FIRST, only=("agent-logs", "anthropic", "openai", "opinion")))

    refused = [b.item for b in unread.breaks if b.item.break_class is BreakClass.QUARANTINED]
    assert [(one.amount_nano, one.count) for one in refused] == [(1_500_000_000, 1)]
    assert unread.reasons == (
        f"billed but unreadable, and so not booked: anthropic {BILLED_DAY} (1 row)",
    )


def test_a_bill_that_comes_back_empty_is_not_believed_until_it_is_asked_for_in_so_many_words(
    stores: Stores, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stores.costs()

    with without_charges(sandbox, monkeypatch):
        empty = run(Night(FIRST))
        kept = stores.costs()
        on_purpose = run(Night(FIRST, repull=True))

    assert empty.status == "tied"
    assert kept == before
    assert [(one.code, one.subject) for one in empty.notices] == [("day_emptied", "anthropic")]
    assert f"2 days between {WINDOW[0]} and {WINDOW[1]}" in empty.notices[0].detail
    assert on_purpose.status == "tied"
    assert not any(of_issuer(stores.costs(), "anthropic").values())


def test_a_log_that_was_rotated_away_takes_no_explanation_back(
    stores: Stores, sandbox: Sandbox
) -> None:
    before = stores.costs()
    for file in (sandbox.folder / "agent-logs").glob("platform-*.ndjson"):
        file.unlink()

    rotated = run(Night(FIRST))
    kept = stores.costs()
    on_purpose = run(Night(FIRST, repull=True))

    assert rotated.status == "tied"
    assert kept == before
    assert [(one.code, one.subject) for one in rotated.notices] == [("log_lost", "agent-logs")]
    assert f"2 days between {WINDOW[0]} and {WINDOW[1]}" in rotated.notices[0].detail
    # Asked for in so many words, the log is taken as it is.
    assert dict(on_purpose.causes).keys() == {"reclass"}
    assert stores.costs() != before
    assert per_day(stores.costs()) == per_day(before)


def test_a_default_account_counts_for_days_that_were_read_before_it_was_declared(
    new_stores: NewStores, use: Use, sandbox: Sandbox
) -> None:
    stores = use(new_stores(is_empty=True))
    sandbox.move_to(FIRST)
    declared = (stores.config / "sources.yaml").read_text(encoding="utf-8")
    stores.edit("sources.yaml", NO_ACCOUNT)
    before = run(Night(FIRST, only=EVERY))

    (stores.config / "sources.yaml").write_text(declared, encoding="utf-8")
    after = run(Night(FIRST, only=EVERY))

    classes = Counter(one.item.break_class for one in before.breaks)
    assert classes[BreakClass.UNMETERED_RUN]
    assert BreakClass.UNMETERED_RUN not in {one.item.break_class for one in after.breaks}
    assert dict(after.causes).keys() == {"reclass"}
    # As if it had been declared from the beginning.
    assert stores.costs() == use(new_stores()).costs()
